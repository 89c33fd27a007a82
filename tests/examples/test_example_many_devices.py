"""The example `many-devices`: one process with several callbacks, and a process for each device."""

from pathlib import Path

from support.example_project import commands_of, project

PROCESSES = "{ processes(first: 20) { nodes { workflowName subject status callbacks { name status } } } }"


def test_devices_are_upgraded_both_ways_and_only_those_that_failed_are_tried_again(tmp_path: Path) -> None:
    with project(tmp_path, "many-devices") as example:
        example.enter(commands_of("many-devices")[1])
        processes = example.ask(PROCESSES)["nodes"]

    (together,) = [process for process in processes if process["workflowName"] == "upgrade_devices"]
    children = [process for process in processes if process["workflowName"] == "upgrade_device"]
    issued = sorted((callback["name"], callback["status"]) for callback in together["callbacks"])
    assert {process["status"] for process in processes} == {"COMPLETED"}
    assert issued == [
        ("ams-1", "VALIDATED"),
        ("flaky-1", "FAILED_BY_REMOTE"),
        ("flaky-1", "VALIDATED"),
        ("lon-1", "VALIDATED"),
    ]
    assert sorted(child["subject"] for child in children) == [
        f"Upgrade {device} to 15.1" for device in ("ams-2", "flaky-2", "lon-2")
    ]
