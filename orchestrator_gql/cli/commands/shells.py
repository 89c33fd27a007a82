"""The command `completion`."""

from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator_gql.cli.failure import DONE


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(metavar="SHELL", help="bash, zsh or fish")], /
) -> int:
    """Print the script that completes commands, options, statuses, and the names of workflows and the ids of processes,
    which it asks from the server at ORCHESTRATOR_URL.

      orchestrator-gql completion bash > ~/.local/share/bash-completion/completions/orchestrator-gql
      orchestrator-gql completion zsh > ~/.zfunc/_orchestrator-gql
      orchestrator-gql completion fish > ~/.config/fish/completions/orchestrator-gql.fish
    """
    from orchestrator_gql.cli.completion import script

    print(script(shell).rstrip("\n"))
    return DONE
