"""Whatever code of an author a contract runs, it runs where it blocks nobody."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from conftest import Offer
from pydantic import AfterValidator, BaseModel, Field, model_validator
from support.gates import RESULT, gate, other_remote, waiting
from support.remote import answer

from orchestrator_gql.types import ProcessStatus

pytestmark = pytest.mark.one_dispatcher

COMPLETED = ProcessStatus.COMPLETED


@pytest.fixture(autouse=True)
def _fresh_gate() -> Iterator[None]:
    gate.__init__()  # type: ignore[misc]  # the contract, which is cached, knows this object
    yield
    gate.may_go.set()


class ByModelValidator(BaseModel):
    """A contract with a validator of the whole."""

    rc: int

    @model_validator(mode="before")
    @classmethod
    def whole(cls, value: Any) -> Any:
        """Block."""
        gate.pass_through()
        return value


class ByPostInit(BaseModel):
    """A contract with code after its validation."""

    rc: int

    def model_post_init(self, _: Any, /) -> None:
        """Block."""
        gate.pass_through()


class ByInit(BaseModel):
    """A contract with an initialiser."""

    rc: int

    def __init__(self, **values: Any) -> None:
        gate.pass_through()
        super().__init__(**values)


class ByNew(BaseModel):
    """A contract that makes its objects."""

    rc: int

    def __new__(cls, *_: Any, **__: Any) -> Any:
        """Block."""
        gate.pass_through()
        return super().__new__(cls)


def noted() -> str:
    """A default that blocks."""
    gate.pass_through()
    return ""


class ByDefault(BaseModel):
    """A contract with a default that a function makes."""

    rc: int
    note: str = Field(default_factory=noted)


class ByItsOwnMethod(BaseModel):
    """A contract that validates by a method of its own."""

    rc: int

    @classmethod
    def model_validate(cls, *args: Any, **options: Any) -> Any:
        """Block."""
        gate.pass_through()
        return super().model_validate(*args, **options)


class ByPart(BaseModel):
    """A contract whose part blocks."""

    rc: Annotated[int, AfterValidator(lambda rc: (noted(), rc)[1])]


CONTRACTS = [ByModelValidator, ByPostInit, ByInit, ByNew, ByDefault, ByItsOwnMethod, ByPart]


@pytest.mark.parametrize("contract", CONTRACTS)
async def test_whatever_code_of_a_contract_blocks_others_are_answered(offer: Offer, contract: type[BaseModel]) -> None:
    engine, process_id, token = await waiting(offer, contract=contract)
    await engine.start(engine.runtime.registry.get("others"))
    other_token = await other_remote.asked()
    gate.is_armed = True

    taking = asyncio.ensure_future(answer(engine.runtime, token, RESULT))
    assert await asyncio.to_thread(gate.entered.wait, 20)
    await answer(engine.runtime, other_token, RESULT)
    was_blocked = gate.is_blocked
    gate.may_go.set()
    await taking
    await engine.reaches(process_id, COMPLETED)

    assert was_blocked, "the others were answered only after the contract had returned"
