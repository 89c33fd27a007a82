"""The schema of a product shows no values of the fields that its model marks as secret."""

import json
import re
from pathlib import Path

from pydantic import ConfigDict, Field, SecretStr
from support.database import sqlite_url
from support.web import site_of

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product


class SafeBlock(ProductBlockModel, product_block_name="Safe"):
    """A block with secrets of each kind."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"site": "shown-1", "code": "hidden-1"}]})

    site: str = Field("shown-2", examples=["shown-3"])
    code: str = Field("hidden-2", json_schema_extra={"writeOnly": True}, examples=["hidden-3"])
    pin: SecretStr = Field(SecretStr("hidden-4"), examples=["hidden-5"])
    password: str = Field("hidden-6", examples=["hidden-7"])


class Safe(SubscriptionModel, is_base=True):
    """A product with such a block."""

    safe: SafeBlock
    door: str = Field("hidden-8", json_schema_extra={"format": "password"})


register_product(name="Safe", description="A safe.", tag="SAFE", model=Safe)


async def test_the_schema_of_a_product_shows_no_values_of_secrets(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        found = await site.ask('{ product(name: "Safe") { blockSchema } }')

    values = set(re.findall(r"(?:hidden|shown)-[0-9]", json.dumps(found)))
    assert values == {"shown-1", "shown-2", "shown-3"}
