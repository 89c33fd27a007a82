"""The clock that the authors' kit turns, for our own tests."""

from orchestrator_gql.testing.clock import TurnableClock

__all__ = ["TurnableClock"]
