"""`orchestrator-gql contracts`: the contracts of the workflows, and what they refuse that an earlier file accepted."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.compatibility import Breach, breaches
from orchestrator_gql.cli.failure import DECLINED, DONE
from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.rest.openapi.jobs import jobs
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import SettingsError

NO_CHANGES = "Every result that the contracts in the file accept is still accepted."


def contracts(modules: Sequence[str], *, output: Path | None, against: Path | None, is_json: bool) -> int:
    """Print the contracts or write them to the file; with ``against`` compare them with that file instead.

    Raises `SettingsError` if a module or a file cannot be read, the file cannot be written, or both files are given.
    """
    if output is not None and against is not None:
        raise SettingsError("--against compares and writes no file: give --output in a command of its own.")
    found = contracts_of(modules)
    if against is not None:
        return _compare(_read(against), found, is_json=is_json)
    text = json.dumps(found, indent=None if is_json else 2, sort_keys=True, ensure_ascii=False)
    if output is None:
        print(text)
        return DONE
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The contracts cannot be written to {str(output)!r}: {error.strerror}.") from error
    return DONE


def contracts_of(modules: Sequence[str]) -> dict[str, Json]:
    """The JSON Schema of each callback step, by the name that `/openapi.json` has for it; None accepts any JSON."""
    return {
        job.key: contract.schema(job.wait.contract) if job.wait.contract is not None else None
        for job in jobs(load_workflows(modules))
    }


def _read(path: Path) -> dict[str, Json]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The file {str(path)!r} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"The file {str(path)!r} is no JSON: {error}.") from error
    if not isinstance(value, dict) or not all(schema is None or isinstance(schema, dict) for schema in value.values()):
        raise SettingsError(f"The file {str(path)!r} was not written by `orchestrator-gql contracts --output`.")
    return value


def _compare(old: Mapping[str, Json], new: Mapping[str, Json], *, is_json: bool) -> int:
    found = {key: breaches(old[key], new[key]) for key in old if key in new}
    broken = {key: of_job for key, of_job in found.items() if of_job}
    added, removed = sorted(set(new) - set(old)), sorted(set(old) - set(new))
    if is_json:
        print(
            json.dumps(
                {"breaches": [_row(key, each) for key in broken for each in broken[key]]}
                | {"added": added, "removed": removed},
                ensure_ascii=False,
            )
        )
        return DECLINED if broken else DONE
    for key, of_job in broken.items():
        for each in of_job:
            print(f"{key}  {each.pointer or '(the whole result)'}  {each.message}")
    for key in added:
        print(f"{key}  is new")
    for key in removed:
        print(f"{key}  is gone; processes that wait for it keep their contract")
    if not broken:
        print(NO_CHANGES)
        return DONE
    count = sum(map(len, broken.values()))
    places = "1 place refuses" if count == 1 else f"{count} places refuse"
    print(f"{places} what was accepted before.", file=sys.stderr)
    return DECLINED


def _row(key: str, breach: Breach) -> dict[str, Json]:
    return {"job": key, "pointer": breach.pointer, "message": breach.message}
