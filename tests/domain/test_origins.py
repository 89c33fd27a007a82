import copy
import pickle
from typing import Any
from uuid import UUID

import pytest
from support.network import (
    ACTIVE,
    NODE,
    PORT,
    CircuitBlockInactive,
    Node,
    NodeBlockInactive,
    NodeInactive,
    Port,
    PortBlockInactive,
    PortInactive,
)

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel
from orchestrator_gql.domain.documents import documents_of
from orchestrator_gql.utils.errors import WorkflowDefinitionError


def node() -> Node:
    """An active node, as it is loaded."""
    made = NodeInactive.from_product_id(NODE.product_id, "uva", description="The node")
    made.node.node_name = "ams-1"
    return Node.load(SubscriptionModel.from_other_lifecycle(made, ACTIVE).dump())


def port_at(owner: Node) -> PortInactive:
    """A new port that uses the block of the node."""
    made = PortInactive.from_product_id(PORT.product_id, "uva", description="The port")
    made.port.port_name, made.port.node = "ge-0/0/0", owner.node
    return made


def loaded_port(owner: Node) -> Port:
    """An active port at the node, as it is loaded."""
    document = SubscriptionModel.from_other_lifecycle(port_at(owner), ACTIVE).dump()
    return Port.load(document, {owner.subscription_id: owner.dump(), UUID(document["subscription_id"]): document})


def test_the_subscription_of_a_block_is_the_loaded_one() -> None:
    loaded = node()

    assert loaded.node.subscription is loaded


def test_the_subscription_of_a_block_of_another_subscription_is_its_owner() -> None:
    owner = node()
    loaded = loaded_port(owner)

    assert loaded.port.subscription is loaded
    foreign = loaded.port.node.subscription
    assert (type(foreign), foreign.description, foreign.subscription_id) == (Node, "The node", owner.subscription_id)
    assert loaded.port.node.subscription is foreign


def test_the_subscription_of_a_new_block_is_the_one_that_was_made_with_it() -> None:
    owner = node()
    made = port_at(owner)

    assert made.port.subscription is made
    assert made.port.node is not None
    assert made.port.node.subscription is owner


def test_a_change_of_the_status_keeps_the_owners() -> None:
    owner = node()
    made = port_at(owner)

    active = Port.from_other_lifecycle(made, ACTIVE)

    assert active.port.subscription is active
    assert active.port.node.subscription is owner


def test_a_block_alone_has_no_subscription() -> None:
    assert NodeBlockInactive.new().subscription is None


@pytest.mark.parametrize("other", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_subscription_is_equal_and_its_blocks_have_an_owner(other: Any) -> None:
    loaded = loaded_port(node())

    copied = other(loaded)

    assert copied == loaded
    assert copied.port.subscription.subscription_id == loaded.subscription_id
    assert not documents_of([copied])[0].is_changed


def test_a_block_that_is_read_through_its_owner_is_not_changed_by_it() -> None:
    loaded = loaded_port(node())
    loaded.port.node.subscription.description = "Not saved"

    (document,) = documents_of([loaded])

    assert not document.is_changed


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("by_name", [True, False])
def test_a_new_block_takes_its_subscription_by_name_or_first(by_name: bool, as_text: bool) -> None:
    id: Any = UUID(int=7)
    id = str(id) if as_text else id

    made = PortBlockInactive.new(subscription_id=id) if by_name else PortBlockInactive.new(id, port_name="ge-0")

    assert made.owner_subscription_id == UUID(int=7)


def test_the_new_blocks_in_a_new_block_belong_to_the_same_subscription() -> None:
    ports = [PortBlockInactive.new(node=NodeBlockInactive.new())]

    made = CircuitBlockInactive.new(subscription_id=UUID(int=7), ports=ports)

    assert made.ports[0].owner_subscription_id == UUID(int=7)
    assert made.ports[0].node is not None
    assert made.ports[0].node.owner_subscription_id == UUID(int=7)


def test_a_foreign_block_in_a_new_block_keeps_its_owner() -> None:
    owner = node()

    made = PortBlockInactive.new(subscription_id=UUID(int=7), node=owner.node)

    assert made.node is not None
    assert made.node.owner_subscription_id == owner.subscription_id


def test_a_field_cannot_have_the_name_of_the_owner() -> None:
    with pytest.warns(UserWarning, match="shadows"), pytest.raises(WorkflowDefinitionError, match="declares subscrip"):

        class Odd(ProductBlockModel, product_block_name="Odd block of origins"):
            subscription: str | None = None
