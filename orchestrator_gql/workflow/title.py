"""The `title=` of a workflow: a template whose fields name values of the start form."""

from collections.abc import Callable, Iterator
from string import Formatter

from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.names import demand_name

EXAMPLE = "`Deploy {version} to {site}`"


def demand_title(value: object, workflow: str) -> str | None:
    """Return the template; raises `WorkflowDefinitionError` if it is no text or has a field that is no name.

    A field has no conversion, no format and no index, because the values are JSON: ``{port.speed}`` is the value under
    ``speed`` in the object under ``port``.
    """
    return None if value is None else demand_template(value, f"title of workflow {workflow!r}", EXAMPLE)


def demand_template(value: object, what: str, example: str) -> str:
    """Return the template; raises `WorkflowDefinitionError` as `demand_title`. ``what`` says which template it is."""
    template = demand_name(value, what, longest=500)
    try:
        fields = list(_fields(template))
    except ValueError as error:
        raise WorkflowDefinitionError(
            f"The {what}, {template!r}, is no template: {error}. Write {example}; a brace itself is written twice."
        ) from None
    for name, is_plain in fields:
        if not is_plain or not all(part.isidentifier() for part in name.split(".")):
            raise WorkflowDefinitionError(
                f"The {what} has the field {name!r}, which names no value: write the name of a value of the start "
                f"form, and nothing behind it, as in {example}."
            )
    return template


def titled(title: str, value_of: Callable[[str], str]) -> str:
    """Return the template with each field replaced by ``value_of`` its name.

    >>> titled("Deploy {version} to {site.name}", {"version": "2.1", "site.name": "AMS"}.__getitem__)
    'Deploy 2.1 to AMS'
    """
    return "".join(text + ("" if name is None else value_of(name)) for text, name, _, _ in Formatter().parse(title))


def value_at(values: Json, name: str) -> Json:
    """Return the value under the dotted name; None if there is none.

    >>> value_at({"site": {"name": "AMS"}}, "site.name")
    'AMS'
    """
    for key in name.split("."):
        if not isinstance(values, dict):
            return None
        values = values.get(key)
    return values


def _fields(title: str) -> Iterator[tuple[str, bool]]:
    for _, name, format, conversion in Formatter().parse(title):
        if name is not None:
            yield name, not format and not conversion
