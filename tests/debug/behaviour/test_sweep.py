"""How answers move with a column: late payments never raise a score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from clew.debug.behaviour import check_monotone, check_smooth, constrained
from clew.errors import InvalidParameter, NotFound


@pytest.fixture(scope="module")
def credit() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"late": random.poisson(2, 600), "income": random.normal(3, 1, 600)})
    odds = rows["income"] - 0.5 * rows["late"] - 2 + random.normal(0, 2, 600)
    return rows, (odds > 0).to_numpy(dtype=int)


def test_a_free_learner_violates_and_a_constrained_one_does_not(credit) -> None:
    rows, repaid = credit
    free = HistGradientBoostingClassifier(max_iter=40, random_state=0)
    found = check_monotone(free.fit(rows, repaid), rows, "late", "falling")
    assert not found.holds
    assert found.low <= found.share <= found.high
    worst = found.examples[0]
    assert worst.answer_high - worst.answer_low == pytest.approx(found.worst)
    row = rows.iloc[[worst.row]].assign(late=int(worst.high))
    assert free.predict_proba(row)[0, 1] == pytest.approx(worst.answer_high)
    held = constrained(free, {"late": "falling"}, rows.columns).fit(rows, repaid)
    assert check_monotone(held, rows, "late", "falling").holds
    assert not check_monotone(held, rows, "late", "rising").holds
    assert check_monotone(held, rows, "late", "rising", positive=0).holds


def test_steps_are_bounded(credit) -> None:
    rows, _ = credit
    step = DecisionTreeRegressor(max_depth=1).fit(rows[["income"]], rows["income"] > 3)
    found = check_smooth(step, rows[["income"]], "income", 0.2, per=0.5)
    assert found.violated == found.rows
    assert found.worst > 0.5
    assert found.asked == "at most 0.2 per 0.5"
    slope = check_smooth(lambda asked: asked["income"] * 0.1, rows, "income", 0.1)
    assert slope.holds
    wide = check_smooth(lambda asked: asked["income"] * 0.1, rows, "income", 0.1, values=[0, 10])
    assert wide.holds  # By 0.1 a unit, however far apart the values are.


def test_what_cannot_be_checked_says_so(credit) -> None:
    rows, repaid = credit
    model = LogisticRegression().fit(rows, repaid)
    with pytest.raises(NotFound, match="no such column"):
        check_monotone(model, rows, "age", "rising")
    with pytest.raises(InvalidParameter, match="a direction"):
        check_monotone(model, rows, "late", "up")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match="two values"):
        check_monotone(model, rows.assign(late=1), "late", "rising")
    with pytest.raises(NotFound, match="no such class"):
        check_monotone(model, rows, "late", "rising", positive="x")
    with pytest.raises(InvalidParameter, match="no constraints"):
        constrained(model, {"late": "falling"}, rows.columns)
    with pytest.raises(InvalidParameter, match="holds numbers"):
        check_smooth(model, rows.assign(late="x"), "late", 1)
