"""What is left to do by hand in a file: each line, why, and what to write instead."""

import re
from collections.abc import Iterable, Iterator

import libcst as cst
from libcst.metadata import ImportAssignment, MetadataWrapper, PositionProvider, QualifiedNameProvider, ScopeProvider

from orchestrator_gql.cli.porting.advice import NAMED, ROWS_OF_USERS, SAVED, STAR, Advice, Finding, advice_on
from orchestrator_gql.cli.porting.models import saves
from orchestrator_gql.cli.porting.names import REWRITTEN, is_old, normal
from orchestrator_gql.cli.porting.rewriting import BOM, SIGNS
from orchestrator_gql.cli.porting.trees import aliases, dotted, local_name, old_name, text_of, walk

_MODULE_NAME = re.compile(r"orchestrator(\.\w+)+")
_USERS = {"in_use_by", "depends_on"}
_ROW_FIELDS = {"product_block", "subscription", "subscription_instance_id", "values", "subscription_instance"}


def remaining(path: str, source: bytes, classes: set[str]) -> list[Finding]:
    """The findings in a file that was rewritten; ``classes`` are the classes of product subscriptions."""
    if not any(sign in source for sign in (*SIGNS, b"in_use_by", b"depends_on")):
        return []
    wrapper = MetadataWrapper(cst.parse_module(source.removeprefix(BOM)), unsafe_skip_copy=True)
    look = _Look(path, wrapper)
    found = [*look.imports(), *look.texts(), *look.saves(classes), *look.rows()]
    return sorted(set(found))


class _Look:
    """One file, and the questions about it."""

    def __init__(self, path: str, wrapper: MetadataWrapper) -> None:
        self._path = path
        self._tree = wrapper.module
        self._places = wrapper.resolve(PositionProvider)
        self._scopes = wrapper.resolve(ScopeProvider)
        self._names = wrapper.resolve(QualifiedNameProvider)
        self._nodes = list(walk(self._tree))

    def imports(self) -> Iterator[Finding]:
        """Imports of names that are not here, and their uses."""
        for node in self._nodes:
            if isinstance(node, cst.ImportFrom) and not node.relative:
                module = normal(dotted(node.module))
                if isinstance(node.names, cst.ImportStar) and is_old(module):
                    yield self._finding(node, f"from {dotted(node.module)} import *", STAR)
                for alias in aliases(node):
                    name = (module, dotted(alias.name))
                    if is_old(module) or name in REWRITTEN:
                        yield from self._uses(node, alias, ".".join(name))
            elif isinstance(node, cst.Import):
                for alias in node.names:
                    if is_old(dotted(alias.name)):
                        yield from self._uses(node, alias, normal(dotted(alias.name)))

    def _uses(self, node: cst.CSTNode, alias: cst.ImportAlias, name: str) -> Iterator[Finding]:
        local = local_name(alias).partition(".")[0]
        what, advice = name.rpartition(".")[2] if isinstance(node, cst.ImportFrom) else name, advice_on(name)
        yield self._finding(alias, what, advice)
        for assignment in self._assignments(node, local):
            for access in assignment.references:
                yield self._finding(access.node, what, self._closer(access.node, advice))

    def _assignments(self, node: cst.CSTNode, local: str) -> Iterator[ImportAssignment]:
        scope = self._scopes.get(node)
        found = scope[local] if scope is not None else ()
        yield from (each for each in found if isinstance(each, ImportAssignment) and each.node is node)

    def _closer(self, node: cst.CSTNode, advice: Advice) -> Advice:
        """The advice on what is used of a module, such as ``get_subscription`` of ``subscriptions``."""
        name = ".".join(filter(None, old_name(self._names.get(node, set()))))
        return advice_on(name) if name and advice_on(name) is not advice_on("orchestrator") else advice

    def texts(self) -> Iterator[Finding]:
        """Texts that name a module of the other system, as tests and lazy imports do."""
        for node in self._nodes:
            if isinstance(node, cst.SimpleString) and _MODULE_NAME.fullmatch(text_of(node) or ""):
                yield self._finding(node, text_of(node) or "", NAMED)

    def saves(self, classes: set[str]) -> Iterator[Finding]:
        """Models that a function saves and does not return."""
        for node in self._nodes:
            if isinstance(node, cst.FunctionDef):
                for call in saves(node, classes):
                    yield self._finding(call, ".save()", SAVED)

    def rows(self) -> Iterator[Finding]:
        """Loops over users that take them for rows of blocks."""
        for node in self._nodes:
            if isinstance(node, cst.For | cst.CompFor) and isinstance(node.iter, cst.Attribute):
                where: Iterable[cst.CSTNode] = [node.body] if isinstance(node, cst.For) else self._nodes
                if node.iter.attr.value in _USERS and _takes_rows(where, dotted(node.target)):
                    yield self._finding(node.iter, node.iter.attr.value, ROWS_OF_USERS)

    def _finding(self, node: cst.CSTNode, what: str, advice: Advice) -> Finding:
        return Finding(self._path, self._places[node].start.line, what, advice.why, advice.instead)


def _takes_rows(nodes: Iterable[cst.CSTNode], name: str) -> bool:
    return any(
        isinstance(each, cst.Attribute) and each.attr.value in _ROW_FIELDS and dotted(each.value) == name
        for node in nodes
        for each in walk(node)
    )
