"""The table of `orchestrator-gql waits` at a terminal."""

from typing import Any

from orchestrator_gql.cli.operator.waits import FEW, _together


def wait(kind: str, process: str, number: int) -> dict[str, Any]:
    """A wait of the process, of which `number` tells when it began and what it waits for."""
    return {"kind": kind, "process": process, "id": f"{process}{number}", "what": f"w{number}", "since": f"{number}"}


def test_many_callbacks_of_a_process_are_one_row_in_the_place_of_the_first() -> None:
    many = [wait("CALLBACK", "a", number) for number in range(100)]
    few = [wait("CALLBACK", "b", number) for number in range(FEW)]
    forms = [wait("FORM", "a", number) for number in range(FEW + 1)]

    rows = _together([few[0], many[3], *many[:3], forms[0], *many[4:], *few[1:], *forms[1:]])

    assert [row["what"] for row in rows] == ["w0", "w1", "w2", "100 callbacks", "w0", "w1", "w2", "w3"]
    assert rows[3] == many[3] | {"what": "100 callbacks", "since": "0"}
