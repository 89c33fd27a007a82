"""Write the reference pages of GraphQL: a page for each kind of type, and the events."""

import re
from collections.abc import Callable, Iterable
from functools import cache

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    Undefined,
    ast_from_value,
    build_schema,
    get_named_type,
    print_ast,
)

from orchestrator_gql.graphql.schema import printed
from orchestrator_gql.types import NotificationKind

ROOTS = {"Query": "queries", "Mutation": "mutations", "Subscription": "subscriptions"}
INTRODUCTIONS = {
    "Query": "A role without the permission to read gets null for the field and an entry in `errors` of the response.",
    "Mutation": "A mutation returns a [union](results.md): its success, or an [error](errors.md) to be mended.",
    "Subscription": "Over WebSocket or as server-sent events. The first message comes at once.",
}
EVENTS = "events"
KINDS = {
    "objects": ("Objects", "The objects that queries return and events lead to."),
    "connections": (
        "Connections",
        "Lists in pages. `first` and `after` page forward, `last` and `before` page backward; see "
        "[limits](../limits.md) for the largest page. Every edge has the `cursor` of its node.",
    ),
    "results": (
        "Results of mutations",
        "A mutation returns a union: its success, or an [error](errors.md) that the user can mend. Select "
        "`__typename` and `... on UserError { code message }`, so that no error is lost.",
    ),
    "errors": (
        "Errors",
        "The errors that a mutation returns as data. Each of them is a [`UserError`](interfaces.md#usererror) with the "
        "[`code`](../errors.md) and a message for people. An invalid operation, or a missing right of a query, is in "
        "`errors` of the response instead.",
    ),
    "inputs": ("Inputs", "The arguments of mutations, and the filters of lists."),
    "enums": ("Enums", "A client should accept a value that it does not know: a later release may add one."),
    "interfaces": ("Interfaces", "The fields that several types share."),
    "scalars": ("Scalars", "The values without fields."),
}
"""The title and the first words of the page of each kind of type."""

NOTIFICATIONS = {
    NotificationKind.INPUT_REQUEST_OPENED: "A form waits for a person.",
    NotificationKind.INPUT_REQUEST_REMINDED: "The reminder of an open form is due.",
    NotificationKind.INPUT_REQUEST_ESCALATED: "An open form was escalated to another assignee.",
    NotificationKind.INPUT_REQUEST_ASSIGNED: "Somebody gave an open form to another assignee.",
    NotificationKind.INPUT_REQUEST_DECIDED: "A person or a policy decided.",
    NotificationKind.INPUT_REQUEST_CLOSED: "A form was closed before it was decided.",
    NotificationKind.PROCESS_FAILED: "A process failed.",
}
"""When a notification of each kind is sent."""

SHOWN = 4
"""How many names of a page the overview has."""

OVERVIEW = """\
# GraphQL

Everything that an operator or a dashboard does is in one schema, at `/graphql`: queries and mutations by POST, the
[subscriptions](subscriptions.md) over WebSocket (`graphql-transport-ws`) or as server-sent events.
[Connect a GraphQL client](../../howto/connect-a-graphql-client.md) has clients in Python, TypeScript and curl. In a
browser, `/graphql` shows GraphiQL if `ORCHESTRATOR_IS_DEVELOPMENT` is on.

| Page | Has |
|---|---|
"""

OVERVIEW_END = """

The schema is also a file, `schema.graphql` in the repository. This command prints the schema of the installed release:

```sh
orchestrator-gql schema --output schema.graphql
```

A name never changes its meaning. A field is first deprecated, and removed in a later major release. These pages are
made from the schema.
"""

EVENTS_HEAD = """\
# Events

Every committed change is an event. The events are one log, in the order of the commits. A client reads the log live
by the subscription [`processEvents`](graphql/subscriptions.md#processevents), or in pages by the query
[`events`](graphql/queries.md#events). Each event has a `cursor`; a client that passes its newest cursor as `after`
misses nothing and gets nothing twice. [`EventFilter`](graphql/inputs.md#eventfilter) takes only some events.

The fields below show the values at the time of the change. Fields that lead to objects, such as `process`, show their
current state. [Notifications](#notifications) follow from some of the events.

| Event | When |
|---|---|
"""

