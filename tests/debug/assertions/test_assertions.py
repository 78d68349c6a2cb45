"""Assertions of each scope; corrections, guards, and rows to label."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.debug.assertions import Assertion, Suite, assertion, choose, consistent
from clew.errors import InvalidParameter, NotFound

ROWS = [
    {"car": "a", "t": 0.0, "speed": 10},
    {"car": "a", "t": 1.0, "speed": -1},
    {"car": "a", "t": 2.0, "speed": 12},
    {"car": "b", "t": 0.0, "speed": 9},
    {"car": "b", "t": 60.0, "speed": 9},
]
ANSWERS = ["van", "bus", "van", "car", "bus"]


@clew.assertion
def forward(row: Any, answer: Any) -> Any:
    """Nothing drives backwards; of buses nothing is known."""
    return None if answer == "bus" and row["car"] == "b" else row["speed"] < 0


def test_a_row_may_hold_violate_or_be_none_of_its_business() -> None:
    report = Suite([forward]).check(ROWS, ANSWERS)
    np.testing.assert_array_equal(report.scores[:, 0], [0, 1, 0, 0, np.nan])
    assert report.fired == {"forward": 1}
    assert report.rows.tolist() == [1]
    assert forward(ROWS[1], "van")  # It is still the function.
    again = Suite([forward]).check(pd.DataFrame(ROWS), ANSWERS)
    np.testing.assert_array_equal(again.scores, report.scores)


def test_windows_are_cut_by_key_and_time() -> None:
    seen = []

    @assertion(scope="window", key="car", time="t", seconds=5)
    def several(rows: Any, answers: Any) -> Any:
        seen.append([row["t"] for row in rows])
        return len(set(answers)) - 1

    mixed = [ROWS[2], ROWS[0], *ROWS[3:], ROWS[1]]
    report = Suite([several]).check(mixed, ["van", "van", "car", "bus", "bus"])
    assert seen == [[0.0, 1.0, 2.0], [0.0], [60.0]]
    assert report.scores[:, 0].tolist() == [1, 1, 0, 0, 1]
    with pytest.raises(NotFound, match="needs a column"):
        Suite([several]).check([{"car": "a"}], ["van"])
    with pytest.raises(InvalidParameter, match="needs key="):
        assertion(several.function, scope="window")


def test_the_same_thing_has_the_same_answer() -> None:
    suite = Suite(consistent("car", time="t", seconds=10))
    report = suite.check(ROWS, ANSWERS)
    assert report.fired == {"one answer for each car": 3, "no flicker of a car within 10 s": 1}
    assert report.corrections == {1: "van"} == report.weak_labels()  # b has no majority.
    attributes = {"wheels": lambda row, answer: 6 if answer == "bus" else 4}
    (wheels,) = consistent("car", attributes=attributes)
    assert Suite([wheels]).check(ROWS, ANSWERS).rows.tolist() == [1, 3, 4]
    slow = Suite(consistent("car", time="t", seconds=1)).check(ROWS, ANSWERS)
    assert slow.fired["no flicker of a car within 1 s"] == 0


def test_two_corrections_that_differ_are_none() -> None:
    one = Assertion("one", lambda row, answer: True, correct=lambda row, answer: 1)
    two = Assertion("two", lambda row, answer: True, correct=lambda row, answer: 2)
    assert Suite([one]).check([{}], [0]).corrections == {0: 1}
    assert Suite([one, two]).check([{}], [0]).corrections == {}


def test_answers_are_guarded() -> None:
    correct = consistent("car", then="correct")
    assert Suite(correct).guard(ROWS, ANSWERS).answers == ["van", "van", "van", "car", "bus"]
    abstains = Assertion("backwards", forward.function, then="abstain")
    found = Suite([abstains, *correct]).guard(ROWS, ANSWERS)
    assert found.answers == ["van", None, "van", "car", "bus"]
    assert found.changed == {1: "backwards"}
    behind = Assertion("backwards", forward.function, then="fall back")
    found = Suite([behind]).guard(ROWS, ANSWERS, fallback=lambda rows: [r["speed"] for r in rows])
    assert found.answers == ["van", -1, "van", "car", "bus"]
    assert Suite([forward]).guard(ROWS, ANSWERS).answers == ANSWERS  # It only monitors.
    with pytest.raises(InvalidParameter, match="fallback="):
        Suite([behind]).guard(ROWS, ANSWERS)


def test_what_is_no_assertion_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="0 or more"):
        Suite([Assertion("a", lambda row, answer: -1)]).check([{}], [0])
    with pytest.raises(InvalidParameter, match="one score for each row"):
        Suite([Assertion("a", lambda rows, answers: [1], "batch")]).check([{}, {}], [0, 0])
    with pytest.raises(InvalidParameter, match="names of their own"):
        Suite([forward, forward])
    with pytest.raises(InvalidParameter, match="no correct="):
        Assertion("a", lambda row, answer: 1, then="correct")
    with pytest.raises(InvalidParameter, match="an answer for each row"):
        Suite([forward]).check(ROWS, ANSWERS[:2])


def test_rows_to_label_are_those_of_assertions_that_labels_helped() -> None:
    rows: list[dict[str, int]] = [{"at": at} for at in range(400)]
    helped = Assertion("helped", lambda row, answer: row["at"] % 4 == 0)
    idle = Assertion("idle", lambda row, answer: row["at"] % 4 == 1)
    report = Suite([helped, idle]).check(rows, [0] * 400)
    first = choose(report, 60, seed=1)
    assert len(set(first)) == 60
    assert {at % 4 for at in first} == {0, 1}
    later = choose(report, 60, before={"helped": 200, "idle": 100}, labelled=first, seed=2)
    assert not set(later) & set(first)
    assert sum(at % 4 == 0 for at in later) > 40
    unsure = choose(
        report,
        3,
        before={"helped": 100, "idle": 100},
        confidence=[1 - at / 400 for at in range(400)],
    )
    assert unsure == (399, 398, 397)
    assert choose(report, 500)[:2] != ()
    assert len(choose(report, 500)) == 400
    with pytest.raises(InvalidParameter, match="rows to choose"):
        choose(report, 0)
