"""Every kind of field, filled in with its real control; what arrives is what was typed, and nothing else changes."""

import base64
import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect
from support.form_site import FormSite, open_form_site

FORMS = Path(__file__).parent / "typed_forms.py"
LONG = 2**53 + 1

TYPED: dict[str, tuple[str, Any]] = {
    "Whole": ("12345678901234567890", 12345678901234567890),
    "Ratio": ("0.1", 0.1),
    "Price": ("12345678901234567890.10", "12345678901234567890.10"),
    "Optional": ("", None),
    "Name": ("", ""),
    "Note": ("", None),
    "Lines": ("a\nnew\nb\n", "a\r\nnew\r\nb\r\n"),
    "Long Text": ("one\ntwo", "one\ntwo"),
    "Day": ("2026-02-28", "2026-02-28"),
    "When": ("2026-10-25T02:30:00.123456+01:00", "2026-10-25T02:30:00.123456+01:00"),
    "Naive": ("2026-10-25T02:30:00", "2026-10-25T02:30:00"),
    "At": ("02:30:00.5", "02:30:00.500000"),
    "Span": ("PT2.5S", "PT2.5S"),
    "Bound": ("2", 2),
    "Anything": ('{"a": [12345678901234567890, null]}', {"a": [12345678901234567890, None]}),
    "Moment": ("2026-01-02T03:04:05Z", 1767323045),
    "Token": ("a token", "a token"),
    "Blob": ("new", "new"),
}
"""What is typed into a text field, and what arrives."""


def key_of(label: str) -> str:
    """The name of the field with the label."""
    return label.lower().replace(" ", "_")


def fill_in_scalars(site: FormSite) -> None:
    """Change every field of the page but `kept`, `made` and `untouched`."""
    page = site.page
    for label, (text, _) in TYPED.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Sure", exact=True).uncheck()
    page.get_by_role("group", name="Maybe").get_by_label("Not set").check()
    page.get_by_role("group", name="Flag").get_by_label("No").check()
    page.get_by_label("Size").select_option("Large")
    page.get_by_label("Level").select_option("Not set")
    page.get_by_label("Kind of Target").select_option("Text")
    page.get_by_label("Target", exact=True).fill("12")
    page.get_by_label("Kind of Other").select_option("Whole number")
    page.get_by_label("Other", exact=True).fill(str(LONG))
    page.get_by_label("Password").click()
    page.get_by_label("Password").fill("new and secret")
    page.get_by_label("Pin").click()
    page.get_by_label("Pin").fill("12")
    page.get_by_label("Agreed").check()
    page.get_by_label("File for Certificate").set_input_files(
        {"name": "c.der", "mimeType": "application/octet-stream", "buffer": bytes(range(256))}
    )
    expect(page.get_by_label("Certificate", exact=True)).not_to_have_value("AAH/")


def test_a_single_value_of_every_kind(tmp_path: Path) -> None:
    with open_form_site(tmp_path, FORMS) as site:
        site.open_start_form("scalars", "Scalars")
        made = site.page.get_by_label("Made").input_value()
        fill_in_scalars(site)
        site.press()
        received = json.loads(site.arrived(site.started()))

        assert received == {key_of(label): value for label, (_, value) in TYPED.items()} | {
            "sure": False,
            "maybe": None,
            "flag": False,
            "size": "l",
            "level": None,
            "target": "12",
            "other": LONG,
            "password": "new and secret",
            "pin": 12,
            "kept": "the-kept-password",
            "agreed": "ACCEPTED",
            "certificate": base64.b64encode(bytes(range(256))).decode(),
            "made": made,
            "untouched": LONG,
        }


def group(site: FormSite, name: str) -> Locator:
    """The fields with a common legend."""
    return site.page.get_by_role("group", name=name, exact=True)


