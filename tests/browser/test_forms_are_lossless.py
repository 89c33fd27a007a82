"""What nobody touches in a form arrives as it was: random models in a real browser, compared byte for byte."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from random_forms import PAGES, WORKFLOWS
from random_values import FIELDS, KINDS
from support.form_site import FormSite, open_form_site

SUBMIT = """mutation ($input: SubmitFormInput!) { submitForm(input: $input) { __typename
  ... on FormInvalid { errors { path message } } } }"""

HERE = Path(__file__).parent
MODELS = WORKFLOWS * PAGES
"""The models of start forms, and as many of input steps."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FormSite]:
    """The dashboard of a server with the random forms."""
    modules = (HERE / "random_forms.py", HERE / "random_values.py")
    with open_form_site(tmp_path_factory.mktemp("forms"), *modules) as site:
        yield site


def test_each_kind_of_field_comes_several_times() -> None:
    assert 3 * len(KINDS) <= MODELS * FIELDS


def press_through(site: FormSite, seeds: range) -> None:
    """Press the button of each page, and touch nothing else."""
    for seed in seeds:
        site.page.get_by_role("heading", name=f"Page{seed}", exact=True).wait_for()
        site.press()


def test_start_forms_bring_back_what_they_showed(site: FormSite) -> None:
    for first in range(0, MODELS, PAGES):
        site.go(f"/start/start_{first}")
        press_through(site, range(first, first + PAGES))
        in_browser = site.started()
        by_hand = site.start(f"start_{first}", [{}] * PAGES)
        assert site.arrived(in_browser) == site.arrived(by_hand)


def test_input_steps_bring_back_what_they_showed(site: FormSite) -> None:
    for first in range(MODELS, 2 * MODELS, PAGES):
        in_browser, by_hand = (site.start(f"stop_{first}", []) for _ in range(2))
        site.go(f"/processes/{in_browser}")
        press_through(site, range(first, first + PAGES))
        answer = site.asked(SUBMIT, input={"inputRequestId": site.request_of(by_hand), "pages": [{}] * PAGES})
        assert answer["submitForm"]["__typename"] == "SubmitFormSuccess", answer
        assert site.arrived(in_browser) == site.arrived(by_hand)
