"""The behaviours of the family's own tests of domain models (`test_base*.py`, `test_lifecycle.py`), under their names.

`docs/decisions/0041-the-language-of-products.md` says where ours differ on purpose. To save is to dump here, and to
load is to load the dumped document: `tests/storage` does both with databases.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from annotated_types import Len
from pydantic import Field, computed_field

from orchestrator_gql.domain import SubscriptionModel, documents_of, products, register_product
from orchestrator_gql.domain.base import SI, ProductBlockModel
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import NotFound, StepError, WorkflowDefinitionError

INITIAL, PROVISIONING, ACTIVE, MIGRATING, DISABLED, TERMINATED = SubscriptionLifecycle


class SubInactive(ProductBlockModel, product_block_name="Upstream sub"):
    int_field: int | None = None
    str_field: str | None = None


class SubProvisioning(SubInactive, lifecycle=[PROVISIONING]):
    int_field: int


class Sub(SubProvisioning, lifecycle=[ACTIVE]):
    str_field: str


class SubTwoInactive(ProductBlockModel, product_block_name="Upstream sub two"):
    int_field_2: int | None = None


class SubTwo(SubTwoInactive, lifecycle=[ACTIVE]):
    int_field_2: int


class BlockInactive(ProductBlockModel, product_block_name="Upstream block"):
    int_field: int | None = None
    list_field: list[int] = Field(default_factory=list)
    bool_field: list[bool] = Field(default_factory=list)
    sub_block: SubInactive
    sub_block_2: SubInactive | None = None
    sub_block_list: list[SubInactive]
    union_block: SubInactive | SubTwoInactive | None = None
    union_blocks: list[SubInactive | SubTwoInactive] = Field(default_factory=list)
    inner: "BlockInactive | None" = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def title(self) -> str:
        """The text that is stored beside the fields."""
        return f"{self.int_field} with {self.sub_block.int_field}"


class BlockProvisioning(BlockInactive, lifecycle=[PROVISIONING]):
    sub_block: SubProvisioning
    sub_block_2: SubProvisioning | None = None
    sub_block_list: list[SubProvisioning]  # type: ignore[assignment]
    union_block: SubProvisioning | SubTwoInactive | None = None
    union_blocks: list[SubProvisioning | SubTwoInactive] = Field(default_factory=list)  # type: ignore[assignment]
    inner: "BlockProvisioning | None" = None


class Block(BlockProvisioning, lifecycle=[ACTIVE]):
    int_field: int
    sub_block: Sub
    sub_block_2: Sub | None = None
    sub_block_list: list[Sub]  # type: ignore[assignment]
    union_block: Sub | SubTwo | None = None
    union_blocks: list[Sub | SubTwo] = Field(default_factory=list)  # type: ignore[assignment]
    inner: "Block | None" = None


class OneInactive(SubscriptionModel, is_base=True):
    speed: int
    block: BlockInactive


class OneProvisioning(OneInactive, lifecycle=[PROVISIONING]):
    block: BlockProvisioning


class One(OneProvisioning, lifecycle=[ACTIVE]):
    block: Block


ONE = register_product(name="Upstream one", model=One, fixed_inputs={"speed": 10})
CUSTOMER = "uva"
Stored = dict[UUID, Mapping[str, Any]]


def new(**values: Any) -> OneInactive:
    return OneInactive.from_product_id(ONE.product_id, CUSTOMER, **values)


def sub(number: int, owner: SubscriptionModel | None = None) -> SubInactive:
    return SubInactive.new(owner.subscription_id if owner else None, int_field=number, str_field=str(number))


def saved(subscription: SubscriptionModel, stored: Stored | None = None) -> Stored:
    """The stored documents, with that of the subscription."""
    (document,) = documents_of([subscription])
    return {**(stored or {}), subscription.subscription_id: document.data}


def loaded(stored: Stored, subscription: SubscriptionModel) -> One:
    return One.load(stored[subscription.subscription_id], stored)


def made(number: int, **blocks: Any) -> One:
    """An active subscription whose sub blocks have numbers, unless others are given."""
    made = new()
    made.block.int_field = number
    made.block.sub_block = blocks.pop("sub_block", None) or sub(number * 10, made)
    for name, block in blocks.items():
        setattr(made.block, name, block)
    return One.from_other_lifecycle(made, ACTIVE)


# --- test_base.py


def test_product_block_metadata() -> None:
    assert Sub.new(int_field=1, str_field="a").name == "Upstream sub"
    assert products.by_name("Upstream one").facts == ONE
    assert {facts.name for facts in (product.facts for product in products.of_model(One))} == {"Upstream one"}


def test_product_block_one_nested() -> None:
    inner = made(2).block
    outer = made(1, inner=inner)
    stored = saved(outer, saved(made(2)))

    nested = loaded({**stored, **saved_owner(inner)}, outer).block.inner

    assert nested is not None
    assert (type(nested), nested.int_field) == (Block, 2)


def saved_owner(block: ProductBlockModel) -> Stored:
    """The document of the subscription that owns the block."""
    return saved(block.subscription)


def test_product_block_list_nested() -> None:
    made_ = new()
    made_.block.sub_block_list = [sub(1, made_), sub(2, made_)]

    again = OneInactive.load(made_.dump())

    assert [block.int_field for block in again.block.sub_block_list] == [1, 2]


@pytest.mark.parametrize(
    ("status", "model"),
    [
        (INITIAL, OneInactive),
        (PROVISIONING, OneProvisioning),
        (ACTIVE, One),
        (MIGRATING, OneProvisioning),  # differs: upstream uses the base for a status without a class
        (DISABLED, OneInactive),
        (TERMINATED, OneInactive),
    ],
)
def test_lifecycle_specific(status: SubscriptionLifecycle, model: type[OneInactive]) -> None:
    block = BlockInactive.new(sub_block=sub(1), int_field=1).model_dump(round_trip=True)

    made_ = OneInactive.from_product_id(ONE.product_id, CUSTOMER, status, block=block)

    assert type(made_) is model


def test_lifecycle() -> None:
    """Also `test_change_lifecycle`: each stricter class needs its fields, and the blocks change their classes too."""
    made_ = new()
    with pytest.raises(StepError, match="int_field is not set"):
        OneProvisioning.from_other_lifecycle(made_, PROVISIONING)
    made_.block.sub_block.int_field = 1

    provisioning = OneProvisioning.from_other_lifecycle(made_, PROVISIONING)
    assert type(provisioning.block.sub_block) is SubProvisioning
    with pytest.raises(StepError, match="str_field is not set"):
        One.from_other_lifecycle(provisioning, ACTIVE)
    provisioning.block.int_field, provisioning.block.sub_block.str_field = 1, "a"

    active = One.from_other_lifecycle(provisioning, ACTIVE)
    assert type(active.block.sub_block) is Sub
    assert active.start_date is not None


def test_product_blocks_per_lifecycle() -> None:
    with pytest.raises(ValueError, match="sub_block"):
        made(1).block.sub_block = sub(1)  # type: ignore[assignment]


def test_save_load() -> None:
    active = made(1)

    assert loaded(saved(active), active) == active


ListOf = Annotated[list[SI], Len(min_length=1, max_length=2)]


class ListedInactive(SubscriptionModel, is_base=True):
    saps: ListOf[SubInactive]
    more: list[SubInactive]
    maybe: SubInactive | None = None


LISTED = register_product(name="Upstream listed", model=ListedInactive)


def listed() -> ListedInactive:
    return ListedInactive.from_product_id(LISTED.product_id, CUSTOMER)


def test_update_constrained_lists() -> None:
    """Also `test_subscription_instance_list`."""
    made_ = listed()
    assert [block.int_field for block in made_.saps] == [None]

    made_.saps = [sub(3, made_)]

    assert ListedInactive.load(made_.dump()) == made_
    with pytest.raises(ValueError, match="at least 1 item"):
        made_.saps = []
    with pytest.raises(ValueError, match="at most 2 items"):
        made_.saps = [sub(1), sub(2), sub(3)]
    made_.saps.clear()
    with pytest.raises(StepError, match="saps: List should have at least 1 item"):
        documents_of([made_])


def test_update_lists() -> None:
    made_ = listed()
    made_.more = [sub(3, made_)]

    assert ListedInactive.load(made_.dump()) == made_


def test_update_optional() -> None:
    made_ = listed()
    made_.maybe = sub(3, made_)

    assert ListedInactive.load(made_.dump()) == made_


def test_generic_from_subscription() -> None:
    active = made(1)

    assert type(SubscriptionModel.load(active.dump())) is One


def test_label_is_saved() -> None:
    active = made(1)
    document = active.dump()

    assert document["block"]["title"] == "1 with 10"
    assert One.load(document).block.title == "1 with 10"


def test_removal_of_domain_attrs() -> None:
    document = made(1).dump()
    del document["block"]["sub_block"]

    with pytest.raises(StepError, match=r"cannot be loaded as a `One`: block\.sub_block is not set"):
        One.load(document)


class AbstractInactive(ProductBlockModel):
    str_field: str | None = None
    list_field: list[int] = Field(default_factory=list)


class AbstractProvisioning(AbstractInactive, lifecycle=[PROVISIONING]):
    list_field: list[int]


class Abstract(AbstractProvisioning, lifecycle=[ACTIVE]):
    str_field: str


class ConcreteInactive(AbstractInactive, product_block_name="Upstream concrete"):
    int_field: int | None = None


class ConcreteProvisioning(ConcreteInactive, AbstractProvisioning, lifecycle=[PROVISIONING]):
    list_field: list[int]
    int_field: int


class Concrete(ConcreteProvisioning, Abstract, lifecycle=[ACTIVE]):
    str_field: str


class AbstractTypeInactive(SubscriptionModel):
    block: AbstractInactive


class AbstractType(AbstractTypeInactive):
    block: Abstract


class ConcreteTypeInactive(AbstractTypeInactive, is_base=True):
    block: ConcreteInactive


class ConcreteType(ConcreteTypeInactive, AbstractType, lifecycle=[ACTIVE]):
    block: Concrete


CONCRETE = register_product(name="Upstream concrete", model=ConcreteType)


def test_abstract_super_block() -> None:
    """Also `test_from_other_lifecycle_abstract`."""
    with pytest.raises(StepError, match="product_block_name="):
        AbstractInactive.new()
    made_ = ConcreteTypeInactive.from_product_id(CONCRETE.product_id, CUSTOMER)
    made_.block = ConcreteInactive.new(made_.subscription_id, int_field=1, str_field="bla", list_field=[1])
    as_abstract = AbstractTypeInactive.load(made_.dump())
    assert (type(as_abstract), type(as_abstract.block)) == (ConcreteTypeInactive, ConcreteInactive)

    active = SubscriptionModel.from_other_lifecycle(made_, ACTIVE)

    again = AbstractType.load(active.dump())
    assert (type(again), type(again.block)) == (ConcreteType, Concrete)
    assert isinstance(again.block, Abstract)
    assert again == active


def test_from_other_lifecycle_sub() -> None:
    made_ = new()
    made_.block.int_field = 1
    made_.block.sub_block, made_.block.sub_block_2 = sub(1, made_), sub(2, made_)
    made_.block.sub_block_list = [sub(3, made_)]

    active = One.from_other_lifecycle(made_, ACTIVE)

    blocks = (active.block.sub_block, active.block.sub_block_2, *active.block.sub_block_list)
    assert [type(block) for block in blocks] == [Sub, Sub, Sub]
    before = (made_.block.sub_block, made_.block.sub_block_2, *made_.block.sub_block_list)
    assert [block.subscription_instance_id for block in blocks if block] == [
        block.subscription_instance_id for block in before if block
    ]


@pytest.mark.parametrize(
    ("name", "values"), [("list_field", [10, 0, 20, 30, 40, 0, 0]), ("bool_field", [True, False, True, False])]
)
def test_subscription_save_list_with_zero_values(name: str, values: list[Any]) -> None:
    """Also `test_subscription_save_bool_list_with_false_values`; ours keeps the order, upstream sorts the values."""
    active = made(1)
    setattr(active.block, name, values)

    assert getattr(loaded(saved(active), active).block, name) == values


def test_subscription_model_registry() -> None:
    """Also the fixed inputs: a product without its class is refused, a subscription has the values of its product."""
    assert new().speed == 10
    with pytest.raises(NotFound, match="no product 'nothing'"):
        products.by_name("nothing")
    with pytest.raises(StepError, match="register_product"):
        One.from_product_id(uuid4(), CUSTOMER)


# --- test_base_multiple.py


def test_2_field_blocks_from_current_subscription() -> None:
    active = made(10, sub_block_2=sub(101))

    again = loaded(saved(active), active)

    assert again.block.sub_block_2 is not None
    assert (again.block.sub_block.int_field, again.block.sub_block_2.int_field) == (100, 101)


@pytest.mark.parametrize(
    ("field", "other"),
    [("sub_block_2", "sub_block"), ("sub_block", "sub_block"), ("sub_block_list", "sub_block")],
    ids=[
        "test_2_field_blocks_from_current_and_other_subscription",
        "test_2_field_blocks_from_1_other_subscription",
        "test_2_field_blocks_from_current_subscription_and_1_list_block_from_other_subscription",
    ],
)
def test_blocks_of_another_subscription(field: str, other: str) -> None:
    owner = made(20)
    block = getattr(owner.block, other)
    user = made(10, **{field: [block] if field.endswith("list") else block})
    stored = saved(user, saved(owner))
    owner.block.sub_block.int_field = 999

    again = loaded({**stored, **saved(owner)}, user)

    found = getattr(again.block, field)
    found = found[0] if isinstance(found, list) else found
    assert (found.int_field, found.owner_subscription_id) == (999, owner.subscription_id)


@pytest.mark.parametrize("count", [1, 2])
def test_2_field_blocks_from_2_other_subscriptions(count: int) -> None:
    """Also the tests with two list blocks of one or of two other subscriptions."""
    owners = [made(number, sub_block_list=[sub(number)]) for number in (20, 30)[:count]]
    blocks = [owners[0].block.sub_block, owners[-1].block.sub_block_list[0]]
    user = made(10, sub_block=blocks[0], sub_block_list=blocks)
    stored = saved(user)
    for owner in owners:
        stored = saved(owner, stored)

    again = loaded(stored, user)

    assert [block.int_field for block in again.block.sub_block_list] == [200, 20 if count == 1 else 30]


def test_2_field_identical_blocks_from_1_other_subscription() -> None:
    """Differs: upstream refuses the same block twice; here both places refer to it, and are loaded alike."""
    owner = made(20)
    user = made(10, sub_block=owner.block.sub_block, sub_block_2=owner.block.sub_block)

    again = loaded(saved(user, saved(owner)), user)

    assert again.block.sub_block == again.block.sub_block_2 == owner.block.sub_block


def test_own_identical_blocks_that_differ_are_refused() -> None:
    """As upstream refuses the same block twice: nobody could say which of the two is right."""
    active = made(10)
    active.block.sub_block_2 = active.block.sub_block
    assert documents_of([active])
    again = loaded(saved(active), active)
    again.block.sub_block.int_field = 999

    with pytest.raises(StepError, match=r"block\.sub_block and block\.sub_block_2 are the same block") as error:
        documents_of([again])

    assert error.value.failure_code == "block-twice"


# --- test_base_serializable_property.py: `computed_field` is our `serializable_property`


@pytest.mark.parametrize("depth", ["test_serializable_property", "test_nested_serializable_property"])
def test_serializable_property(depth: str) -> None:
    """Also `test_inherited_serializable_property`: the stricter class inherits it."""
    active = made(1)
    user = made(2, inner=active.block)

    inner = loaded(saved(user, saved(active)), user).block.inner

    assert inner is not None
    assert (inner if depth.startswith("test_nested") else active.block).title == "1 with 10"
    assert user.whole()["block"]["inner"]["title"] == "1 with 10"


# --- test_base_with_union.py, test_base_with_list_union.py


@pytest.mark.parametrize("kind", ["test_product_model_with_union_type_directly_below", "test_union_block_as_sub"])
@pytest.mark.parametrize(("block", "model"), [(sub(1), Sub), (SubTwoInactive.new(int_field_2=2), SubTwo)])
def test_unions_of_blocks(kind: str, block: Any, model: type) -> None:
    active = made(1, union_block=block) if kind.endswith("sub") else made(1, union_blocks=[block, sub(7)])

    again = loaded(saved(active), active)

    found = again.block.union_block if kind.endswith("sub") else again.block.union_blocks[0]
    assert type(found) is model
    assert again == active


def test_product_model_with_list_union_type_directly_below() -> None:
    """Also with an overlap of the relations, and as a sub block: the kinds stay apart, and their order is kept."""
    active = made(1, union_blocks=[sub(1), SubTwoInactive.new(int_field_2=2), sub(3)], sub_block_list=[sub(1)])

    again = loaded(saved(active), active)

    assert [type(block) for block in again.block.union_blocks] == [Sub, SubTwo, Sub]
    assert [type(block) for block in again.block.sub_block_list] == [Sub]


# --- test_lifecycle.py


def test_invalid_lifecycle_status() -> None:
    with pytest.raises(WorkflowDefinitionError, match="stands for provisioning, but its sub_block is a `SubInactive`"):

        class Wrong(BlockInactive, lifecycle=[PROVISIONING]):
            sub_block: SubInactive


def test_invalid_lifecycle_status_union() -> None:
    class PairInactive(ProductBlockModel, product_block_name="Upstream pair"):
        sub_block: SubInactive

    with pytest.raises(WorkflowDefinitionError, match="stands for provisioning, but its sub_block is a `SubInactive`"):

        class Pair(PairInactive, lifecycle=[PROVISIONING]):
            sub_block: SubProvisioning | SubInactive


@pytest.mark.parametrize("status", [INITIAL, PROVISIONING, MIGRATING, DISABLED, TERMINATED])
def test_validate_subscription_model_product_type_invalid_lifecycle_error(status: SubscriptionLifecycle) -> None:
    document = made(1).dump() | {"status": str(status)}
    del document["block"]["sub_block"]["str_field"]

    with pytest.raises(StepError, match="is no `One`: in the status") as error:
        One.load(document)

    assert error.value.failure_code == "lifecycle-mismatch"


def test_validate_subscription_model_product_type_correct_type() -> None:
    """Differs: a document that fits the annotated class is loaded as that class, in any status."""
    document = made(1).dump() | {"status": "provisioning"}

    assert type(One.load(document)) is One
    assert type(OneInactive.load(document)) is OneProvisioning
