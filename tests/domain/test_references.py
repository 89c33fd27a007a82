"""References in stored documents: what is stored of a foreign block, and what a broken reference answers."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from support.network import (
    NODE,
    PORT,
    Node,
    NodeBlockInactive,
    NodeInactive,
    Port,
    PortInactive,
)

from orchestrator_gql.domain import expanded, own_blocks_in, uses_in
from orchestrator_gql.domain.references import Use
from orchestrator_gql.utils.errors import StepError


def node_and_port() -> tuple[NodeInactive, PortInactive]:
    """A node, and a port that uses its block."""
    node = NodeInactive.from_product_id(NODE.product_id, "uva")
    node.node.node_name = "ams-1"
    node.node.spare = NodeBlockInactive.new(node_name="spare")
    port = PortInactive.from_product_id(PORT.product_id, "uva")
    port.port.node = node.node
    node.dump()  # the new spare gets its owner
    return node, port


def test_a_foreign_block_is_stored_as_its_name_its_id_and_its_owner_with_nothing_below() -> None:
    node, port = node_and_port()
    document = port.dump()

    assert document["port"]["node"] == {
        "name": "Node of a network",
        "subscription_instance_id": str(node.node.subscription_instance_id),
        "owner_subscription_id": str(node.subscription_id),
    }
    assert uses_in(document) == {Use(node.subscription_id, node.node.subscription_instance_id)}
    assert set(own_blocks_in(document)) == {port.port.subscription_instance_id}
    assert "insync" not in document


def test_a_reference_is_loaded_from_the_document_of_its_owner() -> None:
    node, port = node_and_port()
    document = port.dump()
    node.node.node_name = "utr-1"
    others = {node.subscription_id: node.dump()}

    loaded = PortInactive.load(document, others)

    assert loaded.port.node == node.node
    assert loaded.dump() == document
    assert expanded(document, others)["port"]["node"]["spare"]["node_name"] == "spare"


def test_a_block_may_be_made_for_its_owner() -> None:
    owner = uuid4()

    assert NodeBlockInactive.new(subscription_id=owner).owner_subscription_id == owner
    assert NodeBlockInactive.new().owner_subscription_id is None
    node, _ = node_and_port()
    assert node.node.owner_subscription_id == node.subscription_id


@pytest.mark.parametrize("without", ["the owner", "the block"])
def test_a_reference_to_nothing_names_the_place_and_both_ids(without: str) -> None:
    node, port = node_and_port()
    block = str(node.node.subscription_instance_id)
    document = port.dump()
    others: dict[UUID, Any] = {}
    if without == "the block":
        others[node.subscription_id] = {**node.dump(), "node": None}

    with pytest.raises(
        StepError, match=rf"port\.node refers to .*{block} of subscription {node.subscription_id}"
    ) as error:
        PortInactive.load(document, others)

    assert error.value.failure_code == "reference-unknown"
    assert expanded(document, others, is_strict=False) == document


def test_a_block_that_contains_itself_by_way_of_another_subscription_is_refused() -> None:
    first, second = (NodeInactive.from_product_id(NODE.product_id, "uva") for _ in range(2))
    documents = {model.subscription_id: model.dump() for model in (first, second)}
    for model, other in ((first, second), (second, first)):
        documents[model.subscription_id]["node"]["spare"] = {
            "name": "Node of a network",
            "subscription_instance_id": str(other.node.subscription_instance_id),
            "owner_subscription_id": str(other.subscription_id),
        }

    with pytest.raises(StepError, match="contains itself") as error:
        NodeInactive.load(documents[first.subscription_id], documents)

    assert error.value.failure_code == "reference-circle"


@pytest.mark.parametrize("data", [{}, {"product": {}}, {"product": {"product_id": str(NODE.product_id), "name": "x"}}])
def test_what_is_no_document_is_refused_as_such(data: dict[str, Any]) -> None:
    with pytest.raises(StepError, match="not a dumped subscription"):
        Node.load(data)


def test_the_values_must_fit_the_annotated_class_of_a_looser_status() -> None:
    _, port = node_and_port()

    with pytest.raises(StepError, match=r"it is a `PortInactive`.*As a `Port`: .*port_name is not set") as error:
        Port.load(port.whole())

    assert error.value.failure_code == "lifecycle-mismatch"


def test_a_used_block_that_does_not_fit_is_named_by_its_own_subscription() -> None:
    node, port = node_and_port()
    document, used = port.dump(), node.dump()
    used["node"]["node_name"] = ["not", "a", "name"]

    with pytest.raises(StepError) as error:
        PortInactive.load(document, {node.subscription_id: used})

    assert error.value.failure_code == "model-invalid"
    message = error.value.message
    assert message.index(str(node.subscription_id)) < message.index(str(port.subscription_id))
    assert "correct the stored document of that subscription" in message
    assert "port.node.node_name" in message


@pytest.mark.parametrize("is_used_wrong_too", [False, True])
def test_an_own_value_that_does_not_fit_is_named_by_the_loading_subscription(is_used_wrong_too: bool) -> None:
    node, port = node_and_port()
    document, used = port.dump(), node.dump()
    document["port"]["port_name"] = {"not": "a name"}
    if is_used_wrong_too:
        used["node"]["node_name"] = 5.5

    with pytest.raises(StepError, match="cannot be loaded as a `PortInactive`") as error:
        PortInactive.load(document, {node.subscription_id: used})

    assert str(port.subscription_id) in error.value.message