NOTIFICATIONS_HEAD = """\
## Notifications

If [notifications](../howto/notifications.md) are set up, these kinds are sent by mail or webhook. The kind is the
`type` in the body of a webhook.

| Kind | When |
|---|---|
"""


@cache
def schema() -> GraphQLSchema:
    """Our schema, as a client builds it."""
    return build_schema(printed())


def types() -> list[GraphQLNamedType]:
    """All types of the schema but the roots and those of introspection, by name."""
    named = schema().type_map.items()
    return [kind for name, kind in sorted(named) if not name.startswith("__") and name not in ROOTS]


def page_of(kind: GraphQLNamedType) -> str:
    """The name of the page on which a type stands."""
    if isinstance(kind, GraphQLObjectType):
        return _page_of_object(kind)
    if kind.name.endswith("Event"):
        return EVENTS
    pages: dict[type[GraphQLNamedType], str] = {
        GraphQLUnionType: "results",
        GraphQLInterfaceType: "interfaces",
        GraphQLInputObjectType: "inputs",
        GraphQLEnumType: "enums",
        GraphQLScalarType: "scalars",
    }
    return pages[type(kind)]


def _page_of_object(kind: GraphQLObjectType) -> str:
    interfaces = {interface.name for interface in kind.interfaces}
    if "Event" in interfaces:
        return EVENTS
    if "UserError" in interfaces:
        return "errors"
    if kind.name == "PageInfo" or kind.name.endswith(("Connection", "Edge")):
        return "connections"
    return "results" if kind.name.endswith(("Success", "Result")) else "objects"


def overview_page() -> str:
    """The page that leads to the others."""
    roots = [(page, page.capitalize(), names_of(root)) for root, page in ROOTS.items()]
    kinds = [
        (page, title, [kind.name for kind in types() if page_of(kind) == page]) for page, (title, _) in KINDS.items()
    ]
    rows = [f"| [{title}]({page}.md) | {_shown(page, names)} |" for page, title, names in [*roots, *kinds]]
    return (
        OVERVIEW
        + "\n".join([*rows, f"| [Events](../{EVENTS}.md) | when each event comes, and its fields |"])
        + OVERVIEW_END
    )


def names_of(root: str) -> list[str]:
    """The names of all queries, mutations or subscriptions."""
    kind = schema().type_map[root]
    assert isinstance(kind, GraphQLObjectType)
    return sorted(kind.fields)


def _shown(page: str, names: list[str]) -> str:
    """Links to the first names of a page, and how many more there are."""
    links = ", ".join(f"[`{name}`]({page}.md#{name.lower()})" for name in names[:SHOWN])
    return f"{links} and {len(names) - SHOWN} more" if len(names) > SHOWN else links


def root_page(name: str) -> str:
    """The page of all queries, mutations or subscriptions."""
    root = schema().type_map[name]
    assert isinstance(root, GraphQLObjectType)
    parts = [_root_field(field_name, field) for field_name, field in sorted(root.fields.items())]
    return "\n".join([f"# {ROOTS[name].capitalize()}\n\n{INTRODUCTIONS[name]}\n", *parts])


def _root_field(name: str, field: GraphQLField) -> str:
    means = re.sub(r"\b[A-Z]\w+Error\b", lambda word: f"[{word[0]}](errors.md#{word[0].lower()})", _sentence(field))
    text = f"## `{name}`\n\n{means}\n\nReturns {_link(field.type, 'graphql')}.\n"
    if field.args:
        text += _table("Argument", ((key, value, _default(value)) for key, value in field.args.items()))
    return text


def kind_page(page: str) -> str:
    """The page of all types of a kind."""
    title, text = KINDS[page]
    parts = [_type(kind, "graphql") for kind in types() if page_of(kind) == page]
    return "\n".join([f"# {title}\n\n{text}\n", *parts])


def events_page() -> str:
    """The page of all events, and of the notifications that follow from events."""
    events = [kind for kind in types() if page_of(kind) == EVENTS]
    objects = [kind for kind in events if isinstance(kind, GraphQLObjectType)]
    shared = [kind for kind in events if isinstance(kind, GraphQLInterfaceType)]
    rows = [f"| [`{kind.name}`](#{kind.name.lower()}) | {_sentence(kind)} |" for kind in objects]
    notifications = [f"| `{kind.value}` | {NOTIFICATIONS[kind]} |" for kind in NotificationKind]
    return "\n".join(
        [
            EVENTS_HEAD + "\n".join(rows) + "\n",
            *(_type(kind, "") for kind in shared),
            *(_type(kind, "") for kind in objects),
            NOTIFICATIONS_HEAD + "\n".join(notifications) + "\n",
        ]
    )


