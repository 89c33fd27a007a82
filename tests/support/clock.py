"""The clock of the test kit, for our own tests."""

from orchestrator_gql.testing.clock import TurnableClock

__all__ = ["TurnableClock"]
