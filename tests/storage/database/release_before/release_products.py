"""Products of a site that was upgraded while its processes ran; the release before and this one can both load it."""

import asyncio
from typing import Any
from uuid import UUID

from pydantic import Field

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow, terminate_workflow, validate_workflow

ACTIVE = SubscriptionLifecycle.ACTIVE
blocked = True
"""True in the release before: some steps do not end, or fail."""

running = asyncio.Event()


class RouterBlock(ProductBlockModel, product_block_name="Router of a release"):
    router_name: str | None = None


class Router(SubscriptionModel, is_base=True):
    router: RouterBlock


class LinkBlock(ProductBlockModel, product_block_name="Link of a release"):
    link_name: str | None = None
    router: RouterBlock | None = None


class Link(SubscriptionModel, is_base=True):
    link: LinkBlock


class PathBlock(ProductBlockModel, product_block_name="Path of a release"):
    links: list[LinkBlock] = Field(default_factory=list)


class Path(SubscriptionModel, is_base=True):
    path: PathBlock


ROUTER = register_product(name="Router of a release", model=Router)
LINK = register_product(name="Link of a release", model=Link)
PATH = register_product(name="Path of a release", model=Path)


class Order(FormPage, extra="allow"):
    """A page that takes every field."""


def order_form() -> FormGenerator:
    order = yield Order
    data: State = order.model_dump()
    return data


@step("Construct the router")
def construct_router(product: UUID, name: str = "ams-1") -> State:
    made = Router.from_product_id(product, "uva")
    made.router.router_name = name
    return {"subscription": made, "subscription_id": made.subscription_id}


@step("Construct the link")
def construct_link(product: UUID, router: Router, name: str = "ge-0") -> State:
    made = Link.from_product_id(product, "uva")
    made.link.link_name, made.link.router = name, router.router
    return {"subscription": made, "subscription_id": made.subscription_id}


@step("Construct the path")
def construct_path(product: UUID, links: list[Link]) -> State:
    made = Path.from_product_id(product, "uva")
    made.path.links = [link.link for link in links]
    return {"subscription": made, "subscription_id": made.subscription_id}


@step("Configure it")
async def configure(name: str = "") -> None:
    if blocked and name == "running":
        running.set()
        await asyncio.sleep(3600)
    if blocked and name == "failing":
        raise RuntimeError("The network is away.")


@step("Rename it")
def rename(subscription: Router, name: str) -> State:
    subscription.router.router_name = name
    return {"subscription": subscription}


@step("Rename the copy")
def rename_copy(subscription: Path, name: str) -> State:
    """Only the release before saves this: it changes the copy of a link of another subscription."""
    subscription.path.links[0].link_name = name
    return {"subscription": subscription}


@inputstep("Confirm")
def confirm() -> FormGenerator:
    yield FormPage
    return {}


@step("Look")
def look(subscription: Path) -> State:
    shown: list[Any] = [[link.link_name, link.router and link.router.router_name] for link in subscription.path.links]
    return {"seen": shown}


@step("Compare")
def compare(subscription: Router) -> None:
    if blocked:
        raise RuntimeError("The network is away.")


@create_workflow("Create a router", initial_input_form=order_form, products=[ROUTER.name])
def create_router() -> Any:
    return begin >> construct_router >> configure


@create_workflow("Create a link", initial_input_form=order_form, products=[LINK.name])
def create_link() -> Any:
    return begin >> construct_link


@create_workflow("Create a path", initial_input_form=order_form, products=[PATH.name])
def create_path() -> Any:
    return begin >> construct_path


@modify_workflow("Modify a router", initial_input_form=order_form)
def modify_router() -> Any:
    return begin >> rename >> configure >> confirm >> rename


@modify_workflow("Modify a copy", initial_input_form=order_form)
def modify_copy() -> Any:
    return begin >> rename_copy


@terminate_workflow("Terminate a router")
def terminate_router() -> Any:
    return begin


@validate_workflow("Validate a router")
def validate_router() -> Any:
    return begin >> compare


@validate_workflow("Validate a path")
def validate_path() -> Any:
    return begin >> look


WORKFLOWS = (
    create_router, create_link, create_path, modify_router, modify_copy, terminate_router, validate_router,
    validate_path,
)  # fmt: skip
