"""What the execution of a kept document needs, found out once for each of its operations.

Strawberry and graphql-core find out for each request which operation to execute, which of its arguments have limits,
and which fields it selects. For a kept document that was found valid, this is kept with the document. What depends on
the request is done each time: the values of the variables, the limits of lists and pages, and the resolvers. A document
that is new, invalid or over a limit takes the way of Strawberry. So does every document if the schema has other
extensions, or if the libraries were not tested: see `libraries`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from inspect import isawaitable
from typing import Any, TypeAlias

import graphql
import strawberry
from graphql import (
    ArgumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    Node,
    OperationDefinitionNode,
    VariableNode,
    default_field_resolver,
    default_type_resolver,
    get_nullable_type,
    is_leaf_type,
    specified_rules,
    type_from_ast,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import AddValidationRules
from strawberry.types import ExecutionResult

from orchestrator_gql.graphql import documents, libraries
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import KnownDocument, KnownDocuments
from orchestrator_gql.graphql.limits import ListSize, PageSize, has_long_list, is_page_too_large, page_arguments
from orchestrator_gql.graphql.planned_executor import Collected, PlannedExecutor
from orchestrator_gql.graphql.planned_values import variables_reader
from orchestrator_gql.graphql.transport.request import GraphQLRequest

try:
    from graphql.execution.collect_fields import FragmentDetails
    from graphql.execution.values import get_variable_values
except ImportError:  # another release: `libraries` knows that it was not tested
    FragmentDetails = get_variable_values = None  # type: ignore[assignment,misc]

Result: TypeAlias = ExecutionResult | graphql.ExecutionResult

PLANNED = (AddValidationRules, KnownDocuments, PageSize, ListSize)
"""The extensions that a plan replaces."""

KEPT_PLANS = 4
"""Plans of one document: a client that sends many operations in one document executes few of them."""

MOST_ERRORS = 50
"""Errors in the values of variables that a response contains, as graphql-core limits them."""


@dataclass(slots=True)
class OperationPlan:
    """One operation of a valid document.

    ``sizes`` are the arguments with the size of a page; ``inputs`` are the types of the variables that may have a list,
    and ``read_variables`` reads the values of all. ``collected`` keeps the fields that the operation selects; it is
    None if they depend on variables.
    """

    schema: strawberry.Schema
    operation: OperationDefinitionNode
    definitions: dict[str, FragmentDefinitionNode]
    fragments: dict[str, Any]
    sizes: tuple[ArgumentNode, ...]
    inputs: tuple[tuple[str, Any], ...]
    read_variables: Callable[[Mapping[str, Any]], Any]
    collected: Collected | None

    def fits(self, variables: Any) -> bool:
        """True if no list and no page is over its limit."""
        for name, kind in self.inputs:
            if has_long_list(variables.get(name), kind):
                return False
        return not self.sizes or not any(
            is_page_too_large(size.value, self.operation, variables) for size in self.sizes
        )

    async def result(self, request: GraphQLRequest, context: Context) -> Result:
        """The result of the execution."""
        try:
            executor = self._executor(request, context)
            if isinstance(executor, list):
                return graphql.ExecutionResult(None, executor)
            result = executor.execute_planned(self.collected)
            completed: Result = await result if isawaitable(result) else result
            return completed
        except Exception as error:
            located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            return ExecutionResult(None, [located])

    def _executor(self, request: GraphQLRequest, context: Context) -> PlannedExecutor | list[GraphQLError]:
        values = self.read_variables(request.variables)
        if values is None:
            known = self.operation.variable_definitions or ()
            values = get_variable_values(self.schema._schema, known, dict(request.variables), max_errors=MOST_ERRORS)
            if isinstance(values, list):
                return values
        make: Any = self.schema.execution_context_class
        executor: PlannedExecutor = make(
            self.schema._schema,
            self.definitions,
            self.fragments,
            None,
            context,
            self.operation,
            values,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=optimized_is_awaitable,
            operation_extensions=extensions_of(request),
        )
        return executor


def extensions_of(request: GraphQLRequest) -> dict[str, Any] | None:
    """What the execution must know of the request besides its operation."""
    return {documents.STRANGER: True} if request.is_stranger else None


def plan_of(schema: strawberry.Schema, request: GraphQLRequest) -> OperationPlan | None:
    """The plan of a request that fits the limits; None if its document is not kept, or not known to be valid."""
    rules = _rules_of(schema)
    known = documents.find(request.query, is_stranger=request.is_stranger) if rules is not None else None
    if known is None:
        return None
    key = (schema, request.operation_name)
    plan: OperationPlan | None = known.plans.get(key)
    if plan is None:
        verdict = known.verdicts.get((schema._schema, documents.rules_for(rules, is_stranger=request.is_stranger)))
        plan = _planned(schema, known, request) if verdict == () else None
        if plan is None:
            return None
        if len(known.plans) < KEPT_PLANS:
            known.plans[key] = plan
            documents.add_weight(request.query, known, is_stranger=request.is_stranger)
    return plan if plan.fits(request.variables) else None


@lru_cache(maxsize=16)
def _rules_of(schema: strawberry.Schema) -> Any:
    """The validation rules of the schema; None if the schema or the libraries need the way of Strawberry."""
    extensions = schema.get_extensions()
    is_planned = tuple(map(type, extensions)) == PLANNED and issubclass(schema.execution_context_class, PlannedExecutor)
    if not (is_planned and libraries.are_tested()):
        return None
    assert isinstance(extensions[0], AddValidationRules)
    return (*specified_rules, *extensions[0].validation_rules)


def _planned(schema: strawberry.Schema, known: KnownDocument, request: GraphQLRequest) -> OperationPlan | None:
    document = known.document
    try:
        operation = documents.select(document, request.operation_name)
    except GraphQLError:
        return None
    if operation.operation is documents.Kind.SUBSCRIPTION:
        return None
    definitions = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    if any(definition.variable_definitions for definition in definitions.values()):
        return None
    variables: list[tuple[str, Any]] = [
        (definition.variable.name.value, type_from_ast(schema._schema, definition.type))
        for definition in operation.variable_definitions or ()
    ]
    return OperationPlan(
        schema,
        operation,
        definitions,
        {name: FragmentDetails(definition, None) for name, definition in definitions.items()},
        tuple(page_arguments(document)),
        tuple((name, kind) for name, kind in variables if not is_leaf_type(get_nullable_type(kind))),
        variables_reader(schema._schema, operation.variable_definitions or ()),
        None if _depends_on_variables((operation, *definitions.values())) else Collected(document.token_count),
    )


def _depends_on_variables(parts: Iterable[Node]) -> bool:
    """True if a directive of a selection has a variable, so that each request may select other fields."""
    remaining: list[Node] = [*parts]
    while remaining:
        part = remaining.pop()
        if any(
            isinstance(argument.value, VariableNode)
            for directive in getattr(part, "directives", None) or ()
            for argument in directive.arguments or ()
        ):
            return True
        selections = getattr(part, "selection_set", None)
        remaining += selections.selections if selections else ()
    return False