def _type(kind: GraphQLNamedType, folder: str) -> str:
    text = f"## `{kind.name}`\n\n{_sentence(kind)}\n"
    if isinstance(kind, GraphQLUnionType):
        return text + "\nOne of " + ", ".join(_link(member, folder) for member in kind.types) + ".\n"
    if isinstance(kind, GraphQLEnumType):
        rows = [f"| `{name}` | {_sentence(value)} |" for name, value in kind.values.items()]
        return text + "\n| Value | Means |\n|---|---|\n" + "\n".join(rows) + "\n"
    if isinstance(kind, GraphQLInputObjectType):
        one_of = "\nGive exactly one of the fields.\n" if kind.is_one_of else ""
        return text + one_of + _table("Field", ((n, f, _default(f)) for n, f in kind.fields.items()), folder)
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return text + _fields(kind, folder)
    return text


def _fields(kind: GraphQLObjectType | GraphQLInterfaceType, folder: str) -> str:
    """The table of the fields of a type; an interface has the table of its own fields."""
    interfaces = [interface for interface in kind.interfaces if interface.name != "Node"]
    inherited = {name for interface in interfaces for name in interface.fields}
    text = ""
    if kind.interfaces:
        names = sorted(kind.interfaces, key=lambda interface: interface.name)
        text = "\nImplements " + ", ".join(_link(interface, folder) for interface in names)
        text += ", whose fields it also has.\n" if inherited else ".\n"
    own = {name: field for name, field in kind.fields.items() if name not in inherited}
    return text + (_table("Field", ((n, f, _arguments(f, folder)) for n, f in own.items()), folder) if own else "")


def _table(
    head: str,
    rows: Iterable[tuple[str, GraphQLField | GraphQLArgument | GraphQLInputField, str]],
    folder: str = "graphql",
) -> str:
    lines = [f"| `{name}` | {_link(item.type, folder)} | {_sentence(item)}{more} |" for name, item, more in rows]
    return f"\n| {head} | Type | Means |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _arguments(field: GraphQLField, folder: str) -> str:
    if not field.args:
        return ""
    return (
        " Arguments: " + ", ".join(f"`{name}` {_link(value.type, folder)}" for name, value in field.args.items()) + "."
    )


def _default(value: GraphQLArgument | GraphQLInputField) -> str:
    if value.default_value in (Undefined, None):
        return ""
    node = ast_from_value(value.default_value, value.type)
    return f" Default: `{print_ast(node)}`." if node else ""


def _link(kind: GraphQLType, folder: str) -> str:
    """A type as it is written in the schema, with a link to the named type; `folder` is that of the linking page."""
    named = get_named_type(kind)
    page = page_of(named)
    if folder == "graphql":
        path = f"../{page}.md" if page == EVENTS else f"{page}.md"
    else:
        path = "" if page == EVENTS else f"graphql/{page}.md"
    return f"[`{kind}`]({path}#{named.name.lower()})"


def _sentence(item: GraphQLNamedType | GraphQLField | GraphQLArgument | GraphQLInputField | object) -> str:
    """The description as one line, for a cell of a table; with the reason of a deprecation."""
    text = " ".join((getattr(item, "description", None) or "").split()).replace("|", "\\|")
    reason = getattr(item, "deprecation_reason", None)
    return f"{text} **Deprecated**: {reason}" if reason else text


def _page(function: Callable[[str], str], name: str) -> Callable[[], str]:
    return lambda: function(name)


SCHEMA_PAGES: dict[str, Callable[[], str]] = {
    "graphql/README.md": overview_page,
    **{f"graphql/{page}.md": _page(root_page, name) for name, page in ROOTS.items()},
    **{f"graphql/{page}.md": _page(kind_page, page) for page in KINDS},
    f"{EVENTS}.md": events_page,
}
"""The function that makes each page."""
