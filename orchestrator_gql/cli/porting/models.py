"""Models and forms: computed fields, lists of blocks, read-only fields, fixed inputs, and models that were saved."""

import re
from collections.abc import Iterator

import libcst as cst

from orchestrator_gql.cli.porting.trees import Rewrite, argument, dotted, statement_call, walk

_MAKES_SUBSCRIPTIONS = {"from_product_id", "from_other_lifecycle", "from_subscription"}


class Models(Rewrite):
    """Rewrite what models and forms say; ``classes`` are the names of the classes of product subscriptions."""

    SIGN = re.compile(r"serializable_property|SubscriptionInstanceList|ReadOnlyField|\.fixed_input_value\(|\.save\(")

    def __init__(self, classes: set[str]) -> None:
        super().__init__()
        self._classes = classes

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef | cst.FlattenSentinel[cst.BaseStatement]:
        """Make a serializable property a computed field, and drop the saving of models that the function returns."""
        decorators = list[cst.Decorator]()
        for old, new in zip(original_node.decorators, updated_node.decorators, strict=True):
            if self.old(old.decorator) == ("orchestrator.domain.base", "serializable_property"):
                self.need("pydantic", "computed_field")
                decorators += [
                    new.with_changes(decorator=cst.Name("computed_field")),
                    cst.Decorator(cst.Name("property")),
                ]
            else:
                decorators.append(new)
        body = updated_node.body
        if dropped := set(returned_saves(original_node, self._classes)):
            body = body.visit(
                _Unsaved({dotted(call.func.value) for call in dropped if isinstance(call.func, cst.Attribute)})
            )  # type: ignore[assignment]
        return updated_node.with_changes(decorators=decorators, body=body)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.BaseStatement:
        """Make a class of a list of blocks an annotated list."""
        if len(original_node.bases) != 1 or original_node.decorators or original_node.keywords:
            return updated_node
        base = original_node.bases[0].value
        if not isinstance(base, cst.Subscript) or len(base.slice) != 1:
            return updated_node
        limits = _limits(original_node.body)
        if self.old(base.value) != ("orchestrator.domain.base", "SubscriptionInstanceList") or limits is None:
            return updated_node
        made = f"list[{cst.Module([]).code_for_node(base.slice[0].slice)}]"
        if limits:
            self.need("typing", "Annotated")
            self.need("annotated_types", "Len")
            made = f"Annotated[{made}, Len({', '.join(limits)})]"
        line = cst.parse_statement(f"{original_node.name.value} = {made}")
        assert isinstance(line, cst.SimpleStatementLine)
        return line.with_changes(leading_lines=updated_node.leading_lines)

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.AnnAssign:
        """Make a read-only field of the value an annotation of the type."""
        value = original_node.value
        if not isinstance(value, cst.Call) or len(value.args) != 1 or value.args[0].keyword or value.args[0].star:
            return updated_node
        if self.old(value.func) not in {
            ("orchestrator.forms", "ReadOnlyField"),
            ("pydantic_forms.core", "ReadOnlyField"),
        }:
            return updated_node
        self.need("orchestrator_gql.forms", "ReadOnly")
        kind = cst.Subscript(
            cst.Name("ReadOnly"), [cst.SubscriptElement(cst.Index(updated_node.annotation.annotation))]
        )
        annotation = updated_node.annotation.with_changes(annotation=kind)
        return updated_node.with_changes(annotation=annotation, value=value.args[0].value)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        """Make the call for a fixed input of a product a look into its fixed inputs."""
        function = updated_node.func
        if not isinstance(function, cst.Attribute) or function.attr.value != "fixed_input_value":
            return updated_node
        if len(updated_node.args) != 1 or updated_node.args[0].keyword or updated_node.args[0].star:
            return updated_node
        facts = function.with_changes(attr=cst.Name("fixed_inputs"))
        return cst.Subscript(facts, [cst.SubscriptElement(cst.Index(updated_node.args[0].value))])


def saves(function: cst.FunctionDef, classes: set[str]) -> Iterator[cst.Call]:
    """The statements of a function that save a product subscription: the engine does it."""
    known = _subscriptions(function, classes)
    for node in _own(function.body):
        call = node.value if isinstance(node, cst.Expr) else None
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.attr.value == "save":
            is_of_block = argument(call, "subscription_id") is not None
            if is_of_block or dotted(call.func.value) in known:
                yield call


def returned_saves(function: cst.FunctionDef, classes: set[str]) -> Iterator[cst.Call]:
    """The saving statements whose model the function returns, so that they are not needed."""
    given_back = {
        name.value
        for node in _own(function.body)
        if isinstance(node, cst.Return) and node.value is not None
        for name in walk(node.value)
        if isinstance(name, cst.Name)
    }
    for call in saves(function, classes):
        if isinstance(call.func, cst.Attribute) and dotted(call.func.value) in given_back:
            yield call


def _subscriptions(function: cst.FunctionDef, classes: set[str]) -> set[str]:
    """The names in a function that hold a product subscription for certain."""
    parameters = [*function.params.params, *function.params.kwonly_params, *function.params.posonly_params]
    names = {
        each.name.value
        for each in parameters
        if each.annotation is not None and _last(each.annotation.annotation) in classes
    }
    for node in _own(function.body):
        if not isinstance(node, cst.Assign) or not isinstance(node.value, cst.Call):
            continue
        made = node.value.func
        if isinstance(made, cst.Attribute) and made.attr.value in _MAKES_SUBSCRIPTIONS and _last(made.value) in classes:
            names |= {dotted(each.target) for each in node.targets}
    return names - {""}


def _own(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes of a function, without those of the functions in it."""
    yield node
    for child in node.children:
        if not isinstance(child, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            yield from _own(child)


class _Unsaved(cst.CSTTransformer):
    """Drop the statements that save these names."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._names = names

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        """A function in the function has names of its own."""
        return False

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel:
        call = statement_call(original_node)
        if call is None or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "save":
            return updated_node
        return cst.RemoveFromParent() if dotted(call.func.value) in self._names else updated_node

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        """A block that would be empty passes."""
        if updated_node.body:
            return updated_node
        return updated_node.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])


def _limits(body: cst.BaseSuite) -> list[str] | None:
    """The arguments of a length, if the class says nothing else."""
    names = {"min_items": "min_length", "max_items": "max_length"}
    limits = list[str]()
    for line in body.body:
        only = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else line
        if isinstance(only, cst.Pass):
            continue
        if not isinstance(only, cst.Assign | cst.AnnAssign) or only.value is None:
            return None
        target = only.targets[0].target if isinstance(only, cst.Assign) else only.target
        if dotted(target) not in names:
            return None
        limits.append(f"{names[dotted(target)]}={cst.Module([]).code_for_node(only.value)}")
    return limits


def _last(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.SimpleString):
        return node.raw_value.rpartition(".")[2]
    return dotted(node).rpartition(".")[2]
