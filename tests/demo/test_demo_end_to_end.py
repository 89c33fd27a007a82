"""The demo as a person sees it: a real server, a real proxy, and a real playbook that writes files."""

from pathlib import Path

from support.command_line import until
from support.demo_operator import PROCESS, Operator, demo


def test_a_circuit_is_ordered_confirmed_twice_and_configured_by_a_real_playbook(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        operator = Operator(server.address)
        id = operator.start()

        dry_run = operator.wait_for_status(id, "SUSPENDED")
        written_before = list((tmp_path / ".demo" / "devices").glob("*.cfg"))
        operator.confirm(dry_run)
        until(lambda: True if len(operator.ask(PROCESS, id=id)["callbacks"]) == 2 else None)
        operator.confirm(operator.wait_for_status(id, "SUSPENDED"))
        done = operator.wait_for_status(id, "COMPLETED")

    assert written_before == []
    assert "100" in (tmp_path / ".demo" / "devices" / "paris-1.cfg").read_text()
    assert [callback["status"] for callback in done["callbacks"]] == ["VALIDATED", "VALIDATED"]
    assert [callback["progressLog"]["totalCount"] > 0 for callback in done["callbacks"]] == [True, True]


def test_an_answer_that_comes_before_the_action_returns_is_not_lost(tmp_path: Path) -> None:
    with demo(tmp_path, ANSIBLE_PROXY_INLINE="1") as server:
        operator = Operator(server.address)

        waiting = operator.wait_for_status(operator.start(), "SUSPENDED")

    assert [callback["isEarly"] for callback in waiting["callbacks"]] == [True]
    assert waiting["callbacks"][0]["status"] == "VALIDATED"
