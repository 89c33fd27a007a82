"""What the files of a folder say together: its products, its workflows, and the classes of its subscriptions."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from orchestrator_gql.cli.porting.advice import DYNAMIC, FACTLESS, UNREAD, Finding
from orchestrator_gql.cli.porting.migrations import (
    Declared,
    DeclaredWorkflow,
    environments,
    is_about_products,
    is_migration,
    products_in,
    workflows_in,
)

REGISTRY = "SUBSCRIPTION_MODEL_REGISTRY"


@dataclass(slots=True)
class Project:
    """The facts of all files; ``findings`` are about these facts.

    ``products`` has what the migrations say about a product, by its name as source. ``registered`` are the names that
    the code registers, each with the module that does it. ``obsolete`` are the files that nothing needs any more.
    """

    products: dict[str, Declared] = field(default_factory=dict)
    workflows: dict[str, DeclaredWorkflow] = field(default_factory=dict)
    registered: dict[str, str] = field(default_factory=dict)
    subscription_classes: set[str] = field(default_factory=lambda: {"SubscriptionModel"})
    obsolete: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def products_of(self, workflow: str) -> tuple[list[str], set[str]]:
        """The products of a workflow as source, and the modules that register them; nothing if they are not known."""
        declared = self.workflows.get(workflow)
        if declared is None:
            return [], set()
        named = [
            name
            for name, product in self.products.items()
            if product.product_type == declared.product_type and name in self.registered
        ]
        return named, {self.registered[name] for name in named}


def project_of(trees: Mapping[str, ast.Module]) -> Project:
    """The facts in the trees of the files, by path."""
    project = Project()
    folders = environments(frozenset(trees))
    for path, tree in trees.items():
        if not is_migration(path, tree, folders):
            continue
        project.obsolete.add(path)
        products = dict(products_in(path, tree))
        project.products |= products
        project.workflows |= dict(workflows_in(tree))
        if not products and is_about_products(tree):
            project.findings.append(Finding(path, 1, "products", UNREAD.why, UNREAD.instead))
    bases = dict[str, set[str]]()
    for path, tree in trees.items():
        for name, line in _registered(tree):
            project.registered[name] = module_of(path)
            project.findings += _unknown(project, path, line, name)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(map(_last_name, node.bases))
    _derive(project.subscription_classes, bases)
    return project


def tree_of(source: bytes) -> ast.Module:
    """The syntax tree of a file; raises `SyntaxError` or `ValueError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of an escape in a string of the user
        return ast.parse(source)


def module_of(path: str) -> str:
    """The dotted name of the module in a file.

    >>> module_of("products/__init__.py"), module_of("workflows/node.py")
    ('products', 'workflows.node')
    """
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _registered(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The products that the file puts into the registry of models, as source, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=registry), attr="update"), args=[ast.Dict() as models]
            ) if registry == REGISTRY:
                yield from ((ast.unparse(key), key.lineno) for key in models.keys if key is not None)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=registry), slice=key)]) if registry == REGISTRY:
                yield ast.unparse(key), node.lineno


def _unknown(project: Project, path: str, line: int, name: str) -> Iterator[Finding]:
    declared = project.products.get(name)
    if declared is None:
        yield Finding(path, line, name, FACTLESS.why, FACTLESS.instead)
        return
    for key, where in declared.computed:
        yield Finding(path, line, f"{key} of {name}", f"{DYNAMIC.why} {declared.path}:{where}", DYNAMIC.instead)


def _derive(classes: set[str], bases: Mapping[str, set[str]]) -> None:
    """Add every class that derives from one of the classes, by name."""
    while new := {name for name, of in bases.items() if name not in classes and of & classes}:
        classes |= new


def _last_name(base: ast.expr) -> str:
    return base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
