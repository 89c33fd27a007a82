"""The decorators of workflows: their descriptions and products, and the ready-made kinds."""

import ast
import json
import re

import libcst as cst

from orchestrator_gql.cli.porting import handmade
from orchestrator_gql.cli.porting.names import READY_MADE
from orchestrator_gql.cli.porting.project import Project
from orchestrator_gql.cli.porting.trees import Rewrite, aliases, argument, dotted, local_name, walk, without

WIDEST = 110

DECORATORS = frozenset(("orchestrator.workflows.utils", name) for name in READY_MADE.values())
PLAIN = {("orchestrator.workflow", "workflow"), ("orchestrator", "workflow")}


class Workflows(Rewrite):
    """Rewrite the decorators of workflows; ``project`` says what their products are."""

    SIGN = re.compile(r"@.*workflow\(")

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._modules = set[str]()
        self._names = set[str]()

    def visit_Module(self, node: cst.Module) -> None:
        """Look which modules this one imports: they are imported before its workflows are made."""
        for each in walk(node):
            if isinstance(each, cst.ImportFrom) and not each.relative:
                self._modules.add(dotted(each.module))
                self._names |= {local_name(alias) for alias in aliases(each)}
            elif isinstance(each, cst.Import):
                self._modules |= {dotted(alias.name) for alias in each.names}
            elif isinstance(each, cst.FunctionDef | cst.ClassDef):
                self._names.add(each.name.value)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        """Rewrite the decorator of a workflow."""
        decorators, body = list[cst.Decorator](), updated_node.body
        for old, new in zip(original_node.decorators, updated_node.decorators, strict=True):
            decorators.append(new)
            if not isinstance(old.decorator, cst.Call) or not isinstance(new.decorator, cst.Call):
                continue
            source = self.old(old.decorator.func)
            if source in DECORATORS:
                call = self._without_form(new.decorator, old.decorator)
            elif source in PLAIN and (made := self._taken_over(old.decorator, original_node)):
                call = handmade.decorated(old.decorator, made)
                body = body.with_deep_changes(_return_of(body), value=made.steps)
            else:
                continue
            call = _in_lines(self._described(self._with_products(call, original_node), original_node))
            decorators[-1] = new.with_changes(decorator=call)
        return updated_node.with_changes(decorators=decorators, body=body)

    def _taken_over(self, call: cst.Call, function: cst.FunctionDef) -> handmade.Handmade | None:
        """The workflow with its standard steps, if a ready-made decorator can take it over."""
        made = handmade.read(self, call, function)
        if made is None or made.decorator in self._names:
            return None
        self.need("orchestrator_gql.workflows.utils", made.decorator)
        if "begin" not in self._names:
            self.need("orchestrator_gql", "begin")
        return made

    def _without_form(self, call: cst.Call, old: cst.Call) -> cst.Call:
        """Without the form that the decorator has by itself, or without its wrapper."""
        form, before = argument(call, "initial_input_form", 1), argument(old, "initial_input_form", 1)
        if form is None or before is None:
            return call
        if self.old(before.value)[1] == "modify_initial_input_form_generator":
            return call.with_changes(args=without(call.args, form)) if form.keyword else call
        if self.old(before.value.func if isinstance(before.value, cst.Call) else before.value)[1] in handmade.WRAPPERS:
            return call.with_changes(args=handmade.unwrapped(call.args, form))
        return call

    def _with_products(self, call: cst.Call, function: cst.FunctionDef) -> cst.Call:
        names, modules = self._project.products_of(function.name.value)
        is_literal = all(_is_text(name) for name in names)
        if not names or not is_literal or argument(call, "products") or not all(map(self._is_before, modules)):
            return call
        texts = json.dumps([ast.literal_eval(name) for name in names], ensure_ascii=False)
        return _with(call, "products", cst.parse_expression(texts))

    def _described(self, call: cst.Call, function: cst.FunctionDef) -> cst.Call:
        declared = self._project.workflows.get(function.name.value)
        if declared is None or not declared.description or argument(call, "description", 0):
            return call
        text = cst.parse_expression(json.dumps(declared.description, ensure_ascii=False))
        return call.with_changes(args=[cst.Arg(text), *call.args])

    def _is_before(self, module: str) -> bool:
        """True if the module is loaded before this one can make its workflows."""
        return any(each == module or each.startswith(f"{module}.") for each in self._modules)


def _is_text(source: str) -> bool:
    body = ast.parse(source, mode="eval").body
    return isinstance(body, ast.Constant) and isinstance(body.value, str)


def _with(call: cst.Call, name: str, value: cst.BaseExpression) -> cst.Call:
    """The call with one more argument."""
    bare = cst.SimpleWhitespace("")
    more = cst.Arg(value, keyword=cst.Name(name), equal=cst.AssignEqual(bare, bare))
    if not call.args:
        return call.with_changes(args=[more])
    *before, last = call.args
    if isinstance(last.comma, cst.Comma):  # a comma at the end, on a line of its own
        inner = before[-1].comma if before else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return call.with_changes(args=[*before, last.with_changes(comma=inner), more.with_changes(comma=last.comma)])
    return call.with_changes(args=[*call.args, more])


def _in_lines(call: cst.Call) -> cst.Call:
    """The call with a line for each argument if it is too wide."""
    code = cst.Module([]).code_for_node(call)
    if "\n" in code or len(code) < WIDEST:
        return call
    inner = cst.ParenthesizedWhitespace(last_line=cst.SimpleWhitespace("    "), indent=True)
    end = cst.ParenthesizedWhitespace(indent=True)
    args = [each.with_changes(comma=cst.Comma(whitespace_after=inner)) for each in call.args]
    args[-1] = args[-1].with_changes(comma=cst.Comma(whitespace_after=end))
    return call.with_changes(args=args, whitespace_before_args=inner)


def _return_of(body: cst.BaseSuite) -> cst.Return:
    return next(each for each in walk(body) if isinstance(each, cst.Return))
