"""Which values of a stored model are masked: the secrets of every class that may have written it, known or not."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, ConfigDict, Field, Secret, SecretStr, computed_field

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product, without_secrets
from orchestrator_gql.domain.documents import documents_of
from orchestrator_gql.domain.where import filter_of
from orchestrator_gql.utils.errors import StepError

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


class Token(BaseModel):
    token: SecretStr = Field(SecretStr(SECRET), serialization_alias="Token")
    note: str = "n"


class WrittenBlock(ProductBlockModel, product_block_name="Written by name"):
    aliased: SecretStr = Field(SecretStr(SECRET), serialization_alias="ALIASED")
    number: Secret[int] = Secret(700_100)
    marked: str = Field(SECRET, json_schema_extra={"writeOnly": True})
    formatted: str = Field(SECRET, json_schema_extra={"format": "password"})
    by_key: dict[str, SecretStr] = Field(default_factory=lambda: {"snmp": SecretStr(SECRET)})
    marked_dict: dict[str, str] = Field({"snmp": SECRET}, json_schema_extra={"writeOnly": True})
    listed: list[SecretStr] = Field(default_factory=lambda: [SecretStr(SECRET)])
    maybe: SecretStr | None = SecretStr(SECRET)
    inner: Token = Token()
    user: str = "ada"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def computed(self) -> SecretStr:
        return SecretStr(SECRET)


class AliasBlock(ProductBlockModel, product_block_name="Written by alias"):
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)
    pin: SecretStr = Field(SecretStr(SECRET), alias="PIN")
    port: str = Field("ge-1", alias="Port")


class NoSchema:
    """A type without a JSON Schema."""


class OpaqueBlock(ProductBlockModel, product_block_name="Without a JSON Schema"):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    odd: NoSchema | None = None
    pin: SecretStr = SecretStr(SECRET)
    port: str = "ge-2"


class Written(SubscriptionModel, is_base=True):
    written: WrittenBlock
    alias: AliasBlock
    opaque: OpaqueBlock


WRITTEN = register_product(name="Written of the secrets", model=Written)

PATHS = ("aliased", "number", "marked", "formatted", "by_key.snmp", "marked_dict.snmp", "listed", "maybe", "computed")


def test_a_secret_is_masked_however_its_field_is_written() -> None:
    model = Written.from_product_id(WRITTEN.product_id, "uva").whole()

    shown = without_secrets(WRITTEN.product_id, model)

    assert SECRET not in str(shown)
    assert "700100" not in str(shown)
    assert (shown["written"]["user"], shown["written"]["inner"]["note"]) == ("ada", "n")
    assert (shown["alias"]["PIN"], shown["alias"]["Port"]) == (MASK, "ge-1")


def test_the_index_of_values_has_no_secret() -> None:
    (document,) = documents_of([Written.from_product_id(WRITTEN.product_id, "uva")])
    values = {row.path: row.value for row in document.indexed_values.values}

    assert SECRET in str(document.data)
    assert SECRET not in str(values)
    assert "700100" not in str(values)
    assert MASK not in str(values)
    assert (values["user"], values["inner.note"], values["port"]) == ('"ada"', '"n"', '"ge-2"')


@pytest.mark.parametrize("path", [*(f"written.{name}" for name in PATHS), "written.inner.token", "opaque.pin"])
def test_nobody_finds_a_subscription_by_a_secret(path: str) -> None:
    with pytest.raises(StepError) as refused:
        filter_of([Written], path, SECRET)

    assert refused.value.failure_code == "where-secret"
    assert SECRET not in refused.value.message
