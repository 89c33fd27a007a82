"""Random field types with random values: what forms must bring back as it was. Fixed seeds make the same each time."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from random import Random
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypeAlias
from uuid import UUID

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, Secret, SecretStr, create_model
from pydantic_forms.validators import (
    Accept,
    Choice,
    ContactPerson,
    Divider,
    Hidden,
    Label,
    LongText,
    Timestamp,
    callout,
    choice_list,
    markdown,
    migration_summary,
    read_only_field,
    read_only_list,
    unique_conlist,
)
from typing_extensions import TypedDict

from orchestrator_gql.forms import FormPage, ReadOnly

Made: TypeAlias = tuple[Any, Any]
"""A type, and a value of it."""

Kind: TypeAlias = Callable[[Random], Made]

TEXTS = (
    "", " ", "x", " leading and trailing ", "a\r\nb\r\n", "a\nb", "mixed\r\nand\nplain\rold", "\ttab", "\n", "\r\n",
    "déjà 🙂 \u2028 \u200b", "null", "0", "1e5", "true", "12345678901234567890", "<b>x</b>", "{", '{"a": 1.0}', "\ue0001",
    "\ue000\ue0007", "2026-01-02", "02:30", "a" * 300,
)  # fmt: skip
INTEGERS = (0, -1, 7, 2**53 - 1, 2**53 + 1, -(2**63), 10**30, 2**31)
FLOATS = (0.1, 1e-7, 1.5, 1e300, 5e-324, 0.1 + 0.2, 100.0, -0.0, 123456789.123456789)
DECIMALS = ("1.10", "0.1000000000000000055511151231257827", "1E+3", "-0.00", "12345678901234567890.123456789", "0")
HOUR_THAT_COMES_TWICE = (
    dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))),
)
MOMENTS = (
    *HOUR_THAT_COMES_TWICE,
    dt.datetime(2026, 10, 25, 2, 30),  # noqa: DTZ001
    dt.datetime(2026, 1, 2, 3, 4, 5, 678901),  # noqa: DTZ001
    dt.datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=dt.UTC),
    dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
)
TIMES = (
    dt.time(2, 30),
    dt.time(2, 30, 1, 5),
    dt.time(23, 59, 59, tzinfo=dt.UTC),
    dt.time(1, 2, tzinfo=MOMENTS[5].tzinfo),
)
SPANS = (dt.timedelta(seconds=1.5), dt.timedelta(days=-1, microseconds=1), dt.timedelta(weeks=3), dt.timedelta(0))
ANYTHING: tuple[Any, ...] = (
    *(None, [], {}, "text", 3, 2**53 + 1, [[], [None]], "", False),
    {"": "empty key"},
    {"a": {"b": [1, None, "x", {"c": 10**20}]}},
)


class Colour(Enum):
    RED = "red"
    TWO = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 10


class Size(Choice):
    SMALL = ("s", "Small")
    LARGE = ("l", "Large")


class Port(BaseModel):
    name: str = "eth0"
    vlan: int | None = None
    tags: list[str] = []


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    size: int = 4


class Star(BaseModel):
    kind: Literal["star"] = "star"
    hub: str = "ams-1"
    price: Decimal | None = None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    known: str = "k"


class Tree(BaseModel):
    name: str = ""
    children: list["Tree"] = []


class Partly(TypedDict):
    given: int
    absent: NotRequired[str | None]


class Place(NamedTuple):
    x: int
    y: str = "y"


def one_of(rng: Random, values: Any) -> Any:
    return values[rng.randrange(len(values))]


def text(rng: Random) -> Made:
    return str, one_of(rng, TEXTS)


def integer(rng: Random) -> Made:
    return int, one_of(rng, INTEGERS)


def floating(rng: Random) -> Made:
    return float, one_of(rng, FLOATS)


def decimal(rng: Random) -> Made:
    return Decimal, Decimal(one_of(rng, DECIMALS))


def boolean(rng: Random) -> Made:
    return bool, rng.random() < 0.5


def day(rng: Random) -> Made:
    return dt.date, dt.date(rng.randrange(1, 9999), rng.randrange(1, 13), rng.randrange(1, 29))


def moment(rng: Random) -> Made:
    return dt.datetime, one_of(rng, MOMENTS)


def time(rng: Random) -> Made:
    return dt.time, one_of(rng, TIMES)


def span(rng: Random) -> Made:
    return dt.timedelta, one_of(rng, SPANS)


def unique_id(rng: Random) -> Made:
    return UUID, UUID(int=rng.getrandbits(128))


def literal(rng: Random) -> Made:
    return one_of(rng, ((Literal["a", 1, True, None], None), (Literal["b", 2], 2), (Literal["only"], "only")))  # type: ignore[no-any-return]


def enum(rng: Random) -> Made:
    return one_of(rng, ((Colour, Colour.TWO), (Colour, Colour.RED), (Level, Level.HIGH), (Size, Size.LARGE)))  # type: ignore[no-any-return]


def data(rng: Random) -> Made:
    return one_of(rng, ((bytes, b"a\r\nb"), (Base64Bytes, b"AAH/"), (bytes, b"")))  # type: ignore[no-any-return]


def anything(rng: Random) -> Made:
    return Any, one_of(rng, ANYTHING)


SCALARS: tuple[Kind, ...] = (
    text, integer, floating, decimal, boolean, day, moment, time, span, unique_id, literal, enum, data,
)  # fmt: skip


def optional(rng: Random) -> Made:
    kind, value = one_of(rng, (*SCALARS, port, items, entries))(rng)
    return kind | None if not hasattr(kind, "__forward_arg__") else kind, one_of(rng, (None, value))


def items(rng: Random) -> Made:
    made = one_of(rng, SCALARS)
    pairs = [made(rng)]
    return list[pairs[0][0]], [pairs[0][1]] * rng.randrange(4)  # type: ignore[misc]


def mixed_items(rng: Random) -> Made:
    return list[int | str | None], [one_of(rng, (1, "1", None, "", 2**60, "a\r\nb")) for _ in range(rng.randrange(5))]


def port(rng: Random) -> Made:
    vlan = one_of(rng, (None, 1, 2**53 + 1))
    return Port, Port(name=one_of(rng, TEXTS), vlan=vlan, tags=[one_of(rng, TEXTS) for _ in range(rng.randrange(3))])


def ports(rng: Random) -> Made:
    return list[Port], [port(rng)[1] for _ in range(rng.randrange(4))]


def entries(rng: Random) -> Made:
    kind, value = one_of(rng, SCALARS)(rng)
    names = ("a", "b c", "x.y", "", "__proto__", "10", "9", "ключ", "a/b", "constructor")
    return dict[str, kind], dict.fromkeys(rng.sample(names, rng.randrange(4)), value)  # type: ignore[valid-type]


def entries_of_ports(rng: Random) -> Made:
    return dict[str, Port], {name: port(rng)[1] for name in rng.sample(("p 1", "p.2", "3"), 2)}


def patterned(rng: Random) -> Made:
    return dict[Annotated[str, Field(pattern="^[a-z]+$")], int], {"abc": one_of(rng, INTEGERS)}


def pair(rng: Random) -> Made:
    (first, one), (second, two) = one_of(rng, SCALARS)(rng), one_of(rng, SCALARS)(rng)
    return tuple[first, second | None], (one, one_of(rng, (None, two)))  # type: ignore[valid-type]


def place(rng: Random) -> Made:
    return Place, Place(one_of(rng, INTEGERS), one_of(rng, TEXTS))


def shape(rng: Random) -> Made:
    value = one_of(rng, (Circle(size=2**53 + 1), Star(), Star(price=Decimal("1.10"))))
    return Annotated[Circle | Star, Field(discriminator="kind")], value


def number_or_text(rng: Random) -> Made:
    values = (3, "3", "router-7", 2**53 + 1, "12345678901234567890", "", "1.0", "a\r\nb")
    return int | str, one_of(rng, values)


def union(rng: Random) -> Made:
    made = (
        (str | dt.date, "2026-01-02"),
        (dt.date | str, dt.date(2026, 1, 2)),
        (int | Decimal, Decimal("1.0")),
        (int | Decimal, 1),
        (float | int, 1),
        (int | float, 1.0),
        (bool | int, 1),
        (Port | Circle | None, None),
        (Port | str, "text"),
        (Port | str, Port(vlan=1)),
        (list[int] | int, [1]),
        (dict[str, int] | list[str], ["a"]),
        (bytes | int, b"1"),
        (UUID | str, "00000000-0000-0000-0000-000000000000"),
    )
    return one_of(rng, made)  # type: ignore[no-any-return]


def partly(rng: Random) -> Made:
    return Partly, one_of(rng, ({"given": 1}, {"given": 2**60, "absent": None}, {"given": 0, "absent": ""}))


def open_model(rng: Random) -> Made:
    return Open, Open.model_validate({"known": one_of(rng, TEXTS), "x y": [1, None], "": {"a": 2**60}})


def tree(rng: Random) -> Made:
    return Tree, Tree(name="root", children=[Tree(name=one_of(rng, TEXTS), children=[Tree()]), Tree()])


def unique(rng: Random) -> Made:
    values = rng.sample(range(100), 3)
    return one_of(rng, ((set[int], set(values)), (unique_conlist(int), values), (frozenset[Literal["a", "b"]], {"b"})))  # type: ignore[no-any-return]


def several(rng: Random) -> Made:
    made = choice_list(Size, unique_items=rng.random() < 0.5)
    return made, one_of(rng, ([], [Size.LARGE], [Size.LARGE, Size.SMALL]))


def secret(rng: Random) -> Made:
    return one_of(  # type: ignore[no-any-return]
        rng,
        (
            (SecretStr, SecretStr("hunter2-is-hidden")),
            (SecretStr | None, None),
            (Secret[int], Secret(2**53 + 1)),
            (list[SecretStr], [SecretStr("first-of-them"), SecretStr("second-of-them")]),
            (dict[str, SecretStr], {"token": SecretStr("in-a-dictionary")}),
        ),
    )


def shown(rng: Random) -> Made:
    value = one_of(rng, (port, text, integer, anything))(rng)
    return ReadOnly[value[0]], value[1]  # type: ignore[misc,valid-type]


def of_the_library(rng: Random) -> Made:
    made = (
        (Label, "A label"),
        (Divider, None),
        (Hidden, "hidden"),
        (callout(header="Mind", message="the <b>gap</b>"), None),
        (markdown(content="# Title\n* one\n* [two](javascript:alert(1))"), None),
        (migration_summary({"headers": ["h"], "labels": ["l"], "columns": [["1"]]}), None),
        (read_only_field(3), 3),
        (read_only_list([1, 2]), [1, 2]),
        (LongText, "long\r\ntext"),
        (Timestamp, 1_790_000_000),
        (Accept, "ACCEPTED"),
        (ContactPerson, ContactPerson(name="Anna", email="anna@example.org")),
        (list[ContactPerson], [ContactPerson(name="Anna", email="anna@example.org", phone="+31")]),
    )
    return one_of(rng, made)  # type: ignore[no-any-return]


KINDS: tuple[Kind, ...] = (
    *SCALARS,
    *(anything, optional, items, mixed_items, port, ports, entries, entries_of_ports, patterned, pair, place, shape),
    *(number_or_text, union, partly, open_model, tree, unique, several, secret, shown, of_the_library),
    *(optional, anything, union),
)

FIELDS = 5


def random_page(seed: int) -> type[FormPage]:
    """A page of some fields, each with a value. The kinds take turns, so that each of them comes often."""
    rng = Random(seed)
    fields: dict[str, Any] = {}
    for number in range(FIELDS):
        kind, value = KINDS[(seed * FIELDS + number) % len(KINDS)](rng)
        fields[f"field_{number}"] = (kind, value)
    page: type[FormPage] = create_model(f"Page{seed}", __base__=FormPage, **fields)
    return page
