"""Older documents are loaded through the migrations of their product, and what cannot be loaded is named."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import aged_products
from support.aged_products import NODE, PORT, Node, Port, node, older, port

from orchestrator_gql.domain import documents_of, migration, migrations, register_product
from orchestrator_gql.domain.checking import finding_in, migrated
from orchestrator_gql.domain.migrations import current, demand_used_migrations
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError

Document = dict[str, Any]


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, int], Any]]:
    """The declared migrations, which a test may change."""
    known = dict(migrations._declared)
    monkeypatch.setattr(migrations, "_declared", known)
    yield known


@given(
    version=st.integers(1, 3),
    name=st.text(min_size=1, alphabet=st.characters(blacklist_categories=["Cs"])),
    gbit=st.integers(1, 10**6),
)
def test_a_document_of_any_version_is_loaded_as_the_newest(version: int, name: str, gbit: int) -> None:
    new = node(name, gbit).dump()
    old = older(new, version)
    before = repr(old)

    assert current(old) == new
    assert current(new) is new  # nothing is copied
    assert Node.load(old).dump() == new
    assert migrated(old, {}).data == new
    assert repr(old) == before  # the stored document stays as it is


@given(port_version=st.integers(1, 2), node_version=st.integers(1, 3))
def test_a_block_of_an_older_owner_is_loaded_as_the_newest(port_version: int, node_version: int) -> None:
    owner = node("ams1")
    user = port("xe-0", owner)
    stored = {owner.subscription_id: older(owner.dump(), node_version)}

    loaded = Port.load(older(user.dump(), port_version), stored)

    assert (loaded.port.label, loaded.port.node.node_name, loaded.port.node.speed_mbit) == ("XE-0", "ams1", 10_000)
    assert loaded.port.node.subscription.node.node_name == "ams1"
    assert documents_of([loaded])[0].is_changed is False


def test_an_older_model_that_is_returned_untouched_writes_nothing() -> None:
    loaded = Node.load(older(node("ams1").dump(), 1))
    [untouched] = documents_of([loaded])
    loaded.node.speed_mbit = 2_000
    [changed] = documents_of([loaded])

    assert (untouched.is_changed, changed.is_changed) == (False, True)
    assert changed.data["product"]["version"] == 3


def test_documents_of_the_first_version_name_none() -> None:
    first = register_product(name="Unaged", model=Node)

    assert "version" not in Node.from_product_id(first.product_id, "uva", node=node("a").node).dump()["product"]
    assert older(node("a").dump(), 1)["product"].keys() == node("a").dump()["product"].keys() - {"version"}


def newer(document: Document) -> Document:
    return {**document, "product": {**document["product"], "version": 4}}


def undeclared(document: Document) -> Document:
    return {**document, "product": {**document["product"], "product_id": str(uuid4())}}


def block(**values: Any) -> Callable[[Document], Document]:
    return lambda document: {**document, "node": {**document["node"], **values}}


FAULTS: dict[str, tuple[Callable[[Document], Document], str, list[tuple[str, str]], str]] = {
    "newer": (
        newer,
        "document-newer",
        [("product.version", "with version 4 of its product")],
        "Run it with the release",
    ),
    "product": (undeclared, "product-unknown", [("", "is not declared any more")], "Declare it again"),
    "value": (block(speed_mbit="x"), "model-invalid", [("node.speed_mbit", "valid integer")], "declare a migration"),
    "two values": (
        block(speed_mbit=1, node_name=None),
        "model-invalid",
        [("node.node_name", "is not set"), ("node.speed_mbit", "greater than or equal to 1000")],
        "correct the stored document",
    ),
    "another block": (block(name="Aged port"), "model-invalid", [("node.name", "this is a 'Aged port'")], "migration"),
    "status": (lambda d: {**d, "status": "gone"}, "model-invalid", [("", "its status is missing")], "Correct the"),
    "version": (
        lambda d: {**d, "product": {**d["product"], "version": "new"}},
        "model-invalid",
        [("product.version", "valid integer")],
        "declare a migration",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_loaded_is_named_with_its_place_and_the_fix(name: str) -> None:
    change, code, faults, fix = FAULTS[name]

    finding = finding_in(change(node("ams1").dump()), {})

    assert finding is not None and finding.code == code
    assert [path for path, _ in finding.faults] == [path for path, _ in faults]
    assert all(part in message for (_, message), (_, part) in zip(finding.faults, faults, strict=True)), finding
    assert fix in finding.fix
    assert not any(finding.fix in message for _, message in finding.faults)


def test_references_that_lead_nowhere_or_to_another_block_are_named() -> None:
    owner, other = node("ams1"), node("ams2")
    user = port("xe-0", owner).dump()
    others = {owner.subscription_id: owner.dump(), other.subscription_id: other.dump()}
    to_port = port("xe-1", other)
    reference = {"subscription_instance_id": str(to_port.port.subscription_instance_id)}
    wrong = {**user["port"]["node"], **reference, "owner_subscription_id": str(to_port.subscription_id)}
    leading_to_a_port = {**user, "port": {**user["port"], "node": wrong}}
    slow = block(speed_mbit=1)(owner.dump())

    found = [
        finding_in(user, others),
        finding_in(user, {}),
        finding_in(leading_to_a_port, {**others, to_port.subscription_id: to_port.dump()}),
        finding_in(user, {owner.subscription_id: slow}),
    ]

    assert found[0] is None
    assert [(each.code, each.faults[0][0]) for each in found[1:] if each] == [
        ("reference-unknown", "port.node"),
        ("model-invalid", "port.node.name"),
        ("model-invalid", "port.node.speed_mbit"),
    ]
    assert found[3] is not None and str(owner.subscription_id) in found[3].fix


def raising(document: Document) -> Document:
    raise KeyError("speed")


def nothing(document: Document) -> Any:
    document["node"]["node_name"] = document["node"].pop("hostname")


def of_every_subscription(document: Document) -> Document:
    return {**aged_products.rename_the_name(document), "status": "terminated"}


def no_json(document: Document) -> Document:
    return {**document, "node": object()}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (raising, "raised KeyError"),
        (nothing, "returned no dict, but NoneType"),
        (of_every_subscription, "changed 'status', which every subscription has"),
        (no_json, "returned no JSON"),
    ],
)
def test_a_migration_that_fails_is_named(
    function: Callable[[Document], Document], message: str, declared: dict[tuple[str, int], Any]
) -> None:
    declared[NODE.name, 1] = function
    document = older(node("ams1").dump(), 1)

    with pytest.raises(StepError, match=message) as raised:
        Node.load(document)

    assert raised.value.failure_code == "migration-failed"
    assert function.__qualname__ in raised.value.message and document["subscription_id"] in raised.value.message


def test_a_migration_may_return_ids_and_times_as_python_has_them(declared: dict[tuple[str, int], Any]) -> None:
    def with_ids(document: Document) -> Document:
        made = aged_products.rename_the_name(document)
        made["node"]["subscription_instance_id"] = UUID(made["node"]["subscription_instance_id"])
        return made

    declared[NODE.name, 1] = with_ids
    new = node("ams1").dump()

    assert current(older(new, 1)) == new


def test_a_missing_migration_is_named(declared: dict[tuple[str, int], Any]) -> None:
    del declared[NODE.name, 2]

    finding = finding_in(older(node("ams1").dump(), 1), {})

    assert finding is not None and finding.code == "migration-missing"
    assert finding.fix == "Declare it: @migration('Aged node', from_version=2)."


def with_a_new_id(document: Document) -> Document:
    made = aged_products.rename_the_name(document)
    made["node"]["subscription_instance_id"] = str(uuid4())
    return made


def without_an_id(document: Document) -> Document:
    made = aged_products.rename_the_name(document)
    del made["node"]["subscription_instance_id"]
    return made


@pytest.mark.parametrize("function", [with_a_new_id, without_an_id])
def test_a_migration_must_make_the_same_of_the_same_document(
    function: Callable[[Document], Document], declared: dict[tuple[str, int], Any]
) -> None:
    declared[NODE.name, 1] = function

    with pytest.raises(StepError, match="gives other values each time"):
        migrated(older(node("ams1").dump(), 1), {})


async def later(document: Document) -> Document:
    return document


@pytest.mark.parametrize(
    ("product", "version", "function", "message"),
    [
        ("Aged node", 0, raising, "whole number from 1"),
        ("Aged node", True, raising, "whole number from 1"),
        ("", 1, raising, "name of the product"),
        ("Aged node", 1, raising, "both migrate 'Aged node' from version 1"),
        ("Aged node", 7, later, "is a plain function"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    product: str, version: int, function: Any, message: str, declared: dict[tuple[str, int], Any]
) -> None:
    with pytest.raises(WorkflowDefinitionError, match=message):
        migration(product, version)(function)


def test_a_module_may_be_imported_twice() -> None:
    assert migration("Aged port", from_version=1)(aged_products.add_a_label) is aged_products.add_a_label


@pytest.mark.parametrize(
    ("product", "version", "message"),
    [("Aged nod", 1, "names the product 'Aged nod'"), ("Aged port", 2, r"register_product\(…, version=3\)")],
)
def test_a_migration_that_could_never_run_is_refused(
    product: str, version: int, message: str, declared: dict[tuple[str, int], Any]
) -> None:
    demand_used_migrations()
    declared[product, version] = raising

    with pytest.raises(WorkflowDefinitionError, match=message):
        demand_used_migrations()


@pytest.mark.parametrize("version", [0, True, 1.0, "2"])
def test_the_version_of_a_product_is_a_number(version: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match="whole number from 1"):
        register_product(name="Aged numberless", model=Node, version=version)
    assert PORT.version == 2
