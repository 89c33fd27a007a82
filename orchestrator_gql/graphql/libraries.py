"""Whether the installed GraphQL libraries are those with which shared subscriptions and kept documents were tested.

Sharing relies on the order in which they ask a subscription for its batches, and the projection on how graphql-core
collects fields. So do the plans of kept documents and the direct calls of methods. With other versions each operation
is executed alone, as these libraries do it.
"""

import logging
from importlib.metadata import version

logger = logging.getLogger(__name__)

TESTED = {"strawberry-graphql": "0.341", "graphql-core": "3.3"}
"""The libraries and their tested releases; a further number, as in 0.341.2, does not count."""

INSTALLED = {name: version(name) for name in TESTED}


def are_tested() -> bool:
    """True if all of them are tested releases."""
    return not _untested()


def note_untested() -> None:
    """Log the releases with which subscriptions are not shared."""
    if found := _untested():
        logger.warning("subscriptions are not shared: these releases were not tested with it", extra=found)


def _untested() -> dict[str, str]:
    return {
        name.replace("-", "_"): INSTALLED[name]
        for name, tested in TESTED.items()
        if INSTALLED[name].split(".")[:2] != tested.split(".")
    }
