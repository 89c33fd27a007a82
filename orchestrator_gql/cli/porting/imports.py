"""Import statements: each name comes from where it is here; a name without a place stays as it is."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst
from libcst.metadata import ImportAssignment, Scope, ScopeProvider

from orchestrator_gql.cli.porting.names import HOMES, REWRITTEN, is_old, normal
from orchestrator_gql.cli.porting.trees import Rewrite, aliases, dotted, local_name, name_of

Small = cst.BaseSmallStatement


class Imports(Rewrite):
    """Rewrite ``from`` imports; ``used_before`` are the names that the file used before any rewrite."""

    SIGN = re.compile(r"\bfrom +(orchestrator\b|pydantic_forms\.core\b)")

    def __init__(self, used_before: frozenset[str]) -> None:
        super().__init__()
        self._used_before = used_before

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement] | cst.RemovalSentinel:
        """Make several lines of an import whose names have several places now."""
        body = self._moved(original_node.body)
        if body is None:
            return updated_node
        if not body:
            return cst.RemoveFromParent()
        if len(original_node.body) > 1:
            return updated_node.with_changes(body=_joined(body))
        first, *others = body
        lines = [cst.SimpleStatementLine([each]) for each in others]
        return cst.FlattenSentinel([updated_node.with_changes(body=[first]), *lines])

    def leave_SimpleStatementSuite(
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.SimpleStatementSuite:
        """The same after a colon, as in ``if TYPE_CHECKING: from x import y``."""
        body = self._moved(original_node.body)
        if body is None:
            return updated_node
        return updated_node.with_changes(body=_joined(body or [cst.Pass()]))

    def _moved(self, body: Sequence[Small]) -> list[Small] | None:
        """The statements with their imports in new places; None if nothing changes."""
        moved = [self._parts(each) if isinstance(each, cst.ImportFrom) else [each] for each in body]
        flat = [each for parts in moved for each in parts]
        return None if len(flat) == len(body) and all(a is b for a, b in zip(flat, body, strict=True)) else flat

    def _parts(self, node: cst.ImportFrom) -> list[Small]:
        module = normal(dotted(node.module))
        if node.relative or not (is_old(module) or any(module == old for old, _ in REWRITTEN)):
            return [node]
        groups = dict[str, list[cst.ImportAlias]]()
        for alias in aliases(node):
            name, local = dotted(alias.name), local_name(alias)
            if self._is_gone(node, module, name, local):
                continue
            home, new = HOMES.get((module, name), ("", name))
            kept = cst.AsName(cst.Name(local)) if new != name else alias.asname
            moved = alias if not home else alias.with_changes(name=cst.Name(new), asname=kept)
            groups.setdefault(home, []).append(moved)
        if not aliases(node) or (groups.keys() == {""} and len(groups[""]) == len(aliases(node))):
            return [node]
        return [
            node.with_changes(names=_ended(names, node), module=name_of(home) if home else node.module)
            for home, names in groups.items()
        ]

    def _is_gone(self, node: cst.ImportFrom, module: str, name: str, local: str) -> bool:
        """True if nothing uses the name any more, and a rewrite is the reason."""
        if not is_old(module) and (module, name) not in REWRITTEN:
            return False
        scope = self.get_metadata(ScopeProvider, node, None)
        is_used = scope is not None and any(each.references for each in scope[local])
        return not is_used and ((module, name) in REWRITTEN or local in self._used_before)


def used_names(scopes: Iterable[object]) -> frozenset[str]:
    """The names of imports that a file uses."""
    found = set[str]()
    for scope in scopes:
        if not isinstance(scope, Scope):
            continue
        found |= {each.name for each in scope.assignments if isinstance(each, ImportAssignment) and each.references}
    return frozenset(found)


def _ended(names: Sequence[cst.ImportAlias], node: cst.ImportFrom) -> list[cst.ImportAlias]:
    """The names with the end of the whole list: a comma at the end only in parentheses, as there."""
    own, last = names[-1].comma, aliases(node)[-1].comma
    if node.lpar is not None and isinstance(own, cst.Comma) and "#" in cst.Module([]).code_for_node(own):
        if not isinstance(last, cst.Comma) or not isinstance(last.whitespace_after, cst.ParenthesizedWhitespace):
            return list(names)
        last = own.with_deep_changes(own.whitespace_after, last_line=last.whitespace_after.last_line, indent=True)
    return [*names[:-1], names[-1].with_changes(comma=last)]


def _joined(body: Sequence[Small]) -> list[Small]:
    """The statements on one line."""
    middle = [
        each.with_changes(semicolon=cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))) for each in body[:-1]
    ]
    return [*middle, body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]
