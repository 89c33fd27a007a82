"""Imports of whole modules, such as ``import orchestrator.workflow as w``."""

import re
from collections.abc import Iterator

import libcst as cst
from libcst.metadata import QualifiedNameProvider

from orchestrator_gql.cli.porting.names import HOMES, MODULES, OLD, is_old, normal
from orchestrator_gql.cli.porting.trees import Rewrite, dotted, name_of, walk


class Modules(Rewrite):
    """Rewrite imports of whole modules if every name that the file takes from them is in the same module here."""

    SIGN = re.compile(r"\bimport +(.*, *)?orchestrator\b")

    def __init__(self) -> None:
        super().__init__()
        self._modules = set[str]()
        self._roots = set[str]()

    def visit_Module(self, node: cst.Module) -> bool:
        """Look first whether all uses can be rewritten: the modules share the name of their package."""
        for alias in _whole_modules(node):
            self._modules.add(normal(dotted(alias.name)))
            self._roots.add(
                dotted(alias.asname.name) if alias.asname and isinstance(alias.asname.name, cst.Name) else OLD
            )
        is_known = all(module in MODULES for module in self._modules)
        return bool(self._modules) and is_known and all(self._new(each) for each in _chains(node) if self._is_use(each))

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import:
        """Name the modules here."""
        names = [
            each.with_changes(name=name_of(MODULES[normal(dotted(each.name))])) if is_old(dotted(each.name)) else each
            for each in updated_node.names
        ]
        return updated_node.with_changes(names=names)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        """A dotted name is rewritten as a whole."""
        return not dotted(node)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        """Name the module here in a whole dotted name; an alias of a module stays."""
        if self._is_use(original_node) and is_old(dotted(original_node)):
            return name_of(self._new(original_node))
        return updated_node

    def _is_use(self, node: cst.Attribute) -> bool:
        return dotted(node).partition(".")[0] in self._roots and bool(self._source(node))

    def _source(self, node: cst.Attribute) -> str:
        names = [each.name for each in self.get_metadata(QualifiedNameProvider, node, set())]
        return normal(names[0]) if len(names) == 1 and is_old(names[0]) else ""

    def _new(self, node: cst.Attribute) -> str:
        """The dotted name here; an empty text if it is in no module of the same name."""
        source = self._source(node)
        for module in sorted(self._modules, key=len, reverse=True):
            name, _, rest = source.removeprefix(f"{module}.").partition(".")
            if source.startswith(f"{module}.") and HOMES.get((module, name)) == (MODULES[module], name):
                return f"{MODULES[module]}.{name}{rest and '.'}{rest}"
        return ""


def _whole_modules(node: cst.Module) -> Iterator[cst.ImportAlias]:
    for each in walk(node):
        if isinstance(each, cst.Import):
            yield from (alias for alias in each.names if is_old(dotted(alias.name)))


def _chains(node: cst.CSTNode) -> Iterator[cst.Attribute]:
    """The dotted names that are whole, outside of import statements."""
    if isinstance(node, cst.Import | cst.ImportFrom):
        return
    if isinstance(node, cst.Attribute) and dotted(node):
        yield node
        return
    for child in node.children:
        yield from _chains(child)
