"""The accepted pages of a form and the data that the form returned, as JSON, with the secrets in both."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticSerializationError

from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.secrets import Found, dumped, place_of, places_in, pointer, revealed, value_at
from orchestrator_gql.utils.secrets import NOTHING, Secrets, learn


class Accepted:
    """The accepted pages, in order; ``known`` are the secrets of the process and of the pages."""

    def __init__(self, known: Secrets) -> None:
        self.pages: list[dict[str, Json]] = []
        self.known = known
        self.secrets = NOTHING.knowing(known.values)
        """The secrets in the list of pages."""

    def add(self, values: dict[str, Any], schema: Mapping[str, Json]) -> None:
        """Add the values of the next page. The JSON Schema may mark more values as secret than their types do."""
        found = Found()
        page = _plain(values, "page", found)
        for place in places_in(dict(schema), page):
            found.add(place_of(place), value_at(page, place_of(place)))
        self._know(found)
        self.secrets = self.secrets.also(Secrets.of(found).under(len(self.pages)))
        self.pages.append(page)

    def with_data(self, result: Mapping[str, Any]) -> tuple[dict[str, Json], Secrets]:
        """The data that the form returned, as JSON, and the secrets in the data.

        A value is secret if its type says so, or if a page has the same value under the same key as a secret.
        """
        found = Found()
        try:
            data = _plain(result, "result", found)
        finally:
            self._know(found)
        for index, page in enumerate(self.pages):
            same = {key for key, value in page.items() if key in data and data[key] == value}
            below = (place_of(place) for place in self.secrets.within(index).places)
            found.places |= {pointer(place) for place in below if place[0] in same}
        return data, NOTHING.after({}, data, Secrets.of(found).knowing(self.known.values))

    def _know(self, found: Found) -> None:
        learn(found.values)
        self.known = self.known.knowing(found.values)


def _plain(values: Mapping[str, Any], what: str, found: Found) -> dict[str, Json]:
    plain: dict[str, Json] = {}
    for key, value in values.items():
        try:
            plain[str(key)] = revealed(dumped(value), found, (str(key),))
        except PydanticSerializationError as error:
            message = f"The form's {what} has a value under {key!r} that is not JSON: {type(value).__name__}."
            raise StepError(message, "not-json") from error
    return plain
