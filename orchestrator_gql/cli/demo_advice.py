"""The commands that a person can try in a second terminal while the demo runs."""

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


def advice(server_url: str, playbooks: str) -> str:
    """The text under the banner; ``server_url`` is the server's address, ``playbooks`` says which service runs them."""
    return f"""\
  Playbooks  {playbooks}

Click on the dashboard, or try this in a second terminal:

  # Order a circuit: a playbook makes a dry run, and calls back.
  {_curl(server_url, START)}

  # What waits for a person? After some seconds: the confirmation of the changes that the playbook would make.
  {_curl(server_url, INBOX)}

  # Confirm it with the id from that response. The playbook then makes the changes; confirm its result the same way.
  {_curl(server_url, CONFIRM)}

  # What waits, and for how long? `show ID` shows one process, `confirm ID` answers its form.
  {_command()} waits --url {server_url}

  # Rehearse a failure: start rehearse_recovery on the dashboard, then read docs/howto/recover-a-stuck-process.md.

  # Watch all events, live.
  {_command()} tail --url {server_url}
"""


def _command() -> str:
    """The command as a person can type it in this folder, even if no virtual environment is active."""
    if shutil.which("orchestrator-gql"):
        return "orchestrator-gql"
    server_url, script = Path.cwd(), Path(sys.executable).parent / "orchestrator-gql"
    return str(script.relative_to(server_url) if script.is_relative_to(server_url) else script)


def _curl(server_url: str, query: str) -> str:
    body = json.dumps({"query": " ".join(query.split())})
    return f"curl -s {server_url}/graphql -H 'Content-Type: application/json' \\\n    -d '{body}'"
