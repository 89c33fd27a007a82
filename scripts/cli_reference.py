"""The page of the command line, made from the help of all commands."""

from collections.abc import Iterator, Sequence

from orchestrator_gql.cli import catalog, failure
from orchestrator_gql.cli.help_text import Page, Row, page_of

HEAD = f"""\
# Command line

`orchestrator-gql --help` lists the commands, and `orchestrator-gql COMMAND --help` says what a command does. How to
work with them: [use the terminal](../howto/use-the-terminal.md).

| Variable | Meaning |
|---|---|
| `ORCHESTRATOR_URL` | The server that commands call; `--url` wins. Without both: `{catalog.LOCAL_SERVER}`. |
| `ORCHESTRATOR_TOKEN` | The token with which commands sign in. |
| `ORCHESTRATOR_TOKEN_FILE` | The file with this token, if `ORCHESTRATOR_TOKEN` is not set. |
| `NO_COLOR` | No colours, if it is not empty; `--color` wins. |

An ID is a whole id, or its beginning or its end, or the beginning of its last 8 digits: at least 4 digits that no other
process has there.

## Output for scripts

Without a terminal, a list is plain lines without titles and colours, with whole ids. `--json` prints JSON on standard
output and nothing else: a list or a stream is one JSON object on each line, everything else is one JSON object. The
keys are the names of the GraphQL schema, or stand below; new keys may come, no key goes away. Messages, progress and
errors go to standard error.

| Command | Keys of its JSON, if they are not those of the GraphQL type |
|---|---|
| `start` | `id`, `status`, `created`; with `--wait` also `failure` and `timedOut` |
| `confirm`, `claim`, `release`, `assign` | `id`, `status`, `inputRequest` |
| `retry`, `abort`, of one process | `id`, `status` |
| `retry`, `abort`, of many | `verb`, `dryRun`, `done`, `refused`, `unknown`, `left`; `--dry-run`: `selected` |
| `adopt`, `reissue`, `reawait`, `complete` | `id`, `status` |
| `resend` | `id`, `target` |
| `migrate` | `schema`; with `--after-restore` also `renumberedEvents` |
| `backup` | `source`, `file`, `bytes`; with `--check` `file`, `bytes`, `schema`, `processes`, `newest` |
| `prune` | `dryRun`, `processes`, `counts`, `kept`, `notifications` |
| `products check` | `code`, `faults`, `fix`; the last line: `read`, `unloadable`, `counts`, `older` |
| `products migrate` | `toModelVersion`, `changes`, or as the check, or `heldBy`, or `changed`; the last line: \
`written`, `read`, `counts`, `refused`, `held`, `changed` |
| `audit verify` | `valid`, `entries`, `anchor`, `fault`, `firstBroken` |
| `schema` | the result of the introspection query |
| `port` | `written`, `files`, `left`, `obsolete`; each of `left`: `path`, `line`, `what`, `why`, `instead` |

## Exit codes

| Code | Meaning |
|---|---|
| {failure.DONE} | It is done. |
| {failure.DECLINED} | The server understood the command and refuses it: look at the process again. |
| {failure.REFUSED} | The command or the settings are wrong, the server cannot be reached, or it does not know you. |
| {failure.PROCESS_FAILED} | `start --wait`: the process failed. |
| {failure.PROCESS_ABORTED} | `start --wait`: the process was aborted. |
| {failure.PROCESS_SUSPENDED} | `start --wait`: the process waits for a person to answer a form. |
| {failure.TIMED_OUT} | `start --wait`: the time of `--timeout` is over; the process goes on. |
| {failure.UNWRITTEN} | The output cannot be written, such as on a full disk. |
| {failure.INTERRUPTED} | Ctrl-C. |
| {failure.CLOSED} | The reader of the output has stopped reading, such as `head`. |
"""


def cli_page() -> str:
    """Return the page of all commands with their options."""
    parts = [HEAD]
    for title, section in catalog.SECTIONS.items():
        parts.append(f"## {title}\n")
        parts += (_command(entry.name, page_of(entry.name)) for entry in section)
    return "\n".join(parts)


def _command(name: str, page: Page) -> str:
    arguments = " ".join(row.label if row.is_required else f"[{row.label}]" for row in page.arguments)
    usage = " ".join(filter(None, (catalog.PROGRAM, name, arguments, "[OPTIONS]")))
    lines = [f"### `{name}`", "", "```text", usage, "```", "", *_description(page.text)]
    rows = [*page.arguments, *page.options]
    return "\n".join([*lines, "| Option | Meaning |", "|---|---|", *_rows(rows), ""])


def _description(text: str) -> Iterator[str]:
    """The text with its examples as blocks of code."""
    for paragraph in text.split("\n\n"):
        is_example = paragraph.startswith("  ")
        lines = [line.strip() for line in paragraph.splitlines()]
        yield "\n".join(["```text", *lines, "```"] if is_example else lines)
        yield ""


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        yield f"| `{_cell(row.label)}` | {_cell(row.text)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
