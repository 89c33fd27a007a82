"""What a callback's body must look like, from the model that its step names."""

from functools import lru_cache

from pydantic import BaseModel, ValidationError

from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.json import Json, to_json


@lru_cache(maxsize=256)
def schema(contract: type[BaseModel]) -> Json:
    """The JSON Schema (2020-12) of the bodies that fit."""
    return contract.model_json_schema(mode="validation")


def violations(contract: type[BaseModel] | None, letter: Json) -> tuple[FieldError, ...]:
    """Where the letter breaks the contract; empty where it fits or there is none."""
    if contract is None:
        return ()
    try:
        contract.model_validate(letter)
    except ValidationError as broken:
        return tuple(
            FieldError(
                path=tuple(str(key) for key in error["loc"]),
                message=error["msg"],
                type=error["type"],
                context=to_json({k: str(v) for k, v in error.get("ctx", {}).items()}, where="context") or None,
            )
            for error in broken.errors(include_url=False, include_input=False)
        )
    return ()
