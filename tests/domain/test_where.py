"""The paths and the values of ``where``: for every kind of field, the filter finds what the model stores."""

import datetime
import enum
import ipaddress
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, SecretStr, computed_field, field_serializer
from typing_extensions import TypedDict

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.domain.values import BlockPlace, Indexed, ValueFilter, indexed
from orchestrator_gql.domain.where import filter_of
from orchestrator_gql.utils.errors import StepError


class Mode(enum.StrEnum):
    TAGGED = "tagged"
    UNTAGGED = "untagged"


class Level(enum.IntEnum):
    ONE = 1


class Rate(BaseModel):
    limit: int
    unit: str = "Mb"


@dataclass
class Position:
    rack: str
    height: int | None = None


class Labels(TypedDict):
    colour: str


class InnerBlock(ProductBlockModel, product_block_name="Inner block of where"):
    depth: int
    again: "InnerBlock | None" = None


class OuterBlock(ProductBlockModel, product_block_name="Outer block of where"):
    text: str
    number: int
    size: float
    amount: Decimal
    is_on: bool
    mode: Mode
    level: Level
    choice: Literal["a", "b"]
    id: UUID
    address: ipaddress.IPv4Address
    network: ipaddress.IPv6Network
    day: datetime.date
    at: datetime.datetime
    maybe: int | None
    either: int | str
    limited: Annotated[int, Field(ge=1)]
    vlans: list[int]
    modes: set[Mode]
    tags: Annotated[list[str], Field(min_length=1)]
    pair: tuple[int, str]
    rate: Rate
    rates: list[Rate]
    position: Position
    labels: Labels
    extras: dict[str, int]
    anything: Any
    by_name: dict[str, InnerBlock]
    inner: InnerBlock
    inners: list[InnerBlock]
    shouted: str
    secret: SecretStr
    secrets: list[SecretStr]
    long: str = "x" * 5_000

    @computed_field  # type: ignore[prop-decorator]
    @property
    def title(self) -> str:
        return f"{self.text} {self.number}"

    @field_serializer("shouted")
    def shout(self, shouted: str) -> str:
        return shouted.upper()


class Wide(SubscriptionModel, is_base=True):
    speed: int
    outer: OuterBlock


PRODUCT = register_product(name="Product of where", model=Wide, fixed_inputs={"speed": 10})
ID = UUID("00000000-0000-7000-8000-00000000000a")


def wide() -> Wide:
    """A subscription with a value in each field."""
    outer = OuterBlock.new(
        text="näme \x00 \ud800",
        number=7,
        size=1,
        amount=Decimal("1.50"),
        is_on=True,
        mode=Mode.TAGGED,
        level=1,
        choice="a",
        id=ID,
        address="10.0.0.1",
        network="2001:db8::/32",
        day="2026-01-31",
        at="2026-01-31T12:00:00+00:00",
        maybe=None,
        either="x",
        limited=3,
        vlans=[10, 20],
        modes=[Mode.UNTAGGED],
        tags=["a", "b"],
        pair=(1, "one"),
        rate=Rate(limit=5),
        rates=[Rate(limit=6), Rate(limit=7, unit="Gb")],
        position=Position("r1"),
        labels={"colour": "red"},
        extras={"a": 1, "odd key": 2, "nul\x00": 3},
        anything={"deep": [{"x": True}], "plain": None},
        by_name={"left": InnerBlock.new(depth=1)},
        inner=InnerBlock.new(depth=2, again=InnerBlock.new(depth=3)),
        inners=[InnerBlock.new(depth=4), InnerBlock.new(depth=5)],
        shouted="quiet",
        secret=SecretStr("s3cret"),
        secrets=[SecretStr("s3cret")],
    )
    return Wide.from_product_id(PRODUCT.product_id, "uva", outer=outer)


FOUND: list[tuple[str, Any]] = [
    ("speed", 10),
    ("outer.text", "näme \x00 \ud800"),
    ("outer.number", 7),
    ("outer.number", "7"),
    ("outer.size", 1),
    ("outer.size", 1.0),
    ("outer.amount", Decimal("1.50")),
    ("outer.amount", "1.50"),
    ("outer.is_on", True),
    ("outer.mode", Mode.TAGGED),
    ("outer.mode", "tagged"),
    ("outer.level", Level.ONE),
    ("outer.level", 1),
    ("outer.choice", "a"),
    ("outer.id", ID),
    ("outer.id", str(ID).upper()),
    ("outer.address", ipaddress.IPv4Address("10.0.0.1")),
    ("outer.address", "10.0.0.1"),
    ("outer.network", "2001:0db8::/32"),
    ("outer.day", datetime.date(2026, 1, 31)),
    ("outer.day", "2026-01-31"),
    ("outer.at", datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)),
    ("outer.maybe", None),
    ("outer.either", "x"),
    ("outer.limited", 3),
    ("outer.vlans", 20),
    ("outer.modes", Mode.UNTAGGED),
    ("outer.tags", "b"),
    ("outer.tags", ["nothing", "b"]),
    ("outer.pair", 1),
    ("outer.pair", "one"),
    ("outer.rate.limit", 5),
    ("outer.rates.unit", "Gb"),
    ("outer.position.rack", "r1"),
    ("outer.position.height", None),
    ("outer.labels.colour", "red"),
    ("outer.extras.a", 1),
    ("outer.extras.odd key", 2),
    ("outer.extras.nul\x00", 3),
    ("outer.anything.deep.x", True),
    ("outer.anything.plain", None),
    ("outer.by_name.left.depth", 1),
    ("outer.inner.depth", 2),
    ("outer.inner.again.depth", 3),
    ("outer.inners.depth", 5),
    ("outer.inners.again", None),
    ("outer.shouted", "quiet"),
    ("outer.title", "näme \x00 \ud800 7"),
    ("outer.long", "x" * 5_000),
]


