"""Migrations: how an older document of a product becomes one that the deployed classes load.

`register_product(…, version=3)` says in which version the deployed classes write documents; a document says its own
in ``product.version``, and has version 1 without it. A migration makes a document of one version from one of the
version before. All loading goes through `current`, so an older document is loaded whether it is rewritten or not.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias, TypeVar
from uuid import UUID

from orchestrator_gql.domain.product_model import FIRST_VERSION, ProductModel
from orchestrator_gql.domain.references import Documents, copied
from orchestrator_gql.domain.registry import products
from orchestrator_gql.domain.values import SUBSCRIPTION_FIELDS
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import NotFound, StepError, WorkflowDefinitionError
from orchestrator_gql.utils.exception_text import describe
from orchestrator_gql.utils.json import to_json
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.names import demand_name

Migration: TypeAlias = Callable[[dict[str, Json]], dict[str, Json]]
F = TypeVar("F", bound=Migration)

_declared: dict[tuple[str, int], Migration] = {}
"""The migrations by the name of their product and the version that they take; declared at import, as products are."""


def migration(product: str, from_version: int) -> Callable[[F], F]:
    """Declare how a document of that version of the product becomes one of the next version.

        @migration("Port", from_version=1)
        def speed_in_mbit(document):
            document["port"]["speed_mbit"] = document["port"].pop("speed_gbit") * 1000
            return document

    The function gets a copy of the stored JSON, in which the blocks of other subscriptions are references. It returns
    the new JSON, and makes the same of the same document each time. It changes the fields of the product only, not
    those of every subscription, such as ``status``. Raises ``WorkflowDefinitionError`` if the version has a migration
    already, or the function is async.
    """
    demand_name(product, "name of the product of a migration")
    if type(from_version) is not int or from_version < FIRST_VERSION:
        raise WorkflowDefinitionError(f"from_version of a migration is a whole number from 1, not {from_version!r}.")

    def declare(function: F) -> F:
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise WorkflowDefinitionError(
                f"The migration `{_name(function)}` is a plain function: write it with `def`."
            )
        known = _declared.get((product, from_version))
        if known is not None and _name(known) != _name(function):  # an equal name means that the module was reloaded
            raise WorkflowDefinitionError(
                f"`{_name(known)}` and `{_name(function)}` both migrate {product!r} from version {from_version}: keep "
                "one of them."
            )
        _declared[product, from_version] = function
        return function

    return declare


def demand_used_migrations() -> None:
    """Raise ``WorkflowDefinitionError`` for a migration that could never run: of no product, or of no older version."""
    for (name, version), function in _declared.items():
        title = f"The migration `{_name(function)}`"
        try:
            deployed = products.by_name(name).facts.version
        except NotFound:
            raise WorkflowDefinitionError(
                f"{title} names the product {name!r}, which no register_product declares: correct the name."
            ) from None
        if version >= deployed:
            raise WorkflowDefinitionError(
                f"{title} takes version {version} of {name!r}, but the product is at version {deployed}: write "
                f"register_product(…, version={version + 1})."
            )


def version_of(data: Mapping[str, Json]) -> int | None:
    """The version of the product whose classes wrote the document; None if the document names none that can be."""
    product = data.get("product")
    version = product.get("version", FIRST_VERSION) if isinstance(product, Mapping) else FIRST_VERSION
    return version if type(version) is int and version >= FIRST_VERSION else None


def deployed_version(data: Mapping[str, Json]) -> int | None:
    """The version in which the deployed classes write such a document; None if its product is not declared."""
    facts = _facts_of(data)
    return None if facts is None else facts.version


def current(data: Mapping[str, Json]) -> Mapping[str, Json]:
    """The stored document in the version of the deployed classes: ``data`` itself if it has that version.

    Runs authors' code. Raises ``StepError``: ``document-newer``, ``migration-missing``, ``migration-failed``.
    """
    facts, version = _facts_of(data), version_of(data)
    if facts is None or version is None or version == facts.version:
        return data  # what is wrong with it, its class will say
    title = f"{facts.name} subscription {data.get('subscription_id')}"
    if version > facts.version:
        fix = f"Run it with the release that has version {version}, or deploy that release here."
        problem = f"{title} was stored with version {version} of its product, and version {facts.version} is deployed"
        raise StepError(f"{problem}. {fix}", code="document-newer", path="product.version", fix=fix)
    document = copied(data)
    for step in range(version, facts.version):
        document = _applied(facts.name, step, document, title)
    document["product"]["version"] = facts.version
    result: dict[str, Json] = document
    return result


class CurrentDocuments(Mapping[UUID, Mapping[str, Json]]):
    """Stored documents, each made `current` when it is needed: a subscription may use few of them."""

    def __init__(self, stored: Documents) -> None:
        self._stored = stored

    def __getitem__(self, id: UUID) -> Mapping[str, Json]:
        return current(self._stored[id])

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


def _facts_of(data: Mapping[str, Json]) -> ProductModel | None:
    try:
        return products.by_id(data["product"]["product_id"]).facts
    except (KeyError, TypeError, NotFound):
        return None


def _applied(product: str, version: int, document: dict[str, Json], title: str) -> dict[str, Json]:
    function = _declared.get((product, version))
    if function is None:
        fix = f"Declare it: @migration({product!r}, from_version={version})."
        problem = f"{title} needs a migration from version {version} of its product, and no module declares it"
        raise StepError(f"{problem}. {fix}", code="migration-missing", path="product.version", fix=fix)
    problem = f"The migration `{_name(function)}` of {title} from version {version}"
    try:
        returned = function(copied(document))
    except Exception as error:
        raise _failed(f"{problem} raised {describe(error)}") from error
    if not isinstance(returned, dict):
        raise _failed(f"{problem} returned no dict, but {type(returned).__qualname__}")
    try:
        result: dict[str, Json] = to_json(returned, where="document", found=Found())
    except StepError as error:
        raise _failed(f"{problem} returned no JSON: {error.message}") from error
    for name in sorted(SUBSCRIPTION_FIELDS):
        if result.get(name) != document.get(name):
            raise _failed(f"{problem} changed {name!r}, which every subscription has", path=name)
    return result


def _failed(problem: str, path: str = "") -> StepError:
    fix = "Correct the migration: it returns the document with other values in the fields of the product."
    return StepError(f"{problem.rstrip('.')}. {fix}", code="migration-failed", path=path, fix=fix)


def _name(function: object) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', function)}"