def change_containers(site: FormSite) -> None:
    """Add, remove, move, rename and choose."""
    page = site.page
    page.get_by_role("button", name="Remove Names 1").click()
    page.get_by_role("button", name="Move Names 2 up").click()
    page.get_by_role("button", name="Add to Names").click()
    page.get_by_label("Names 3", exact=True).fill("new")

    page.get_by_role("button", name="Add to Ports").click()
    group(site, "Ports 3").get_by_label("Name").fill("third")
    page.get_by_role("button", name="Move Ports 3 up").click()
    group(site, "Ports 1").get_by_label("Name").fill("changed")

    group(site, "Pair").get_by_label("Item 2").fill("y")
    page.get_by_label("Key 1 of Labels").fill("renamed")
    page.get_by_role("button", name="Add to Labels").click()
    page.get_by_label("Key 3 of Labels").fill("added")
    group(site, "Labels").get_by_label("added", exact=True).fill("3")
    group(site, "By Name").get_by_label("Name", exact=True).fill("changed")

    page.get_by_label("Kind of Wanted").select_option("Port")
    group(site, "Wanted").get_by_label("Name").last.fill("wanted")
    page.get_by_label("Kind of Gone").select_option("Not set")
    page.get_by_label("Kind of Shape").select_option("Circle")
    group(site, "Shape").get_by_label("Size").last.fill("5")
    group(site, "Sizes").get_by_label("Small").check()
    page.get_by_role("button", name="Add to Open Model").click()
    page.get_by_label("Key 2 of Open Model").fill("more")
    page.get_by_label("more", exact=True).fill("[1, 2]")
    page.get_by_role("button", name="Add to Children").click()
    group(site, "Children 1").get_by_label("Name").fill("leaf")
    page.get_by_label("Kind of Mixed 1").select_option("Not set")
    page.get_by_role("button", name="Remove Mixed 2").click()
    page.get_by_label("Kind of Unset").select_option("Not set")


def test_values_that_hold_others(tmp_path: Path) -> None:
    with open_form_site(tmp_path, FORMS) as site:
        site.open_start_form("containers", "Containers")
        change_containers(site)
        site.press()

        assert json.loads(site.arrived(site.started())) == {
            "names": ["c", "b", "new"],
            "ports": [
                {"name": "changed", "vlan": LONG},
                {"name": "third", "vlan": LONG},
                {"name": "second", "vlan": 2**60},
            ],
            "pair": [1, "y"],
            "labels": {"renamed": 1, "b c": LONG, "added": 3},
            "by_name": {"p.1": {"name": "changed", "vlan": LONG}},
            "wanted": {"name": "wanted", "vlan": LONG},
            "gone": None,
            "shape": {"kind": "circle", "size": 5},
            "sizes": ["l", "s"],
            "open_model": {"known": "k", "extra": 1, "more": [1, 2]},
            "tree": {"name": "root", "children": [{"name": "leaf", "children": []}]},
            "mixed": [None],
            "nothing": [],
            "unset": None,
        }


def test_problems_stand_at_their_fields_and_nothing_is_lost(tmp_path: Path) -> None:
    with open_form_site(tmp_path, FORMS) as site:
        page = site.page
        site.open_start_form("refused", "Refused")
        count, second = page.get_by_label("Count"), group(site, "Ports 2").get_by_label("Vlan")
        page.get_by_label("Name", exact=True).last.fill("typed")

        # What is no number is said before anything is sent.
        count.fill("eleven")
        site.press()
        expect(page.get_by_role("alert")).to_be_focused()
        expect(count).to_have_attribute("aria-invalid", "true")
        page.get_by_role("alert").get_by_role("link", name="Count").click()
        expect(count).to_be_focused()
        expect(count).to_have_value("eleven")

        # The server's problems stand at their fields, also in a list.
        count.fill("11")
        second.fill("1.5")
        site.press()
        expect(second).to_have_attribute("aria-invalid", "true")
        second.fill("5")
        site.press()
        expect(count).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"[id='{count.get_attribute('aria-describedby')}']")).to_have_text("Ten at most.")
        expect(page.locator(".page-form")).to_contain_text("Ten at most.")
        expect(second).to_have_value("5")

        count.fill("10")
        site.press()
        assert json.loads(site.arrived(site.started())) == {
            "ports": [{"name": "eth0", "vlan": LONG}, {"name": "eth0", "vlan": 5}],
            "count": 10,
            "name": "typed",
        }
