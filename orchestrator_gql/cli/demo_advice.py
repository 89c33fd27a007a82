"""What a person may try while the demo runs: commands for a second terminal."""

import json
import shutil
import sys
from pathlib import Path

START = """
mutation { startWorkflow(input: {workflowName: "create_l2vpn", pages: [
  {port_a: "paris-1:ge-0/0/1", port_b: "lyon-1:ge-0/0/2"}, {vlan: 100, service_speed: "1000"}
]}) { __typename ... on StartWorkflowSuccess { process { id status } } ... on UserError { message } } }
"""
INBOX = "{ inputRequests { nodes { id title process { id status state } } } }"
CONFIRM = """
mutation { submitForm(input: {inputRequestId: "ID", pages: [{}]}) { __typename ... on UserError { message } } }
"""


def advice(here: str, playbooks: str) -> str:
    """The text under the banner; ``here`` is the server's address, ``playbooks`` says who runs them."""
    return f"""\
  Playbooks  {playbooks}

Click on the dashboard, or try this in a second terminal:

  # Order a circuit: a playbook runs dry, and calls back.
  {_curl(here, START)}

  # What waits for a person? Some seconds later, the confirmation of what the playbook would change.
  {_curl(here, INBOX)}

  # Confirm it, with the id that was answered; the playbook then runs for good, and is confirmed alike.
  {_curl(here, CONFIRM)}

  # What waits, and for how long? `show ID` tells all of one process, `confirm ID` answers its form.
  {_command()} waits --url {here}

  # Rehearse what goes wrong: start rehearse_recovery on the dashboard, then see docs/howto/recover-a-stuck-process.md.

  # Watch all of it, live.
  {_command()} tail --url {here}
"""


def _command() -> str:
    """The command as it can be typed in this folder, where no environment is activated."""
    if shutil.which("orchestrator-gql"):
        return "orchestrator-gql"
    here, script = Path.cwd(), Path(sys.executable).parent / "orchestrator-gql"
    return str(script.relative_to(here) if script.is_relative_to(here) else script)


def _curl(here: str, query: str) -> str:
    body = json.dumps({"query": " ".join(query.split())})
    return f"curl -s {here}/graphql -H 'Content-Type: application/json' \\\n    -d '{body}'"
