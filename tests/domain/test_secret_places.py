"""Which values of a stored model are masked: the secrets of every class that may have written it, known or not."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, Field, SecretStr

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product, without_secrets

SECRET = "hunter2-hunter2"
MASK = "[redacted]"


class Account(BaseModel):
    user: str
    pin: SecretStr


class SshBlock(ProductBlockModel, product_block_name="SSH of the secrets"):
    user: str


class SnmpBlock(ProductBlockModel, product_block_name="SNMP of the secrets"):
    user: str
    community: SecretStr
    accounts: dict[str, Account] = Field(default_factory=dict)


class LockedBlock(ProductBlockModel, product_block_name="Locked of the secrets"):
    logins: list[SshBlock | SnmpBlock] = Field(default_factory=list)
    extra: dict[str, Any] = Field(default_factory=dict)


class Locked(SubscriptionModel, is_base=True):
    locked: LockedBlock
    key: SecretStr | None = None


LOCKED = register_product(name="Locked of the secrets", model=Locked)


def stored() -> dict[str, Any]:
    """The whole model of a subscription with secrets at each depth."""
    account = Account(user="ada", pin=SecretStr(SECRET))
    login = SnmpBlock(user="ada", community=SecretStr(SECRET), accounts={"a": account})
    block = LockedBlock(logins=[login], extra={"open": 1})
    made = Locked.from_product_id(LOCKED.product_id, "uva", locked=block, key=SecretStr(SECRET))
    return made.whole()


def test_secrets_are_masked_at_each_depth_also_in_a_union_of_blocks() -> None:
    shown = without_secrets(LOCKED.product_id, stored())

    (login,) = shown["locked"]["logins"]
    assert SECRET not in str(shown)
    assert (shown["key"], login["community"], login["accounts"]["a"]["pin"]) == (MASK, MASK, MASK)
    assert (login["user"], login["accounts"]["a"]["user"], shown["locked"]["extra"]) == ("ada", "ada", {"open": 1})
    assert (shown["customer_id"], login["name"]) == ("uva", "SNMP of the secrets")


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model["locked"].update(old=SECRET),
        lambda model: model["locked"].update(old={"deep": [{"pin": SECRET}]}),
        lambda model: model["locked"]["logins"][0].update(name="Old", old=SECRET),
        lambda model: model["locked"].update(name="Old", old=SECRET),
        lambda model: model.update(old=SECRET),
        lambda model: model.update(old=[{"pin": SECRET}]),
        lambda model: model["locked"].update(
            old={"name": "SNMP of the secrets", "subscription_instance_id": str(uuid4()), "community": SECRET}
        ),
        lambda model: model["locked"].update(old={"name": "x", "subscription_instance_id": "x", "pin": SECRET}),
        lambda model: model["locked"].update(extra=None, logins=None, old=SECRET),
        lambda model: model.update(locked=None, old=SECRET),
    ],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_what_no_deployed_class_declares_is_masked(change: Any, is_declared: bool) -> None:
    model = stored()
    change(model)

    shown = without_secrets(LOCKED.product_id if is_declared else uuid4(), model)

    assert SECRET not in str(shown)
    assert shown["status"] == "initial"
