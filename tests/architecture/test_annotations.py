"""No attribute of a class has the name of a type that an annotation in the class needs.

Python 3.14 evaluates annotations when they are asked for, in the scope of the class: `body: bytes` would then find an
attribute `bytes` of the same class, whichever comes first.
"""

import ast

from support.tree import dotted, modules


def hidden(text: str) -> list[str]:
    """The names in annotations that an attribute of the class hides, each as ``Class.name``."""
    return sorted(
        {
            f"{node.name}.{name.id}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ClassDef)
            for annotation in _annotations(node)
            for name in ast.walk(annotation)
            if isinstance(name, ast.Name) and name.id in _attributes(node)
        }
    )


def _attributes(node: ast.ClassDef) -> set[str]:
    """The names that the body of the class gives a value."""
    names = set()
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(each.name)
        elif isinstance(each, ast.AnnAssign) and each.value is not None and isinstance(each.target, ast.Name):
            names.add(each.target.id)
        elif isinstance(each, ast.Assign):
            names |= {target.id for target in each.targets if isinstance(target, ast.Name)}
    return names


def _annotations(node: ast.ClassDef) -> list[ast.expr]:
    found: list[ast.expr | None] = []
    for each in node.body:
        if isinstance(each, ast.AnnAssign):
            found.append(each.annotation)
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [
                *each.args.posonlyargs,
                *each.args.args,
                *each.args.kwonlyargs,
                each.args.vararg,
                each.args.kwarg,
            ]
            found += [each.returns, *(argument.annotation for argument in arguments if argument)]
    return [annotation for annotation in found if annotation is not None]


def test_no_attribute_hides_a_type() -> None:
    assert {dotted(path): names for path in modules() if (names := hidden(path.read_text()))} == {}


def test_what_is_hidden_is_found() -> None:
    text = """
class Delivery:
    body: bytes | None
    count: int
    bytes: int = field()

    def list(self) -> list[str]: ...
    def of(self, kind: type) -> "Delivery": ...
    def type(self) -> int: ...
"""
    assert hidden(text) == ["Delivery.bytes", "Delivery.list", "Delivery.type"]
