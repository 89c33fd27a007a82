"""The rules of a decision."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator_gql.input_requests.decision import Decision, InputRequest, demand_open
from orchestrator_gql.types import InputRequestStatus, Verdict
from orchestrator_gql.utils.errors import AlreadyDecided

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CLOSED = InputRequest(UUID(int=1), UUID(int=2), 0, 1, InputRequestStatus.SUBMITTED, "Confirm", "NOC", NOW)


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (Decision("local", NOW, Verdict.APPROVED, ""), "Local operator decided this first: approved."),
        (Decision("cay", NOW, Verdict.REJECTED, ""), "cay decided this first: rejected."),
        (Decision(None, NOW, Verdict.APPROVED, "", policy="night"), "The policy 'night' decided this first: approved."),
    ],
)
def test_a_late_decision_learns_who_was_first_by_the_name_that_every_text_shows(
    decision: Decision, message: str
) -> None:
    with pytest.raises(AlreadyDecided) as refused:
        demand_open(CLOSED, decision)

    assert str(refused.value) == message
    assert refused.value.by == decision.by
