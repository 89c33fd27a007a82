"""The products and the workflows that the migrations of the other system write into its database."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from orchestrator_gql.cli.porting.names import is_old, normal

WORKFLOW_KEYS: Final = {"name", "target", "product_type"}

PRODUCT_HELPERS: Final = {"create", "create_product", "create_products"}

INSERTED: Final = re.compile(r"insert\s+into\s+products\b", re.IGNORECASE)

STATUSES: Final = {"pre production": "PRE_PRODUCTION", "phase out": "PHASE_OUT", "end of life": "END_OF_LIFE"}


@dataclass(frozen=True, slots=True)
class Declared:
    """A product in a migration: the arguments of its `register_product`, as source, and the imports that they need.

    ``computed`` are the keys whose value is made in the migration, so that it cannot be copied.
    """

    path: str
    line: int
    product_type: str
    arguments: tuple[tuple[str, str], ...]
    imports: tuple[tuple[str, str, str], ...]
    computed: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class DeclaredWorkflow:
    """A workflow in a migration: what people call it, and the type of its products."""

    description: str
    product_type: str


def is_migration(path: str, tree: ast.Module, folders: frozenset[str]) -> bool:
    """True for a migration of Alembic, and for the files of its environment; ``folders`` are the known environments."""
    names = {target.id for node in tree.body for target in _targets(node) if isinstance(target, ast.Name)}
    return {"revision", "down_revision"} <= names or str(PurePosixPath(path).parent) in folders


def environments(paths: frozenset[str]) -> frozenset[str]:
    """The folders of Alembic's environments: they hold an ``env.py`` beside their ``versions``."""
    parents = {str(PurePosixPath(path).parent) for path in paths if PurePosixPath(path).name == "env.py"}
    return frozenset(folder for folder in parents if any(path.startswith(f"{folder}/versions/") for path in paths))


def is_about_products(tree: ast.Module) -> bool:
    """True if the migration writes products, by the helpers of the other system or as SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and normal(node.module or "") == "orchestrator.migrations.helpers":
            if {alias.name for alias in node.names} & PRODUCT_HELPERS:
                return True
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and INSERTED.search(node.value):
            return True
    return False


def products_in(path: str, tree: ast.Module) -> Iterator[tuple[str, Declared]]:
    """The products in the dictionaries of a migration, each with its name as source."""
    imports = dict(_imports(tree))
    for node in ast.walk(tree):
        values = _literal_keys(node)
        if not isinstance(products := values.get("products"), ast.Dict):
            continue
        for name, facts in zip(products.keys, products.values, strict=True):
            if name is not None and "product_type" in (keys := _literal_keys(facts)):
                yield ast.unparse(name), _declared(path, name, keys, imports)


def workflows_in(tree: ast.Module) -> Iterator[tuple[str, DeclaredWorkflow]]:
    """The workflows in the dictionaries of a migration."""
    for node in ast.walk(tree):
        values = _literal_keys(node)
        if values.keys() >= WORKFLOW_KEYS:
            texts = {key: _text(value) for key, value in values.items()}
            if (name := texts["name"]) and (product_type := texts["product_type"]):
                yield name, DeclaredWorkflow(texts.get("description") or "", product_type)


def _declared(path: str, name: ast.expr, facts: dict[str, ast.expr], imports: dict[str, tuple[str, str]]) -> Declared:
    arguments, needed, computed = list[tuple[str, str]](), list[tuple[str, str, str]](), list[tuple[str, int]]()
    product_type = _text(facts["product_type"]) or ""
    for key in ("product_id", "product_type", "description", "tag", "status", "fixed_inputs"):
        value = facts.get(key)
        if value is None or (isinstance(value, ast.Dict) and not value.keys):
            continue
        if key == "product_id" and _text(value) is None:
            continue  # a fresh id for each database: here it follows from the name
        if key == "status":
            status = (_text(value) or "").lower()
            if status in STATUSES:
                arguments.append((key, f"ProductStatus.{STATUSES[status]}"))
                needed.append(("orchestrator_gql.domain", "ProductStatus", "ProductStatus"))
            continue
        free = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
        if any(each not in imports or is_old(imports[each][0]) for each in free):
            computed.append((key, value.lineno))
            continue
        needed += [(*imports[each], each) for each in free]
        source = ast.unparse(value)
        if key == "product_id":
            source = f"UUID({source})"
            needed.append(("uuid", "UUID", "UUID"))
        arguments.append((key, source.replace("'", '"') if '"' not in source else source))
    return Declared(path, name.lineno, product_type, tuple(arguments), tuple(needed), tuple(computed))


def _literal_keys(node: ast.AST) -> dict[str, ast.expr]:
    """The values of a dictionary by its keys that are texts, also of ``dict(key=value)``."""
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {
            key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return {}


def _text(value: ast.expr) -> str | None:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _imports(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)
