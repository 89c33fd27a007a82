"""What registers products and workflows: `register_product`, and imports of the workflows' functions."""

import ast
import re
from collections.abc import Iterator

import libcst as cst

from orchestrator_gql.cli.porting.project import Project
from orchestrator_gql.cli.porting.trees import Rewrite, argument, statement_call, text_of

WIDEST = 110


class Registrations(Rewrite):
    """Rewrite the registry of models and the lazy workflows; ``project`` says what the products are."""

    SIGN = re.compile(r"SUBSCRIPTION_MODEL_REGISTRY|LazyWorkflowInstance")

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        """Rewrite a statement that registers something."""
        made = self._products(original_node) or self._workflow(original_node)
        if not made:
            return updated_node
        first = made[0].with_changes(leading_lines=[*updated_node.leading_lines, *made[0].leading_lines])
        made = [first, *made[1:]]
        if updated_node.trailing_whitespace.comment:
            made[-1] = made[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(made)

    def _products(self, line: cst.SimpleStatementLine) -> list[cst.SimpleStatementLine]:
        entries = self._entries(line)
        if entries is None or not all(isinstance(each, cst.DictElement) for each in entries):
            return []
        self.need("orchestrator_gql.domain", "register_product")
        made, leading = list[cst.SimpleStatementLine](), list(_before(line))
        for entry in entries:
            assert isinstance(entry, cst.DictElement)
            statement = self._registered(_code(entry.key), _code(entry.value))
            trailing, after = _comments(entry)
            if trailing is not None:
                statement = statement.with_changes(
                    trailing_whitespace=statement.trailing_whitespace.with_changes(
                        whitespace=cst.SimpleWhitespace("  "), comment=trailing
                    )
                )
            made.append(statement.with_changes(leading_lines=leading))
            leading = after
        return made

    def _entries(self, line: cst.SimpleStatementLine) -> list[cst.BaseDictElement] | None:
        """The products that the statement puts into the registry of models."""
        call = statement_call(line)
        if call is not None and isinstance(call.func, cst.Attribute) and call.func.attr.value == "update":
            models = call.args[0].value if len(call.args) == 1 else None
            is_registry = self._is_registry(call.func.value) and isinstance(models, cst.Dict)
            return list(models.elements) if is_registry and isinstance(models, cst.Dict) else None
        only = line.body[0] if len(line.body) == 1 else None
        if isinstance(only, cst.Assign) and len(only.targets) == 1:
            target = only.targets[0].target
            if isinstance(target, cst.Subscript) and self._is_registry(target.value) and len(target.slice) == 1:
                key = target.slice[0].slice
                return [cst.DictElement(key.value, only.value)] if isinstance(key, cst.Index) else None
        return None

    def _is_registry(self, node: cst.BaseExpression) -> bool:
        return self.old(node) == ("orchestrator.domain", "SUBSCRIPTION_MODEL_REGISTRY")

    def _registered(self, name: str, model: str) -> cst.SimpleStatementLine:
        arguments = [f"name={name}", f"model={model}"]
        declared = self._project.products.get(ast.unparse(ast.parse(name, mode="eval")))
        if declared is not None:
            arguments += [f"{key}={value}" for key, value in declared.arguments]
            for module, imported, alias in declared.imports:
                self.need(module, imported, alias)
        text = f"register_product({', '.join(arguments)})"
        if len(text) > WIDEST:
            text = "register_product(\n" + "".join(f"    {each},\n" for each in arguments) + ")"
        line = cst.parse_statement(text)
        assert isinstance(line, cst.SimpleStatementLine)
        return line

    def _workflow(self, line: cst.SimpleStatementLine) -> list[cst.SimpleStatementLine]:
        """The import of the function that a lazy workflow names."""
        call = statement_call(line)
        if call is None or self.old(call.func) != ("orchestrator.workflows", "LazyWorkflowInstance"):
            return []
        module, function = argument(call, "package", 0), argument(call, "function", 1)
        names = [text_of(each.value) if each is not None else None for each in (module, function)]
        if len(call.args) != 2 or not all(name and _is_importable(name) for name in names):
            return []
        made = cst.parse_statement(f"from {names[0]} import {names[1]}")
        assert isinstance(made, cst.SimpleStatementLine)
        return [made]


def _is_importable(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _comments(entry: cst.DictElement) -> tuple[cst.Comment | None, list[cst.EmptyLine]]:
    """The comment behind an entry, and the comments before the next one."""
    comma = entry.comma
    space = comma.whitespace_after if isinstance(comma, cst.Comma) else None
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return None, []
    return space.first_line.comment, list(_kept(space))


def _before(line: cst.SimpleStatementLine) -> Iterator[cst.EmptyLine]:
    """The comments before the first entry of a dictionary that the statement gives away."""
    call = statement_call(line)
    models = call.args[0].value if call is not None else None
    space = models.lbrace.whitespace_after if isinstance(models, cst.Dict) else None
    if isinstance(space, cst.ParenthesizedWhitespace):
        if space.first_line.comment:
            yield cst.EmptyLine(indent=True, comment=space.first_line.comment)
        yield from _kept(space)


def _kept(space: cst.ParenthesizedWhitespace) -> Iterator[cst.EmptyLine]:
    yield from (cst.EmptyLine(indent=True, comment=each.comment) for each in space.empty_lines if each.comment)


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)
