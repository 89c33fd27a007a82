"""What a step cannot do to product subscriptions: a typed failure with path, cause and fix, and nothing is saved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from annotated_types import Len
from sqlalchemy import select, update
from support.engine import Engine, engine_of
from support.network import begun, lock_of, rested

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.domain.base import SI
from orchestrator_gql.forms import FormPage
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests
from orchestrator_gql.storage.tables import product_subscriptions
from orchestrator_gql.types import FormGenerator, ProcessStatus, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.workflow import Workflow, workflow
from orchestrator_gql.workflows.utils import modify_workflow

pytestmark = pytest.mark.one_dispatcher

INITIAL, PROVISIONING, ACTIVE, MIGRATING, DISABLED, TERMINATED = SubscriptionLifecycle


class SapBlockInactive(ProductBlockModel, product_block_name="Sap that goes wrong"):
    vlan: int | None = None


class SapBlock(SapBlockInactive, lifecycle=[ACTIVE]):
    vlan: int


ListOfSaps = Annotated[list[SI], Len(min_length=1, max_length=2)]


class LinkBlockInactive(ProductBlockModel, product_block_name="Link that goes wrong"):
    saps: ListOfSaps[SapBlockInactive]
    spare: SapBlockInactive | None = None


class LinkBlock(LinkBlockInactive, lifecycle=[ACTIVE]):
    saps: ListOfSaps[SapBlock]  # type: ignore[assignment]
    spare: SapBlock


class LinkInactive(SubscriptionModel, is_base=True):
    link: LinkBlockInactive


class Link(LinkInactive, lifecycle=[ACTIVE]):
    link: LinkBlock


LINK = register_product(name="Link that goes wrong", model=Link)


def _link() -> LinkInactive:
    """A new link that can become active."""
    link = LinkInactive.from_product_id(LINK.product_id, "uva")
    link.link.saps[0].vlan, link.link.spare = 10, SapBlockInactive.new(vlan=20)
    return link


def _active() -> Link:
    return Link.from_other_lifecycle(_link(), ACTIVE)


@step("Make a link")
def make() -> State:
    link = _active()
    return {"subscription": link, "subscription_id": link.subscription_id}


def _of(*steps: Any) -> Workflow:
    @workflow("Go wrong")
    def go_wrong() -> StepList:
        joined = begin
        for each in steps:
            joined = joined >> each
        return joined

    return go_wrong


def _back_to_initial(subscription: Link) -> Any:
    return LinkInactive.from_other_lifecycle(subscription, INITIAL)


def _after_its_end(subscription: Link) -> Any:
    ended = SubscriptionModel.from_other_lifecycle(subscription, TERMINATED)
    return SubscriptionModel.from_other_lifecycle(ended, ACTIVE)


def _too_early(subscription: Link) -> Any:
    return Link.from_other_lifecycle(LinkInactive.from_product_id(LINK.product_id, "uva"), ACTIVE)


def _as_another_status(subscription: Link) -> Any:
    return Link.from_product_id(LINK.product_id, "uva", INITIAL)


def _without_a_block(subscription: Link) -> Any:
    subscription.link.__dict__["spare"] = None
    return subscription


def _with_too_few(subscription: Link) -> Any:
    subscription.link.saps.clear()
    return subscription


def _with_too_many(subscription: Link) -> Any:
    subscription.link.saps += [SapBlock.new(vlan=vlan) for vlan in (1, 2)]
    return subscription


def _with_a_loose_block(subscription: Link) -> Any:
    subscription.link.saps[0] = SapBlockInactive.new()  # type: ignore[call-overload]
    return subscription


def _with_a_wrong_value(subscription: Link) -> Any:
    subscription.link.saps[0].vlan = "ten"  # type: ignore[assignment]
    return subscription


def _with_a_forced_status(subscription: Link) -> Any:
    made = LinkInactive.from_product_id(LINK.product_id, "uva")
    made.__dict__["status"] = ACTIVE
    return made


def _of_an_unknown_product(subscription: Link) -> Any:
    return Link.from_product_id(UUID(int=1), "uva")


@dataclass(frozen=True)
class Wrong:
    """What a step does, and what its failure says: the code, and words for path, cause and fix."""

    does: Callable[[Link], Any]
    code: str
    words: tuple[str, ...]


WRONG = [
    Wrong(_back_to_initial, "unsafe-transition", ("is active and cannot become initial", "it may become provisioning")),
    Wrong(_after_its_end, "unsafe-transition", ("is terminated and cannot become active", "the end of its life")),
    Wrong(_too_early, "model-invalid", ("cannot become active", "link.saps[0].vlan is not set", "Set ")),
    Wrong(_as_another_status, "lifecycle-mismatch", ("`LinkInactive`", "`Link`", "ask for a")),
    Wrong(_without_a_block, "model-invalid", ("cannot be saved", "link.spare is not set", "Set ")),
    Wrong(_with_too_few, "model-invalid", ("cannot be saved", "link.saps: List should have at least 1 item", "Set ")),
    Wrong(_with_too_many, "model-invalid", ("`LinkBlock`", "saps: List should have at most 2 items", "Assign ")),
    Wrong(_with_a_loose_block, "model-invalid", ("cannot be saved", "link.saps[0].vlan is not set", "Set ")),
    Wrong(_with_a_wrong_value, "model-invalid", ("`SapBlock`", "vlan: Input should be a valid integer", "Assign ")),
    Wrong(_with_a_forced_status, "model-invalid", ("cannot be saved", "link.saps[0].vlan is not set", "Set ")),
    Wrong(_of_an_unknown_product, "product-unknown", (str(UUID(int=1)), LINK.name, "register_product")),
]


async def _subscriptions(engine: Engine) -> list[Any]:
    columns = (product_subscriptions.c.id, product_subscriptions.c.version, product_subscriptions.c.model)
    return await engine.read(lambda conn: list(conn.execute(select(*columns).order_by("id"))))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.does.__name__.strip("_"))
async def test_a_wrong_step_fails_with_path_cause_and_fix_and_saves_nothing(storage: str, wrong: Wrong) -> None:
    others: list[UUID] = []

    @step("Go wrong")
    def go_wrong(subscription: Link) -> State:
        good = _link()
        others.append(good.subscription_id)
        return {"good": good, "changed": 1, "bad": [wrong.does(subscription)]}

    async with engine_of(storage, workflow := _of(make, go_wrong)) as engine:
        process = await rested(engine, await begun(engine, workflow))
        stored = await _subscriptions(engine)

    assert (process.status, process.failure is not None) == (ProcessStatus.FAILED, True)
    assert process.failure is not None
    assert process.failure.code == wrong.code, process.failure
    for word in wrong.words:
        assert word in process.failure.message, process.failure.message
    assert [(str(row.id), row.version) for row in stored] == [(process.state["subscription_id"], 1)]
    assert "changed" not in process.state


def _lose_a_field(model: Any) -> None:
    del model["link"]["saps"][0]["vlan"]


def _spoil_a_field(model: Any) -> None:
    model["link"]["saps"][0]["vlan"] = "ten"


def _lose_a_block(model: Any) -> None:
    del model["link"]["spare"]


def _lose_the_items(model: Any) -> None:
    model["link"]["saps"] = []


def _refer_to_nothing(model: Any) -> None:
    model["link"]["spare"] = {
        "name": "Sap that goes wrong",
        "subscription_instance_id": str(uuid4()),
        "owner_subscription_id": str(uuid4()),
    }


def _have_an_unknown_status(model: Any) -> None:
    model["status"] = "sold"


def _be_another_block(model: Any) -> None:
    model["link"]["spare"]["name"] = "Link that goes wrong"


SPOILT = [
    (_lose_a_field, "model-invalid", ("cannot be loaded", "link.saps[0].vlan is not set", "Link")),
    (_spoil_a_field, "model-invalid", ("cannot be loaded", "link.saps[0].vlan", "valid integer", "Link")),
    (_lose_a_block, "model-invalid", ("cannot be loaded", "link.spare is not set", "Link")),
    (_lose_the_items, "model-invalid", ("cannot be loaded", "link.saps: List should have at least 1", "Link")),
    (_refer_to_nothing, "reference-unknown", ("link.spare refers to", "restore the block")),
    (_have_an_unknown_status, "model-invalid", ("status",)),
    (_be_another_block, "model-invalid", ("cannot be loaded", "link.spare.name", "this is a 'Link that goes wrong'")),
]


@inputstep("Ask")
def ask() -> FormGenerator:
    yield FormPage
    return {}


@step("Use it")
def use(subscription: Link) -> State:
    return {"subscription": subscription, "used": True}


@pytest.mark.parametrize(("spoil", "code", "words"), SPOILT, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_stored_document_that_no_longer_fits_fails_a_running_process_and_a_retry_goes_on(
    storage: str, spoil: Callable[[Any], None], code: str, words: tuple[str, ...]
) -> None:
    async with engine_of(storage, workflow := _of(make, ask, use)) as engine:
        process = await rested(engine, await begun(engine, workflow))
        assert process.status is ProcessStatus.SUSPENDED, process.failure
        (before,) = await _subscriptions(engine)
        await _write(engine, before.id, spoil)
        process = await _submitted(engine, process.id)
        (after,) = await _subscriptions(engine)
        await _write(engine, before.id, lambda model: model.update(before.model))

    assert process.status is ProcessStatus.FAILED
    assert process.failure is not None
    assert process.failure.code == code, process.failure
    for word in words:
        assert word in process.failure.message, process.failure.message
    assert (after.version, "used" in process.state) == (before.version, False)


async def _write(engine: Engine, id: UUID, spoil: Callable[[Any], None]) -> None:
    def write(conn: Any) -> None:
        table = product_subscriptions
        model = dict(conn.execute(select(table.c.model).where(table.c.id == id)).scalar_one())
        spoil(model)
        conn.execute(update(table).where(table.c.id == id).values(model=model))

    await engine.runtime.database.transaction(write)


async def _submitted(engine: Engine, process_id: UUID) -> Any:
    request = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
    assert request is not None
    await submit_form(engine.runtime, LOCAL_OPERATOR, input_request_id=request.id, pages=[{}])
    return await rested(engine, process_id)


def _take_it(subscription: Link) -> FormGenerator:
    yield FormPage
    return {}


@modify_workflow("Modify it", initial_input_form=_take_it)
def modify_it() -> StepList:
    return begin >> use


@pytest.mark.parametrize(("spoil", "code", "words"), SPOILT, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_start_form_of_a_document_that_no_longer_fits_answers_with_the_path_and_starts_nothing(
    storage: str, spoil: Callable[[Any], None], code: str, words: tuple[str, ...]
) -> None:
    async with engine_of(storage, made := _of(make), modify_it) as engine:
        process = await rested(engine, await begun(engine, made))
        id: str = process.state["subscription_id"]
        await _write(engine, UUID(id), spoil)
        with pytest.raises(OrchestratorError) as refused:
            await start_workflow(
                engine.runtime, LOCAL_OPERATOR, workflow_name="modify_it", pages=[{"subscription_id": id}, {}]
            )
        lock = await lock_of(engine, id)

    for word in words:
        assert word in refused.value.message, refused.value
    assert lock is None
