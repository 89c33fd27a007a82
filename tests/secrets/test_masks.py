"""A mask that comes back stands for what it hides, at the place where it was shown; else it is refused."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.utils.json.redaction import MASK, Redactor
from orchestrator_gql.utils.json.secrets import DISPLAY, masked, place_of, pointer, value_at
from orchestrator_gql.utils.secrets import Secrets

ROUTERS = [{"name": "a", "pin": "1111", "mtu": 1500}, {"name": "b", "pin": "2222", "mtu": 1500}]
LOG = "user: ada\npassword: hunter2\nhost: a\npassword: s3cr3t\nend"


def shown(value: Any) -> Any:
    """As an operator is shown it."""
    return Redactor(["*pin*", "*password*", "tokens"])(value)


@pytest.mark.parametrize(
    ("original", "sent", "stored"),
    [
        pytest.param({"pin": "1"}, {"pin": MASK}, {"pin": "1"}, id="whole"),
        pytest.param({"pin": "1"}, {"pin": DISPLAY}, {"pin": "1"}, id="pydantic's"),
        pytest.param({"pin": "1"}, {"pin": "2"}, {"pin": "2"}, id="typed anew"),
        pytest.param(
            {"a": {"pin": {"x": 1}}}, {"a": {"pin": MASK, "b": 2}}, {"a": {"pin": {"x": 1}, "b": 2}}, id="deep"
        ),
        pytest.param({"r": ROUTERS}, {"r": shown(ROUTERS)}, {"r": ROUTERS}, id="a list as it was"),
        pytest.param(
            {"r": ROUTERS},
            {"r": [shown(ROUTERS)[0], {"name": "b", "pin": MASK, "mtu": 9000}]},
            {"r": [ROUTERS[0], {"name": "b", "pin": "2222", "mtu": 9000}]},
            id="one item edited",
        ),
        pytest.param({"r": ROUTERS}, {"r": shown(ROUTERS)[::-1]}, {"r": ROUTERS[::-1]}, id="items swapped"),
        pytest.param({"r": ROUTERS}, {"r": shown(ROUTERS)[1:]}, {"r": ROUTERS[1:]}, id="an item removed"),
        pytest.param({"t": LOG}, {"t": shown(LOG)}, {"t": LOG}, id="a text as it was"),
        pytest.param({"t": LOG}, {"t": shown(LOG) + "ed"}, {"t": LOG + "ed"}, id="a text edited at its end"),
        pytest.param(
            {"t": json.dumps({"pin": "1", "rc": 0})},
            {"t": json.dumps({"pin": MASK, "rc": 1})},
            {"t": json.dumps({"pin": "1", "rc": 1})},
            id="JSON in a text, edited",
        ),
        pytest.param(
            {"t": "user: ada\npassword: hunter2\nmtu: 1500"},
            {"t": f"user: bob\npassword: {MASK}\nmtu: 9000"},
            {"t": "user: bob\npassword: hunter2\nmtu: 9000"},
            id="a text edited on both sides of its only mask",
        ),
        pytest.param(
            {"t": "a\npassword: h1\nb\nmy_pin: h2\nc"},
            {"t": f"A\npassword: {MASK}\nB\nmy_pin: {MASK}\nC"},
            {"t": "A\npassword: h1\nB\nmy_pin: h2\nC"},
            id="a text edited everywhere, with masks that are told apart",
        ),
        pytest.param({"t": f"was {MASK}"}, {"t": f"was {MASK}"}, {"t": f"was {MASK}"}, id="a log that says so itself"),
    ],
)
def test_a_mask_stands_for_what_it_hides(original: Any, sent: Any, stored: Any) -> None:
    assert restored(sent, original, shown(original)) == (stored, ())


@pytest.mark.parametrize(
    ("original", "sent", "place"),
    [
        pytest.param({}, {"pin": MASK}, "/pin", id="nothing was there"),
        pytest.param({"pin": None}, {"pin": MASK}, "/pin", id="nothing was hidden"),
        pytest.param({"pin": "1", "user": "ada"}, {"user": MASK}, "/user", id="at another place"),
        pytest.param({"pin": "1"}, {"pin": f"x{MASK}"}, "/pin", id="within a text of its own"),
        pytest.param({"pin": "1"}, {"pin": [MASK]}, "/pin/0", id="deeper than it was"),
        pytest.param({"a": "1"}, {MASK: 1}, f"/{MASK}", id="a key"),
        pytest.param({"r": ROUTERS}, {"r": [{"name": "c", "pin": MASK}, *shown(ROUTERS)]}, "/r/0/pin", id="a new item"),
        pytest.param(
            {"r": [ROUTERS[0], ROUTERS[0] | {"pin": "2"}]}, {"r": shown(ROUTERS)[:1]}, "/r/0/pin", id="which of two?"
        ),
        pytest.param(
            {"r": ROUTERS}, {"r": [{**shown(one), "mtu": 9} for one in ROUTERS]}, "/r/0/pin", id="both edited"
        ),
        pytest.param({"t": LOG}, {"t": shown(LOG).replace(f"{MASK}\nhost", f"{MASK}!\nhost")}, "/t", id="extended"),
        pytest.param({"t": LOG}, {"t": shown(LOG).replace("password", "note", 1)}, "/t", id="under another name"),
        pytest.param({"t": LOG}, {"t": f"password: {MASK}"}, "/t", id="one of two left"),
        pytest.param({"t": LOG}, {"t": f"mine is {MASK}"}, "/t", id="a text of its own"),
        pytest.param(
            {"t": LOG},
            {"t": f"host: a\npassword: {MASK}\nuser: ada\npassword: {MASK}\nend"},
            "/t",
            id="lines swapped in a text",
        ),
    ],
)
def test_a_mask_that_hides_nothing_there_is_refused(original: Any, sent: Any, place: str) -> None:
    _, errors = restored(sent, original, shown(original))

    assert errors[0].pointer == place
    assert errors[0].type == "mask"
    assert "type the value anew" in errors[0].message


@pytest.mark.parametrize("piece", ["a", "aa\n", "password: "])
def test_a_text_of_a_megabyte_with_thousands_of_masks_is_read_in_one_go(piece: str) -> None:
    original = (piece + "aaa") * 20_000
    seen = (piece + MASK) * 20_000
    began = time.process_time()

    for sent in (seen + "!", seen[: len(seen) // 2]):
        restored({"t": sent}, {"t": original}, {"t": seen})

    assert time.process_time() - began < 10


texts = st.text('abcdefghijklmnop "\\\n', min_size=1, max_size=8)
values = st.recursive(
    texts | st.integers(0, 9) | st.none(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(texts, below, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, min_size=1, max_size=4)


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    match value:
        case dict():
            return [one for key, item in value.items() for one in leaves(item, (*place, key))]
        case list():
            return [one for index, item in enumerate(value) for one in leaves(item, (*place, index))]
        case _:
            return [place]


@given(objects, st.data())
def test_whatever_is_shown_and_sent_back_is_as_it_was(original: dict[str, Any], data: st.DataObject) -> None:
    there = leaves(original)
    hidden = data.draw(st.lists(st.sampled_from(there), max_size=4)) if there else []
    known = data.draw(st.lists(texts, max_size=2))
    secrets = Secrets(frozenset(map(pointer, hidden))).knowing(known)

    seen = secrets.shown(original)

    if len(seen) == len(original):  # two keys may be masked alike, and one of them is not shown then
        sent, errors = restored(seen, original, seen)
        assert errors or sent == original
    for place in hidden:
        said = value_at(seen, tuple(map(str, place)))
        assert said in (None, "", MASK) or any(MASK in str(key) for key in seen)


@given(objects, objects, st.data())
def test_no_mask_is_ever_taken_for_a_value(original: dict[str, Any], sent: dict[str, Any], data: st.DataObject) -> None:
    there = leaves(original) or [()]
    places = [pointer(one) for one in data.draw(st.lists(st.sampled_from(there), max_size=4)) if one]
    seen = masked(original, places)
    mixed = masked(sent | data.draw(st.sampled_from([{}, seen])), data.draw(st.lists(st.sampled_from(places or [""]))))

    taken, errors = restored(mixed, original, seen)

    assert errors or not holds_mask(taken)
    if not errors:
        for one in leaves(mixed):
            if value_at(mixed, tuple(map(str, one))) == MASK and all(isinstance(key, str) for key in one):
                at = place_of(pointer(one))
                assert value_at(taken, at) == value_at(original, at)
