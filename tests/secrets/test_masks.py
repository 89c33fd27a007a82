"""A mask in a submitted form stands for the value that it hides at its place, or it is refused."""

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
    """Return the value as an operator sees it."""
    return Redactor(["*pin*", "*password*", "tokens"])(value)


@pytest.mark.parametrize(
    ("original", "sent", "stored"),
    [
        pytest.param({"pin": "1"}, {"pin": MASK}, {"pin": "1"}, id="whole"),
        pytest.param({"pin": "1"}, {"pin": DISPLAY}, {"pin": "1"}, id="pydantic's"),
        pytest.param({"pin": "1"}, {"pin": "2"}, {"pin": "2"}, id="a new value"),
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
            id="a text edited everywhere, with different masks",
        ),
        pytest.param(
            {"t": f"was {MASK}"}, {"t": f"was {MASK}"}, {"t": f"was {MASK}"}, id="a log that contains a mask itself"
        ),
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
            {"r": ROUTERS}, {"r": [{**shown(router), "mtu": 9} for router in ROUTERS]}, "/r/0/pin", id="both edited"
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
def test_a_mask_that_hides_nothing_at_its_place_is_refused(original: Any, sent: Any, place: str) -> None:
    _, errors = restored(sent, original, shown(original))

    assert errors[0].pointer == place
    assert errors[0].type == "mask"
    assert "type the value again" in errors[0].message


@pytest.mark.parametrize("piece", ["a", "aa\n", "password: "])
def test_a_text_of_a_megabyte_with_thousands_of_masks_is_read_fast(piece: str) -> None:
    original = (piece + "aaa") * 20_000
    shown_text = (piece + MASK) * 20_000
    began = time.process_time()

    for sent in (shown_text + "!", shown_text[: len(shown_text) // 2]):
        restored({"t": sent}, {"t": original}, {"t": shown_text})

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
            return [leaf for key, item in value.items() for leaf in leaves(item, (*place, key))]
        case list():
            return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*place, index))]
        case _:
            return [place]


@given(objects, st.data())
def test_a_value_that_is_shown_and_sent_back_is_restored(original: dict[str, Any], data: st.DataObject) -> None:
    leaf_places = leaves(original)
    hidden = data.draw(st.lists(st.sampled_from(leaf_places), max_size=4)) if leaf_places else []
    known = data.draw(st.lists(texts, max_size=2))
    secrets = Secrets(frozenset(map(pointer, hidden))).knowing(known)

    shown_object = secrets.shown(original)

    if len(shown_object) == len(original):  # two keys may become the same mask, and then one of them is not shown
        sent, errors = restored(shown_object, original, shown_object)
        assert errors or sent == original
    is_key_masked = any(MASK in str(key) for place in leaves(shown_object) for key in place)
    for place in hidden:
        leaf_shown = value_at(shown_object, tuple(map(str, place)))
        is_missing = type(leaf_shown) is object
        assert leaf_shown in (None, "", MASK) or (is_missing and is_key_masked)


@given(objects, objects, st.data())
def test_a_mask_is_never_stored_as_a_value(original: dict[str, Any], sent: dict[str, Any], data: st.DataObject) -> None:
    leaf_places = leaves(original) or [()]
    places = [pointer(leaf) for leaf in data.draw(st.lists(st.sampled_from(leaf_places), max_size=4)) if leaf]
    shown_object = masked(original, places)
    mixed = masked(
        sent | data.draw(st.sampled_from([{}, shown_object])), data.draw(st.lists(st.sampled_from(places or [""])))
    )

    restored_object, errors = restored(mixed, original, shown_object)

    assert errors or not holds_mask(restored_object)
    if not errors:
        for leaf in leaves(mixed):
            if value_at(mixed, tuple(map(str, leaf))) == MASK and all(isinstance(key, str) for key in leaf):
                at = place_of(pointer(leaf))
                assert value_at(restored_object, at) == value_at(original, at)
