"""The example `l2vpn`: a real playbook writes files, and a person confirms its result."""

from pathlib import Path

from support.example_project import commands_of, project

SUBSCRIPTIONS = "{ productSubscriptions(first: 5) { nodes { status description customerId inSync } } }"


def test_a_circuit_is_ordered_and_confirmed_and_a_playbook_that_fails_stops_the_process(tmp_path: Path) -> None:
    order = commands_of("l2vpn")[1]
    with project(tmp_path, "l2vpn") as example:
        shown = example.enter(order)
        subscriptions = example.ask(SUBSCRIPTIONS)["nodes"]
        (example.folder / "playbook.yml").write_text("- hosts: nowhere_at_all\n  tasks: nothing\n")
        failed = example.attempt(order)
        statuses = sorted(subscription["status"] for subscription in example.ask(SUBSCRIPTIONS)["nodes"])

    assert "COMPLETED" in shown
    assert "encapsulation dot1q 205" in (example.folder / "devices" / "ams-1.cfg").read_text()
    assert sorted(file.name for file in (example.folder / "devices").iterdir()) == ["ams-1.cfg", "lon-1.cfg"]
    assert subscriptions == [
        {"status": "ACTIVE", "description": "L2VPN 205 from ams-1 to lon-1", "customerId": "Surf", "inSync": True}
    ]
    assert (failed.returncode, statuses) == (1, ["ACTIVE", "PROVISIONING"])
    assert "FAILED" in failed.stderr
