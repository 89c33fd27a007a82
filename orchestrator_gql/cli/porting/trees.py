"""Reads and builds syntax trees that keep every comment and space."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper, QualifiedNameProvider, QualifiedNameSource, ScopeProvider

from orchestrator_gql.cli.porting.names import split


class Rewrite(cst.CSTTransformer):
    """A rewrite that knows where names come from, and that may ask for imports."""

    METADATA_DEPENDENCIES = (QualifiedNameProvider, ScopeProvider)

    SIGN: ClassVar[re.Pattern[str]] = re.compile("")
    """What a file has that needs the rewrite: to know where names come from takes longer than to read the file."""

    def __init__(self) -> None:
        super().__init__()
        self.imports: list[tuple[str, str, str | None]] = []

    def old(self, node: cst.CSTNode) -> tuple[str, str]:
        """The module and the name from which an expression was imported; empty texts if it was not."""
        return old_name(self.get_metadata(QualifiedNameProvider, node, set()))

    def need(self, module: str, name: str, alias: str | None = None) -> None:
        """Ask for an import."""
        self.imports.append((module, name, None if alias == name else alias))


def old_name(names: Any) -> tuple[str, str]:
    """The module and the name of an imported expression; empty texts for any other."""
    names = names() if callable(names) else names  # a visitor gets the value itself
    imported = [each.name for each in names if each.source is QualifiedNameSource.IMPORT]
    return split(imported[0]) if len(imported) == 1 else ("", "")


def applied(tree: cst.Module, rewrite: Rewrite) -> cst.Module:
    """The tree after the rewrite, with the imports for which it asked."""
    if not rewrite.SIGN.search(tree.code):
        return tree
    changed = MetadataWrapper(tree, unsafe_skip_copy=True).visit(rewrite)
    if not rewrite.imports:
        return changed
    context = CodemodContext()
    for module, name, alias in sorted(set(rewrite.imports), key=str):
        AddImportsVisitor.add_needed_import(context, module, name, alias)
    return AddImportsVisitor(context).transform_module(changed)


def dotted(node: cst.BaseExpression | None) -> str:
    """The dotted name that an expression is; an empty text for any other expression."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr.value}"
    return ""


def name_of(text: str) -> cst.Name | cst.Attribute:
    """The expression of a dotted name."""
    head, *rest = text.split(".")
    made: cst.Name | cst.Attribute = cst.Name(head)
    for part in rest:
        made = cst.Attribute(made, cst.Name(part))
    return made


def aliases(node: cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    """The names of an import; none of a star import."""
    return () if isinstance(node.names, cst.ImportStar) else node.names


def local_name(alias: cst.ImportAlias) -> str:
    """The name that an import gives to what it imports."""
    return dotted(alias.asname.name) if alias.asname and isinstance(alias.asname.name, cst.Name) else dotted(alias.name)


def argument(call: cst.Call, name: str, position: int | None = None) -> cst.Arg | None:
    """The argument of a call with this name, or at this position."""
    for index, each in enumerate(call.args):
        if each.keyword is not None and each.keyword.value == name:
            return each
        if each.keyword is None and not each.star and index == position:
            return each
    return None


def without(arguments: Sequence[cst.Arg], gone: cst.Arg) -> list[cst.Arg]:
    """The arguments but one; the last keeps the comma and the spaces of the last before."""
    kept = [each for each in arguments if each.value is not gone.value]
    if kept and arguments[-1].value is gone.value:
        kept[-1] = kept[-1].with_changes(comma=arguments[-1].comma)
    return kept


def text_of(node: cst.BaseExpression) -> str | None:
    """The text of a literal."""
    if not isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        return None
    value = node.evaluated_value
    return value if isinstance(value, str) else None


def statement_call(line: cst.BaseStatement) -> cst.Call | None:
    """The call that is the whole statement."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    only = line.body[0]
    return only.value if isinstance(only, cst.Expr) and isinstance(only.value, cst.Call) else None


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and all nodes in it."""
    yield node
    for child in node.children:
        yield from walk(child)
