"""The lock of a process, as clients read it: the refusal, the keys, and for which process it waits."""

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from support.database import sqlite_url
from support.locked import change, change_in_turn
from support.operator import confirm, open_request
from support.web import site_of

from orchestrator_gql import begin, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.workflow import workflow

START = """mutation ($name: String!, $pages: [JSON!]!) { startWorkflow(input: {workflowName: $name, pages: $pages}) {
  __typename ... on StartWorkflowSuccess { process { id status lockKeys } }
  ... on UserError { code message } ... on ConflictError { by { name } at conflictingProcess { id startedAt } } } }"""
WHY = """query ($id: ID!) { process(id: $id) { status lockKeys availableActions currentStep { name }
  whyWaiting { kind message since until lockedBy { id workflowName } } } }"""


async def test_a_client_sees_who_holds_the_key_of_a_refused_start(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), change) as site:
        begun = (await site.ask(START, name="change", pages=[{"nodes": ["ams-1"]}]))["startWorkflow"]
        refused = (await site.ask(START, name="change", pages=[{"nodes": ["ams-1"]}]))["startWorkflow"]

    assert begun["process"]["lockKeys"] == ["node:ams-1"]
    assert (refused["__typename"], refused["code"]) == ("ConflictError", "RESOURCE_LOCKED")
    assert refused["conflictingProcess"] == {"id": begun["process"]["id"], "startedAt": refused["at"]}
    assert refused["by"]["name"] in refused["message"]
    assert f"process {begun['process']['id']} of 'change'" in refused["message"]


async def test_a_client_sees_for_which_process_a_process_waits(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), change_in_turn) as site:
        first = await site.engine.start(change_in_turn, {"nodes": ["ams-1"]})
        queued = await site.engine.start(change_in_turn, {"nodes": ["ams-1", "lon-1"]})
        waiting = (await site.ask(WHY, id=str(queued)))["process"]
        await confirm(site.engine, first)
        await open_request(site.engine, queued)
        begun = (await site.ask(WHY, id=str(queued)))["process"]

    why = waiting["whyWaiting"]
    assert (waiting["status"], waiting["lockKeys"]) == ("WAITING", ["node:ams-1", "node:lon-1"])
    assert (waiting["currentStep"], set(waiting["availableActions"])) == (None, {"ABORT", "EDIT_NOTE"})
    assert (why["kind"], why["until"]) == ("LOCK", None)
    assert why["lockedBy"] == {"id": str(first), "workflowName": "change_in_turn"}
    assert why["message"].startswith(f"It waits for its lock: 'node:ams-1' is held by process {first}")
    assert begun["whyWaiting"]["kind"] == "PERSON"
    assert (begun["whyWaiting"]["lockedBy"], begun["lockKeys"]) == (None, ["node:ams-1", "node:lon-1"])


async def test_a_start_without_a_good_key_stores_nothing_and_says_what_is_wrong(tmp_path: Path) -> None:
    def nothing() -> FormGenerator:
        class Nothing(FormPage):
            node: str = ""
            password: str = ""
            pin: SecretStr = SecretStr("")
            api_key: str = "k7"
            short_pin: SecretStr = SecretStr("9")
            token: dict[str, list[str]] = Field({"api": ["abcd-efgh"]})

        answer = yield Nothing
        data: State = answer.model_dump()
        return data

    def made(lock: Any) -> Any:
        @workflow("Keys", initial_input_form=nothing, lock=lock)
        def keys() -> Any:
            return begin >> step("Nothing")(lambda: None)

        return keys

    faults: dict[Any, str] = {
        "node:{node}": "needs a text or a number for 'node'",
        "node:{port}": "needs a text or a number for 'port'",
        "{password}": "would show a secret",
        (lambda pin: f"pin:{pin}"): "would show a secret",
        (lambda password: f"p:{password}"): "would show a secret",
        (lambda state: ["a", state["password"].upper().lower()]): "would show a secret",
        (lambda api_key: f"p:{api_key}-2"): "would show a secret",
        (lambda short_pin: f"p:{short_pin}"): "would show a secret",
        (lambda token: [f"p:{text}" for text in token["api"]]): "would show a secret",
        (lambda node: 7): "and not int",
        (lambda node: ["a", 7]): "lock key is 7",
        (lambda node: " "): "is blank",
        (lambda node: "x" * 201): "201 characters",
        (lambda node: [str(number) for number in range(51)]): "at most 50 keys",
        (lambda port: "a"): "needs `port`",
        (lambda node: 1 / 0): "ZeroDivisionError",
    }
    for number, (lock, words) in enumerate(faults.items()):
        (folder := tmp_path / str(number)).mkdir()
        async with site_of(sqlite_url(folder), made(lock)) as site:
            page = {"password": "swordfish", "pin": "swordfish"} if "secret" in words else {}
            refused = (await site.ask(START, name="keys", pages=[page]))["startWorkflow"]
            total = (await site.ask("{ processes { totalCount } }"))["processes"]["totalCount"]

        assert (refused["__typename"], total) == ("AuthorCodeError", 0), lock
        assert words in refused["message"], refused["message"]
        assert "swordfish" not in refused["message"]


async def test_a_lock_without_a_key_is_no_lock(tmp_path: Path) -> None:
    @workflow("Perhaps", lock=lambda workflow_name, reporter: None)
    def perhaps() -> Any:
        return begin >> step("Nothing")(lambda: None)

    async with site_of(sqlite_url(tmp_path), perhaps) as site:
        process_id = await site.engine.start(perhaps)
        ended = await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert ended.lock_keys == ()
