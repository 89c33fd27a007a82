"""The example `remote-service`: Python, Ansible and the shell deliver a result, and report a failure."""

from pathlib import Path

from support.command_line import until
from support.example_project import EXAMPLES, Project, commands_of, project

SERVICES = ("python", "ansible", "shell")
MAX_LINES = 45
"""With the imports, the comments and the retries."""

COMPLETED = "{ processes(filter: {statuses: [COMPLETED]}) { totalCount } }"
FAILED = "{ processes(first: 5, filter: {statuses: [FAILED]}) { nodes { subject failure { code message } } } }"


def failures(example: Project) -> list[str] | None:
    """The failures, after the job of each service has failed."""
    nodes = example.ask(FAILED)["nodes"]
    shown = sorted(f"{node['subject']}: {node['failure']['code']}: {node['failure']['message']}" for node in nodes)
    return shown if len(nodes) == len(SERVICES) else None


def test_each_service_delivers_a_result_and_reports_a_failure(tmp_path: Path) -> None:
    with project(tmp_path, "remote-service") as example:
        for service in SERVICES:
            example.enter(f"orchestrator-gql start configure_node --set node=broken-1 --set service={service} --yes")
        example.enter(commands_of("remote-service")[1])
        completed = example.ask(COMPLETED)["totalCount"]
        failed = until(lambda: failures(example))

    assert completed == len(SERVICES)
    assert all("unreachable" in failure for failure in failed), failed
    assert [failure.partition(":")[0] for failure in failed] == [
        f"Configure broken-1 by {service}" for service in sorted(SERVICES)
    ]


def test_the_services_are_short() -> None:
    files = ("service.py", "configure.yml", "configure.sh")

    lines = {file: (EXAMPLES / "remote-service" / file).read_text().count("\n") for file in files}

    assert max(lines.values()) <= MAX_LINES, lines
