"""The forms of the demo's workflows, filled in by an operator."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator_gql.demo.forms import node_form, order_form, result_page
from orchestrator_gql.forms import Complete, NextPage, PageInvalid, Turn, turn

PORTS = {"port_a": "paris-1:ge-0/0/1", "port_b": "lyon-1:ge-0/0/2"}


async def fill_in(form: Callable[[], Any], *pages: dict[str, Any]) -> Turn:
    return await turn(lambda state: form(), {}, pages)


async def test_an_order_is_two_pages_and_the_usual_speed_is_filled_in() -> None:
    second = await fill_in(order_form, PORTS)
    complete = await fill_in(order_form, PORTS, {"vlan": 2})

    assert isinstance(second, NextPage)
    assert second.page.title == "Which circuit?"
    assert isinstance(complete, Complete)
    assert complete.data == {**PORTS, "vlan": 2, "service_speed": "1000", "let_playbook_fail": False}


async def test_a_circuit_from_a_port_to_itself_is_an_error_of_the_second_port() -> None:
    refused = await fill_in(order_form, PORTS | {"port_b": PORTS["port_a"]})

    assert isinstance(refused, PageInvalid)
    assert [error.path for error in refused.errors] == [("port_b",)]


@pytest.mark.parametrize("vlan", [1, 4095])
async def test_a_vlan_that_no_port_can_carry_is_an_error(vlan: int) -> None:
    refused = await fill_in(order_form, PORTS, {"vlan": vlan})

    assert isinstance(refused, PageInvalid)
    assert [error.path for error in refused.errors] == [("vlan",)]


async def test_only_devices_of_the_network_can_be_checked() -> None:
    known = await fill_in(node_form, {"node_name": "unreachable-1"})
    unknown = await fill_in(node_form, {"node_name": "atlantis-1"})

    assert isinstance(known, Complete)
    assert known.data == {"node_name": "unreachable-1"}
    assert isinstance(unknown, PageInvalid)


async def test_a_result_is_shown_line_by_line_and_cannot_be_edited() -> None:
    def form() -> Any:
        yield result_page("Done", "Fine", {"status": "successful", "output": ["--- before", "+++ after"]})
        return {}

    next_page = await fill_in(form)
    confirmed = await fill_in(form, {"run_output": "something nicer"})

    assert isinstance(next_page, NextPage)
    assert next_page.page.initial_data == {"run_status": "successful", "run_output": "--- before\n+++ after"}
    assert (next_page.page.is_confirmation, next_page.page.submit_label) == (True, "Fine")
    assert isinstance(confirmed, Complete)
    assert confirmed.data == {}
