"""Workflows that name the standard steps themselves: the ready-made decorators have these steps, and their own form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import libcst as cst

from orchestrator_gql.cli.porting.names import READY_MADE
from orchestrator_gql.cli.porting.trees import Rewrite, argument, dotted, without

WRAPPERS: Final = {"wrap_create_initial_input_form", "wrap_modify_initial_input_form"}

BEFORE: Final = {
    "CREATE": [["init"]],
    "MODIFY": [["init", "store_process_subscription", "unsync"]],
    "TERMINATE": [["init", "store_process_subscription", "unsync"]],
    "VALIDATE": [
        ["init", "store_process_subscription", "unsync"],
        ["init", "store_process_subscription", "unsync_unchecked"],
        ["init", "store_process_subscription"],
    ],
    "RECONCILE": [["init", "store_process_subscription", "unsync_unchecked"]],
}
"""The first steps of each target, which its decorator has by itself."""

AFTER: Final = {
    "CREATE": [["set_status", "resync", "done"]],
    "MODIFY": [["resync", "done"]],
    "TERMINATE": [["set_status", "resync", "done"]],
    "VALIDATE": [["resync", "done"], ["done"]],
    "RECONCILE": [["resync", "done"]],
}
"""The last steps of each target."""


@dataclass(frozen=True, slots=True)
class Handmade:
    """A workflow that a ready-made decorator can take over."""

    decorator: str
    steps: cst.BaseExpression
    status: cst.BaseExpression | None


def read(rewrite: Rewrite, call: cst.Call, function: cst.FunctionDef) -> Handmade | None:
    """The workflow of ``@workflow(…)`` as a ready-made one; None if it does anything else."""
    form, target = argument(call, "initial_input_form", 1), argument(call, "target", 2)
    if form is None or target is None or not isinstance(form.value, cst.Call):
        return None
    is_wrapped = rewrite.old(form.value.func)[1] in WRAPPERS
    kind = dotted(target.value).rpartition(".")[2]
    returned = _returned(function)
    if not is_wrapped or len(form.value.args) != 1 or kind not in READY_MADE or returned is None:
        return None
    chain = _chain(returned)
    names = [rewrite.old(each.func if isinstance(each, cst.Call) else each)[1] for each in chain]
    first = next((len(each) for each in BEFORE[kind] if names[: len(each)] == each), 0)
    last = next((len(each) for each in AFTER[kind] if names[-len(each) :] == each), 0)
    if not first or not last or first + last > len(chain):
        return None
    status = _status(chain[-3]) if kind in {"CREATE", "TERMINATE"} else None
    if kind == "TERMINATE" and (status is None or dotted(status).rpartition(".")[2] != "TERMINATED"):
        return None
    if kind == "CREATE" and status is None:
        return None
    steps = _between(returned, first, last)
    if steps is None:
        return None
    shown = status if status is not None and dotted(status).rpartition(".")[2] not in {"ACTIVE", "TERMINATED"} else None
    return Handmade(READY_MADE[kind], steps, shown)


def decorated(call: cst.Call, made: Handmade) -> cst.Call:
    """The call of the ready-made decorator."""
    form, target = argument(call, "initial_input_form", 1), argument(call, "target", 2)
    assert form is not None and target is not None
    arguments = unwrapped(without(call.args, target), form)
    if made.status is not None:
        bare = cst.SimpleWhitespace("")
        equal = cst.AssignEqual(bare, bare)
        arguments.append(cst.Arg(made.status, keyword=cst.Name("status"), equal=equal))
    return call.with_changes(func=cst.Name(made.decorator), args=arguments)


def unwrapped(arguments: Sequence[cst.Arg], form: cst.Arg) -> list[cst.Arg]:
    """The arguments with the form that stood in the wrapper, or without any form."""
    inner = form.value.args[0].value if isinstance(form.value, cst.Call) and form.value.args else None
    if inner is None or dotted(inner) == "None":
        return without(arguments, form)
    position = next(index for index, each in enumerate(arguments) if each.value is form.value)
    return [*arguments[:position], arguments[position].with_changes(value=inner), *arguments[position + 1 :]]


def _returned(function: cst.FunctionDef) -> cst.BinaryOperation | None:
    """The steps that the function returns, if it does nothing else."""
    lines = [line for line in function.body.body if not _is_docstring(line)]
    if len(lines) != 1 or not isinstance(lines[0], cst.SimpleStatementLine) or len(lines[0].body) != 1:
        return None
    only = lines[0].body[0]
    value = only.value if isinstance(only, cst.Return) else None
    return value if isinstance(value, cst.BinaryOperation) else None


def _is_docstring(line: cst.CSTNode) -> bool:
    only = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
    return isinstance(only, cst.Expr) and isinstance(only.value, cst.SimpleString | cst.ConcatenatedString)


def _chain(node: cst.BaseExpression) -> Sequence[cst.BaseExpression]:
    """The steps between the arrows, from left to right."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.RightShift):
        return [*_chain(node.left), node.right]
    return [node]


def _status(step: cst.BaseExpression) -> cst.BaseExpression | None:
    return step.args[0].value if isinstance(step, cst.Call) and len(step.args) == 1 else None


def _between(whole: cst.BinaryOperation, first: int, last: int) -> cst.BaseExpression | None:
    """``whole`` without its first and last steps, and with ``begin``; None if a comment would be lost."""
    kept: cst.BaseExpression = whole
    for _ in range(last):
        assert isinstance(kept, cst.BinaryOperation)
        kept = kept.left
    dropped: cst.BaseExpression = kept
    for _ in range(len(_chain(kept)) - first):
        assert isinstance(dropped, cst.BinaryOperation)
        dropped = dropped.left
    code = cst.Module([]).code_for_node
    if code(whole).count("#") != code(kept).count("#") or "#" in code(dropped):
        return None
    begin = cst.Name("begin")
    if dropped is kept:
        return begin
    made = kept.deep_replace(dropped, begin)
    assert isinstance(made, cst.BaseExpression)
    return made.with_changes(lpar=whole.lpar, rpar=whole.rpar)
