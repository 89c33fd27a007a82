"""The lifecycle of an L2VPN, from order to termination, as the author of its workflows sees it."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from annotated_types import Len
from pydantic import Field, computed_field

from orchestrator_gql.domain import (
    SAFE_TRANSITIONS,
    ProductBlockModel,
    SubscriptionModel,
    accepts,
    documents_of,
    is_lifecycle,
    register_product,
)
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError, UnsafeTransition

INITIAL, PROVISIONING, ACTIVE, MIGRATING, DISABLED, TERMINATED = SubscriptionLifecycle


class NodeBlockInactive(ProductBlockModel, product_block_name="Node"):
    node_name: str | None = None


class NodeBlock(NodeBlockInactive, lifecycle=[PROVISIONING, ACTIVE]):
    node_name: str


class PortBlockInactive(ProductBlockModel, product_block_name="Port"):
    port_name: str | None = None
    node: NodeBlockInactive | None = None


class PortBlockProvisioning(PortBlockInactive, lifecycle=[PROVISIONING]):
    port_name: str
    node: NodeBlock


class PortBlock(PortBlockProvisioning, lifecycle=[ACTIVE]):
    @computed_field  # type: ignore[prop-decorator]
    @property
    def title(self) -> str:
        return f"{self.node.node_name}:{self.port_name}"


class SapBlockInactive(ProductBlockModel, product_block_name="SAP"):
    vlan: int | None
    port: PortBlockInactive | None


class SapBlockProvisioning(SapBlockInactive, lifecycle=[PROVISIONING]):
    vlan: int
    port: PortBlockProvisioning


class SapBlock(SapBlockProvisioning, lifecycle=[ACTIVE]):
    port: PortBlock


class VirtualCircuitBlockInactive(ProductBlockModel, product_block_name="VirtualCircuit"):
    saps: Annotated[list[SapBlockInactive], Len(2, 8)]
    ims_id: int | None = None
    tags: list[str]


class VirtualCircuitBlockProvisioning(VirtualCircuitBlockInactive, lifecycle=[PROVISIONING]):
    saps: Annotated[list[SapBlockProvisioning], Len(2, 8)]  # type: ignore[assignment]


class VirtualCircuitBlock(VirtualCircuitBlockProvisioning, lifecycle=[ACTIVE]):
    saps: Annotated[list[SapBlock], Len(2, 8)]  # type: ignore[assignment]
    ims_id: int


class L2vpnInactive(SubscriptionModel, is_base=True):
    speed: int
    virtual_circuit: VirtualCircuitBlockInactive


class L2vpnProvisioning(L2vpnInactive, lifecycle=[PROVISIONING]):
    virtual_circuit: VirtualCircuitBlockProvisioning


class L2vpn(L2vpnProvisioning, lifecycle=[ACTIVE]):
    virtual_circuit: VirtualCircuitBlock


PRODUCT = register_product(
    name="L2VPN of these tests",
    description="A point-to-point circuit",
    product_type="L2VPN",
    tag="L2",
    model=L2vpnInactive,
    fixed_inputs={"speed": 1000, "colour": "blue"},
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 23, 18, tzinfo=UTC)


def new_order() -> L2vpnInactive:
    return L2vpnInactive.from_product_id(PRODUCT.product_id, "SURF")


def designed_order() -> L2vpnInactive:
    subscription = new_order()
    for index, sap in enumerate(subscription.virtual_circuit.saps):
        node = NodeBlockInactive.new(node_name=f"node-{index}")
        sap.vlan = 100 + index
        sap.port = PortBlockInactive.new(port_name=f"ge-0/0/{index}", node=node)
    return subscription


def provisioned_subscription() -> L2vpnProvisioning:
    return L2vpnProvisioning.from_other_lifecycle(designed_order(), PROVISIONING)


def active_subscription() -> L2vpn:
    subscription = provisioned_subscription()
    subscription.virtual_circuit.ims_id = 7
    return L2vpn.from_other_lifecycle(subscription, ACTIVE, now=NOON)


def at(status: SubscriptionLifecycle) -> SubscriptionModel:
    return L2vpnInactive.load(active_subscription().dump() | {"status": status})


def test_an_order_has_the_facts_of_its_product_and_empty_blocks() -> None:
    subscription = new_order()

    assert type(subscription) is L2vpnInactive
    assert subscription.product == PRODUCT
    assert (subscription.customer_id, subscription.status, subscription.insync) == ("SURF", INITIAL, False)
    assert subscription.description == "A point-to-point circuit"
    assert subscription.speed == 1000
    assert subscription.virtual_circuit.name == "VirtualCircuit"
    assert subscription.virtual_circuit.tags == []
    assert [(sap.vlan, sap.port) for sap in subscription.virtual_circuit.saps] == [(None, None), (None, None)]
    assert subscription.start_date is None


def test_every_block_has_an_identity_of_its_own() -> None:
    first, second = new_order(), new_order()

    blocks = [first.virtual_circuit, *first.virtual_circuit.saps, second.virtual_circuit]

    assert len({block.subscription_instance_id for block in blocks}) == 4
    assert first.subscription_id.version == 7
    assert first.subscription_id != second.subscription_id


def test_an_order_takes_the_passed_values() -> None:
    saps = [SapBlockInactive.new(vlan=vlan) for vlan in (10, 20, 30)]
    circuit = VirtualCircuitBlockInactive.new(saps=saps)

    subscription = L2vpnInactive.from_product_id(
        str(PRODUCT.product_id), "SURF", description="Ams-Utr", speed=10, virtual_circuit=circuit
    )

    assert subscription.description == "Ams-Utr"
    assert subscription.speed == 10
    assert [sap.vlan for sap in subscription.virtual_circuit.saps] == [10, 20, 30]


def test_an_order_may_begin_in_the_class_of_a_later_status() -> None:
    circuit = active_subscription().virtual_circuit

    subscription = SubscriptionModel.from_product_id(PRODUCT.product_id, "SURF", ACTIVE, virtual_circuit=circuit)

    assert isinstance(subscription, L2vpn)
    assert subscription.start_date is not None


def test_an_order_without_a_required_field_is_refused_with_the_field() -> None:
    with pytest.raises(StepError, match=r"`NodeBlock` cannot be made of these values: node_name is not set\.") as error:
        L2vpnInactive.from_product_id(PRODUCT.product_id, "SURF", PROVISIONING)

    assert error.value.failure_code == "model-invalid"


@pytest.mark.parametrize("product_id", [uuid4(), "no id at all"])
def test_an_unknown_product_cannot_be_ordered(product_id: UUID | str) -> None:
    with pytest.raises(StepError, match=f"no product {str(product_id)!r}.*register_product"):
        SubscriptionModel.from_product_id(product_id, "SURF")


def test_an_order_cannot_have_the_class_of_a_later_status() -> None:
    with pytest.raises(StepError, match="in the status initial it is a `L2vpnInactive`") as error:
        L2vpnProvisioning.from_product_id(PRODUCT.product_id, "SURF")

    assert error.value.failure_code == "lifecycle-mismatch"


def test_a_misspelt_field_is_refused() -> None:
    subscription = new_order()

    with pytest.raises(ValueError, match="virtual_circut"):
        subscription.virtual_circut = None  # type: ignore[attr-defined]


def test_an_assigned_value_is_validated_at_once() -> None:
    subscription = new_order()

    with pytest.raises(ValueError, match="vlan: Input should be a valid integer"):
        subscription.virtual_circuit.saps[0].vlan = "twelve"  # type: ignore[assignment]


@pytest.mark.parametrize("name", ["status", "subscription_id", "product"])
def test_the_identity_of_a_subscription_cannot_be_assigned(name: str) -> None:
    subscription = new_order()

    with pytest.raises(ValueError, match=f"does not let a step assign {name!r}"):
        setattr(subscription, name, getattr(subscription, name))


def test_a_provisioned_subscription_is_read_by_attributes_as_the_page_does() -> None:
    subscription = provisioned_subscription()

    port_a = subscription.virtual_circuit.saps[0].port
    port_b = subscription.virtual_circuit.saps[1].port

    assert type(subscription) is L2vpnProvisioning
    assert (port_a.node.node_name, port_b.node.node_name) == ("node-0", "node-1")
    assert (port_a.port_name, subscription.virtual_circuit.saps[0].vlan) == ("ge-0/0/0", 100)


def test_a_status_change_keeps_every_identity_and_the_original_object() -> None:
    before = designed_order()

    after = L2vpnInactive.from_other_lifecycle(before, PROVISIONING)

    assert before.status is INITIAL
    assert after.subscription_id == before.subscription_id
    identities = [sap.subscription_instance_id for sap in after.virtual_circuit.saps]
    assert identities == [sap.subscription_instance_id for sap in before.virtual_circuit.saps]


def test_a_subscription_with_missing_fields_cannot_change_its_status_and_each_field_is_named() -> None:
    subscription = designed_order()
    subscription.virtual_circuit.saps[1].vlan = None
    subscription.virtual_circuit.saps[0].port = None

    with pytest.raises(StepError) as error:
        L2vpnProvisioning.from_other_lifecycle(subscription, PROVISIONING)

    assert error.value.message == (
        f"L2VPN of these tests subscription {subscription.subscription_id} cannot become provisioning: "
        "virtual_circuit.saps[0].port is not set; virtual_circuit.saps[1].vlan is not set. "
        "Set these values before the status."
    )
    assert error.value.failure_code == "model-invalid"


def test_only_the_first_ten_errors_are_listed_and_the_others_counted() -> None:
    saps = [SapBlockInactive.new() for _ in range(8)]
    subscription = L2vpnInactive.from_product_id(
        PRODUCT.product_id, "SURF", virtual_circuit=VirtualCircuitBlockInactive.new(saps=saps)
    )

    with pytest.raises(StepError, match=r"saps\[4\].port is not set; and 6 more\."):
        L2vpnProvisioning.from_other_lifecycle(subscription, PROVISIONING)


def test_the_start_date_is_the_first_activation_and_the_end_date_the_termination() -> None:
    active = active_subscription()

    again = L2vpn.from_other_lifecycle(active, ACTIVE, now=EVENING)
    ended = SubscriptionModel.from_other_lifecycle(again, TERMINATED, now=EVENING)

    assert (again.start_date, again.end_date) == (NOON, None)
    assert (ended.start_date, ended.end_date) == (NOON, EVENING)
    assert type(ended) is L2vpnInactive


def test_the_clock_gives_the_time_if_no_time_is_passed() -> None:
    before = datetime.now(UTC)

    ended = L2vpnInactive.from_other_lifecycle(new_order(), TERMINATED)

    assert ended.end_date is not None
    assert before <= ended.end_date <= datetime.now(UTC)


def test_a_subscription_does_not_become_a_class_of_another_status() -> None:
    with pytest.raises(StepError, match="is no `L2vpn`: in the status provisioning it is a `L2vpnProvisioning`"):
        L2vpn.from_other_lifecycle(designed_order(), PROVISIONING)


@pytest.mark.parametrize("status", SubscriptionLifecycle)
@pytest.mark.parametrize("following", SubscriptionLifecycle)
def test_a_status_may_be_followed_by_itself_and_by_the_statuses_in_the_table(
    status: SubscriptionLifecycle, following: SubscriptionLifecycle
) -> None:
    subscription = at(status)

    try:
        changed: SubscriptionModel | None = SubscriptionModel.from_other_lifecycle(subscription, following)
    except UnsafeTransition:
        changed = None

    assert (changed is not None) is (following is status or following in SAFE_TRANSITIONS[status])


def test_an_unsafe_transition_lists_the_allowed_statuses() -> None:
    subscription = new_order()

    with pytest.raises(UnsafeTransition) as error:
        SubscriptionModel.from_other_lifecycle(subscription, DISABLED)

    assert error.value.message == (
        f"Subscription {subscription.subscription_id} is initial and cannot become disabled: "
        "it may become provisioning, active, terminated."
    )
    assert error.value.failure_code == "unsafe-transition"
    assert (error.value.status, error.value.following) == ("initial", "disabled")


def test_no_status_follows_terminated() -> None:
    ended = SubscriptionModel.from_other_lifecycle(new_order(), TERMINATED)

    with pytest.raises(UnsafeTransition, match="that is the end of its life"):
        SubscriptionModel.from_other_lifecycle(ended, ACTIVE)


@pytest.mark.parametrize("make", [new_order, designed_order, provisioned_subscription, active_subscription])
def test_a_dump_is_plain_json_and_loses_nothing(make: Any) -> None:
    subscription: L2vpnInactive = make()

    stored = json.loads(json.dumps(subscription.dump()))
    loaded = SubscriptionModel.load(stored)

    assert loaded == subscription
    assert type(loaded) is type(subscription)
    assert loaded.dump() == stored
    assert stored["product"]["name"] == "L2VPN of these tests"


def test_a_stricter_block_in_a_looser_field_is_dumped_in_full() -> None:
    subscription = designed_order()
    subscription.virtual_circuit.saps[0].port = active_subscription().virtual_circuit.saps[0].port

    port = subscription.whole()["virtual_circuit"]["saps"][0]["port"]
    assert (port["title"], port["node"]["node_name"]) == ("node-0:ge-0/0/0", "node-0")
    assert isinstance(subscription.virtual_circuit.saps[0].port, PortBlock)
    assert SubscriptionModel.load(subscription.whole()).subscription_id == subscription.subscription_id


def test_a_list_beyond_its_limits_cannot_be_saved() -> None:
    subscription = new_order()
    subscription.virtual_circuit.saps.extend(SapBlockInactive.new() for _ in range(7))

    with pytest.raises(
        StepError, match=r"saved with the status initial: virtual_circuit.saps: List should have at most 8"
    ):
        subscription.dump()


def test_a_status_that_was_forced_on_a_subscription_cannot_be_saved() -> None:
    subscription = provisioned_subscription().model_copy(update={"status": ACTIVE})

    with pytest.raises(StepError, match=r"cannot be saved with the status active: virtual_circuit\.ims_id is not set"):
        subscription.dump()


def test_a_field_that_a_later_release_removed_is_ignored() -> None:
    stored = new_order().dump() | {"colour": "blue"}
    stored["virtual_circuit"]["policer"] = True

    loaded = SubscriptionModel.load(stored)

    assert "colour" not in loaded.dump()


def test_stored_data_that_no_longer_fits_its_class_is_refused_with_the_subscription() -> None:
    stored = new_order().dump() | {"virtual_circuit": None}

    with pytest.raises(StepError, match=f"{stored['subscription_id']} cannot be loaded as .*: virtual_circuit is not"):
        SubscriptionModel.load(stored)


def test_a_subscription_is_accepted_as_its_class_or_a_looser_class() -> None:
    stored = active_subscription().dump()

    classes = {accepts(model, stored) for model in (SubscriptionModel, L2vpnInactive, L2vpnProvisioning, L2vpn)}

    assert classes == {L2vpn}


def test_a_subscription_is_refused_as_a_later_class() -> None:
    stored = new_order().dump()

    with pytest.raises(StepError) as error:
        accepts(L2vpnProvisioning, stored)

    assert error.value.message == (
        f"L2VPN of these tests subscription {stored['subscription_id']} is no `L2vpnProvisioning`: in the status "
        "initial it is a `L2vpnInactive`. Change its status first, or ask for a `L2vpnInactive`."
    )
    assert error.value.failure_code == "lifecycle-mismatch"


class OtherInactive(SubscriptionModel, is_base=True):
    pass


def test_a_subscription_to_another_product_is_refused() -> None:
    with pytest.raises(StepError, match="is no `OtherInactive`: the model of its product is `L2vpnInactive`"):
        OtherInactive.load(new_order().dump())


def test_a_subscription_of_an_unregistered_product_needs_a_class_of_its_family() -> None:
    stored = OtherInactive(product=PRODUCT.model_copy(update={"product_id": uuid4()}), customer_id="SURF").dump()

    loaded = OtherInactive.load(stored)

    assert type(loaded) is OtherInactive
    with pytest.raises(StepError, match=stored["product"]["product_id"]):
        SubscriptionModel.load(stored)


@pytest.mark.parametrize("spoilt", [{"status": "asleep"}, {"product": None}, {"product": {}}])
def test_data_that_is_no_dumped_subscription_is_refused(spoilt: dict[str, Any]) -> None:
    stored = new_order().dump() | spoilt

    with pytest.raises(StepError, match="The value is not a dumped subscription"):
        accepts(SubscriptionModel, stored)


@pytest.mark.parametrize(
    ("status", "classes"),
    [
        (INITIAL, [L2vpnInactive]),
        (PROVISIONING, [L2vpnInactive, L2vpnProvisioning]),
        (ACTIVE, [L2vpnInactive, L2vpnProvisioning, L2vpn]),
        (MIGRATING, [L2vpnInactive, L2vpnProvisioning]),
        (DISABLED, [L2vpnInactive]),
        (TERMINATED, [L2vpnInactive]),
    ],
)
def test_a_status_without_a_class_has_the_nearest_looser_class(
    status: SubscriptionLifecycle, classes: list[type[L2vpnInactive]]
) -> None:
    standing = [model for model in (L2vpnInactive, L2vpnProvisioning, L2vpn) if is_lifecycle(model, status)]

    assert standing == classes
    assert type(at(status)) is classes[-1]


class NotedBlock(ProductBlockModel, product_block_name="Noted block"):
    notes: dict[str, Any] = Field(default_factory=dict)
    anything: Any = None


class Noted(SubscriptionModel, is_base=True):
    block: NotedBlock


NOTED = register_product(name="Noted", model=Noted)


@pytest.mark.parametrize("change", ["notes", "anything"])
def test_a_change_deep_within_a_value_of_any_type_is_a_change(change: str) -> None:
    made = Noted.from_product_id(NOTED.product_id, "SURF")
    made.block.notes = {"rack": {"unit": [1]}}
    made.block.anything = {"rack": {"unit": [1]}}
    loaded = Noted.load(json.loads(json.dumps(made.dump())))
    (untouched,) = documents_of([loaded])

    getattr(loaded.block, change)["rack"]["unit"].append(2)
    (document,) = documents_of([loaded])

    assert not untouched.is_changed
    assert document.is_changed
