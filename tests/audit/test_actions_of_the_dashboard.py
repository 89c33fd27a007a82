"""The dashboard offers each action of the audit log in its filter, also before an entry with the action was shown."""

import re

from graphql import build_schema
from support.tree import ROOT

from orchestrator_gql.engine.product_migration import ACTION

ENTRY = ROOT / "frontend-example/src/pages/audit/entry.ts"

WITHOUT_ENTRY = {"reportCallbackProgress", "decideInputRequests"}
"""Mutations without an entry of their own: a decision on many forms is a `submitForm` or `rejectInputRequest` each."""


def test_the_filter_offers_the_action_of_each_mutation_and_of_a_migration() -> None:
    listed = re.findall(r'^  "(\w+)",$', ENTRY.read_text().split("as const")[0], re.MULTILINE)
    mutations = build_schema((ROOT / "schema.graphql").read_text()).mutation_type
    assert mutations is not None

    assert len(listed) == len(set(listed))
    assert set(listed) == (mutations.fields.keys() - WITHOUT_ENTRY) | {ACTION}