def finds(found: Indexed, filter: ValueFilter, root: UUID) -> bool:
    """True if the filter finds the subscription with these rows of the index."""
    return any(_is_there(found, place.hops, place.path, wanted, root) for place, wanted in filter.alternatives)


def _is_there(found: Indexed, hops: tuple[str, ...], path: str, wanted: tuple[str, ...], root: UUID) -> bool:
    held = {root}
    for hop in hops:
        held = {place.block_id for place in found.places if place.parent_id in held and place.field == hop}
    return any(row.block_id in held and row.path == path and row.value in wanted for row in found.values)


@pytest.mark.parametrize(("path", "value"), FOUND, ids=[f"{path}={value!r:.20}" for path, value in FOUND])
def test_a_value_is_found_as_the_model_stores_it(path: str, value: Any) -> None:
    subscription = wide()
    found = indexed(subscription.dump())

    assert finds(found, filter_of([Wide], path, value), subscription.subscription_id)


NOT_FOUND: list[tuple[str, Any]] = [
    ("outer.number", 8),
    ("outer.text", "7"),
    ("outer.is_on", False),
    ("outer.anything.plain", "None"),
    ("outer.tags", []),
    ("outer.tags", "ab"),
    ("outer.extras.b", 1),
    ("outer.inner.depth", 4),
    ("outer.long", "x" * 4_999),
    ("outer.inner", None),
]


@pytest.mark.parametrize(("path", "value"), NOT_FOUND, ids=[f"{path}={value!r:.20}" for path, value in NOT_FOUND])
def test_another_value_is_not_found(path: str, value: Any) -> None:
    subscription = wide()

    assert not finds(indexed(subscription.dump()), filter_of([Wide], path, value), subscription.subscription_id)


REFUSED: list[tuple[str, Any, str, str]] = [
    ("outer.numbers", 7, "where-unknown", "the nearest is 'outer.number'"),
    ("outer.inners[0].depth", 7, "where-unknown", "the nearest is 'outer.inners.depth'"),
    ("number", 7, "where-unknown", "'outer.number'"),
    ("outer.number.more", 7, "where-unknown", "outer.number"),
    ("outer..number", 7, "where-unknown", "outer.number"),
    ("", 7, "where-unknown", "there are 'speed', 'outer'"),
    ("outer.position.shelf", 7, "where-unknown", "outer.position"),
    ("outer.labels.shape", 7, "where-unknown", "outer.labels"),
    ("outer.name", "x", "where-unknown", "outer"),
    ("subscription_instance_id", ID, "where-unknown", "there"),
    ("customer_id", "uva", "where-unknown", "`customer_id=`"),
    ("outer.number", "seven", "where-value", "'seven' at 'outer.number' in `where` is no int"),
    ("outer.number", [7, "seven"], "where-value", "'seven'"),
    ("outer.mode", "both", "where-value", "Mode"),
    ("outer.address", "10.0.0.256", "where-value", "IPv4Address"),
    ("outer.text", 7, "where-value", "str"),
    ("outer.inner", "x", "where-value", "InnerBlock"),
    ("outer.rate", {"limit": 5}, "where-value", "Rate"),
    ("outer.anything", {"deep": 5}, "where-value", "Any"),
    ("outer.secret", "s3cret", "where-secret", "secret"),
    ("outer.secrets", "s3cret", "where-secret", "secret"),
]


@pytest.mark.parametrize(("path", "value", "code", "words"), REFUSED, ids=[f"{row[0]}={row[1]!r}" for row in REFUSED])
def test_what_cannot_be_found_is_refused_with_the_fix(path: str, value: Any, code: str, words: str) -> None:
    with pytest.raises(StepError) as refused:
        filter_of([Wide], path, value)

    assert refused.value.failure_code == code
    assert words in refused.value.message
    assert "s3cret" not in refused.value.message


def test_the_index_has_no_field_of_the_orchestrator_itself() -> None:
    subscription = wide()
    found = indexed(subscription.dump())
    own = {row.path for row in found.values if row.block_id == subscription.subscription_id}

    assert own == {"speed"}
    assert not {row.path for row in found.values} & {"name", "subscription_instance_id", "owner_subscription_id"}
    assert BlockPlace in {type(place) for place in found.places}
    assert indexed({**dict.fromkeys(SubscriptionModel.model_fields, "x"), "subscription_id": str(ID)}) == Indexed()
