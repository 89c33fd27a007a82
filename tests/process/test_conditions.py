"""The keys of what conditions said: one spelling, printed and parsed in one place."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.process.conditions import ConditionKey, answers_before, from_stored, to_stored

PLACES = st.integers(min_value=0, max_value=10_000)
ANSWERS = st.dictionaries(st.builds(ConditionKey, PLACES, PLACES), st.booleans())


@given(ANSWERS)
def test_answers_come_back_from_their_stored_form(answers: dict[ConditionKey, bool]) -> None:
    assert from_stored(to_stored(answers)) == answers


def test_rows_of_earlier_releases_are_read_and_written_as_they_were() -> None:
    stored = {"0.0": True, "3.1": False, "12.10": True}

    assert from_stored(stored) == {
        ConditionKey(0, 0): True,
        ConditionKey(3, 1): False,
        ConditionKey(12, 10): True,
    }
    assert to_stored(from_stored(stored)) == stored


@given(ANSWERS, PLACES)
def test_the_answers_before_a_step_are_those_of_the_steps_before_it(
    answers: dict[ConditionKey, bool], position: int
) -> None:
    kept = answers_before(answers, position)

    assert kept.items() <= answers.items()
    assert {key for key in answers if key not in kept} == {key for key in answers if key.position >= position}
