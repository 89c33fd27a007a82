"""Secrets that stand in the index of values from before are taken out by the next start, on both databases."""

from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, SecretStr
from sqlalchemy import Connection, insert, select, update
from support.database import PostgresServer
from support.engine import Engine, engine_of
from support.network import made, order_form

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.domain.secret_places import digest_of_secrets
from orchestrator_gql.engine.workers import secret_index
from orchestrator_gql.storage.tables import product_subscription_values as values
from orchestrator_gql.storage.tables import products
from orchestrator_gql.types import State, SubscriptionLifecycle
from orchestrator_gql.workflows.utils import create_workflow

ACTIVE = SubscriptionLifecycle.ACTIVE
OLD = {"pin": '"first-pin"', "marked": '"marked-text"', "keys.one": '"key-one"'}
"""What the migration wrote into the index: the values of the fields by their paths."""


class SafeBlockInactive(ProductBlockModel, product_block_name="A safe"):
    owner: str | None = None
    pin: SecretStr | None = None
    marked: Annotated[str | None, Field(json_schema_extra={"writeOnly": True})] = None
    keys: dict[str, SecretStr] = Field(default_factory=dict)


class SafeBlock(SafeBlockInactive, lifecycle=[ACTIVE]):
    owner: str


class SafeInactive(SubscriptionModel, is_base=True):
    safe: SafeBlockInactive


class Safe(SafeInactive, lifecycle=[ACTIVE]):
    safe: SafeBlock


SAFE = register_product(name="A safe", model=Safe)


@step("Construct the safe")
def construct(product: UUID) -> State:
    safe = SafeInactive.from_product_id(product, "uva")
    safe.safe.owner, safe.safe.pin, safe.safe.marked = "ada", SecretStr("first-pin"), "marked-text"
    safe.safe.keys = {"one": SecretStr("key-one")}
    return {"subscription": safe, "subscription_id": safe.subscription_id}


@create_workflow("Create a safe", initial_input_form=order_form, products=[SAFE.name])
def create_safe() -> StepList:
    return begin >> construct


def indexed_now(conn: Connection) -> set[tuple[str, str]]:
    """The paths and values of the index."""
    return {(row.path, row.value) for row in conn.execute(select(values.c.path, values.c.value))}


def index_secrets(conn: Connection) -> None:
    """Put the secrets into the index, as the migration does."""
    blocks = conn.execute(select(values.c.subscription_id, values.c.block_id).where(values.c.path == "owner")).all()
    rows = [
        {"subscription_id": row.subscription_id, "block_id": row.block_id, "path": path, "value": value}
        for row in blocks
        for path, value in OLD.items()
    ]
    conn.execute(insert(values), rows)
    conn.execute(update(products).values(unindexed=""))


async def cleaned(engine: Engine) -> Any:
    """The index once the background work of the start is done."""

    async def is_done() -> bool | None:
        query = select(products.c.unindexed).where(products.c.id == SAFE.product_id)
        stored = await engine.read(lambda conn: conn.execute(query).scalar())
        return True if stored == digest_of_secrets(SAFE.product_id) else None

    await engine.until(is_done, awaited="the index is clean")
    return await engine.read(indexed_now)


@pytest.mark.one_dispatcher
async def test_the_next_start_takes_old_secrets_out_of_the_index(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_index, "BATCH", 2)
    async with engine_of(storage, create_safe) as engine:
        for _ in range(5):
            await made(engine, create_safe)
        clean = await engine.read(indexed_now)
        await engine.runtime.database.transaction(index_secrets)
        filled = await engine.read(indexed_now)
    async with engine_of(storage, create_safe) as engine:
        after = await cleaned(engine)
    async with engine_of(storage, create_safe) as engine:
        again = await cleaned(engine)

    assert filled == clean | set(OLD.items())
    assert ("owner", '"ada"') in clean
    assert after == again == clean


@pytest.mark.parametrize("role", ["all", "api", "worker"])
async def test_a_server_of_any_role_takes_old_secrets_out_of_the_index(postgres: PostgresServer, role: str) -> None:
    with postgres.database() as url:
        async with engine_of(url, create_safe) as engine:
            await made(engine, create_safe)
            clean = await engine.read(indexed_now)
            await engine.runtime.database.transaction(index_secrets)
        async with engine_of(url, create_safe, role=role, public_url="http://localhost:8000") as engine:
            after = await cleaned(engine)

    assert after == clean


@pytest.mark.one_dispatcher
async def test_a_field_that_a_release_declares_as_a_secret_leaves_the_index(storage: str) -> None:
    async with engine_of(storage, create_safe) as engine:
        await made(engine, create_safe)
        await engine.runtime.database.transaction(index_secrets)
        other = update(products).values(unindexed="the digest of a release before")
        await engine.runtime.database.transaction(lambda conn: conn.execute(other))
    async with engine_of(storage, create_safe) as engine:
        assert not set(OLD.items()) & await cleaned(engine)
