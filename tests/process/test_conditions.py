"""Condition keys are written and parsed in one form."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.process.conditions import ConditionKey, from_stored, results_before, to_stored

POSITIONS = st.integers(min_value=0, max_value=10_000)
RESULTS = st.dictionaries(st.builds(ConditionKey, POSITIONS, POSITIONS), st.booleans())


@given(RESULTS)
def test_results_are_read_back_from_their_stored_form(results: dict[ConditionKey, bool]) -> None:
    assert from_stored(to_stored(results)) == results


def test_rows_of_earlier_releases_are_read_and_written_unchanged() -> None:
    stored = {"0.0": True, "3.1": False, "12.10": True}

    assert from_stored(stored) == {
        ConditionKey(0, 0): True,
        ConditionKey(3, 1): False,
        ConditionKey(12, 10): True,
    }
    assert to_stored(from_stored(stored)) == stored


@given(RESULTS, POSITIONS)
def test_the_results_before_a_step_are_the_results_of_the_earlier_steps(
    results: dict[ConditionKey, bool], position: int
) -> None:
    kept = results_before(results, position)

    assert kept.items() <= results.items()
    assert {key for key in results if key not in kept} == {key for key in results if key.position >= position}
