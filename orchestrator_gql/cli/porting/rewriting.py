"""Rewrites one file: each rewrite has one subject, and the imports come last."""

import libcst as cst
from libcst.metadata import MetadataWrapper, ScopeProvider

from orchestrator_gql.cli.porting.imports import Imports, used_names
from orchestrator_gql.cli.porting.models import Models
from orchestrator_gql.cli.porting.modules import Modules
from orchestrator_gql.cli.porting.project import Project
from orchestrator_gql.cli.porting.registrations import Registrations
from orchestrator_gql.cli.porting.trees import applied
from orchestrator_gql.cli.porting.workflows import Workflows

BOM = b"\xef\xbb\xbf"
SIGNS = (b"orchestrator", b"ReadOnlyField", b".save(", b".fixed_input_value(")
"""A file without any of these texts has nothing to rewrite."""


def rewritten(source: bytes, project: Project) -> bytes:
    """The file after all rewrites; the same bytes if there is nothing to rewrite.

    Raises `libcst.ParserSyntaxError`, and `RecursionError` for a file that is nested too deeply.
    """
    if not any(sign in source for sign in SIGNS):
        return source
    mark = BOM if source.startswith(BOM) else b""
    before = cst.parse_module(source.removeprefix(BOM))
    scopes = set(MetadataWrapper(before, unsafe_skip_copy=True).resolve(ScopeProvider).values())
    tree = before
    for rewrite in (Registrations(project), Workflows(project), Models(project.subscription_classes), Modules()):
        tree = applied(tree, rewrite)
    tree = applied(tree, Imports(used_names(scopes)))
    if tree.code == before.code:
        return source
    new = tree.bytes
    return mark + (new if before.code[:1].isspace() else new.lstrip())  # the first import may have gone
