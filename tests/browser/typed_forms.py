"""Start forms with every kind of field, to be filled in."""
# ruff: noqa: RUF012 - pydantic copies the defaults

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, Secret, SecretStr, field_validator
from pydantic_forms.validators import Accept, Choice, LongText, Timestamp, choice_list

from orchestrator_gql import begin, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow

LONG = 2**53 + 1


class Size(Choice):
    SMALL = ("s", "Small")
    LARGE = ("l", "Large")


class Port(BaseModel):
    name: str = "eth0"
    vlan: int | None = LONG


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    size: int = 4


class Star(BaseModel):
    kind: Literal["star"] = "star"
    hub: str = "ams-1"


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    known: str = "k"


class Tree(BaseModel):
    name: str = ""
    children: list["Tree"] = []


class Scalars(FormPage):
    """Every kind of a single value."""

    whole: int = 1
    ratio: float = 0.5
    price: Decimal = Decimal("1.10")
    optional: int | None = 7
    name: str = "x"
    note: str | None = "x"
    lines: str = "a\r\nb\r\n"
    long_text: LongText = "one"
    sure: bool = True
    maybe: bool | None = True
    flag: bool
    day: dt.date = dt.date(2026, 1, 2)
    when: dt.datetime = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
    naive: dt.datetime = dt.datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001
    at: dt.time = dt.time(1, 2)
    span: dt.timedelta = dt.timedelta(seconds=1)
    size: Size = Size.SMALL
    level: Literal[1, "a", None] = 1
    target: int | str = 3
    other: int | str = "x"
    bound: int | Decimal = 1
    password: SecretStr = SecretStr("the-old-password")
    pin: Secret[int] = Secret(4711)
    token: SecretStr | None = None
    kept: SecretStr = SecretStr("the-kept-password")
    anything: Any = {"a": 1}
    moment: Timestamp = 1_700_000_000
    agreed: Accept
    certificate: Base64Bytes = b"AAH/"
    blob: bytes = b"old"
    made: str = Field(default_factory=lambda: str(uuid4()))
    untouched: int = LONG


class Containers(FormPage):
    """Every kind that holds other values."""

    names: list[str] = ["a", "b", "c"]
    ports: list[Port] = [Port(name="first"), Port(name="second", vlan=2**60)]
    pair: tuple[int, str] = (1, "x")
    labels: dict[str, int] = {"a": 1, "b c": LONG}
    by_name: dict[str, Port] = {"p.1": Port()}
    wanted: Port | None = None
    gone: Port | None = Port()
    shape: Circle | Star = Field(default=Star(), discriminator="kind")
    sizes: choice_list(Size, unique_items=True) = [Size.LARGE]  # type: ignore[valid-type]
    open_model: Open = Open.model_validate({"extra": 1})
    tree: Tree = Tree(name="root")
    mixed: list[int | str | None] = [1, "1"]
    nothing: list[int]
    unset: list[str] | None = ["x"]


class Refused(FormPage):
    """A page that the server refuses until it is right."""

    ports: list[Port] = [Port(), Port()]
    count: int = 1
    name: str = "x"

    @field_validator("count")
    @classmethod
    def _is_small(cls, count: int) -> int:
        if count > 10:
            raise ValueError("Ten at most.")
        return count


@step("Write down")
def write_down(state: State) -> None:
    """What arrived, in the order of its keys."""
    path = Path(os.environ["RECEIVED"]) / str(state["process_id"])
    path.with_suffix(".part").write_text(json.dumps(state["answer"]))
    path.with_suffix(".part").rename(path)


def start_with(page: type[FormPage]) -> Any:
    """A workflow that starts with the page."""

    def asks() -> FormGenerator:
        answer = yield page
        return {"answer": answer.model_dump()}

    def steps() -> Any:
        return begin >> write_down

    steps.__name__ = page.__name__.lower()
    return workflow(page.__name__, initial_input_form=asks)(steps)


scalars = start_with(Scalars)
containers = start_with(Containers)
refused = start_with(Refused)
