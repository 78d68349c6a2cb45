"""Metrics by group: fairlearn's figures, intervals that hold, and mitigation."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from clew.debug.fairness import by_group, mitigated
from clew.errors import InvalidParameter, MissingExtra, NotFound

pytest.importorskip("fairlearn")


def people(n: int = 1500) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"sex": random.choice(["f", "m"], n), "race": random.choice(["a", "b"], n)})
    truth = random.integers(0, 2, n)
    right = random.random(n) < np.where(rows["sex"] == "f", 0.7, 0.9)
    return rows, truth, np.where(right, truth, 1 - truth)


def test_metrics_by_group_are_fairlearns() -> None:
    from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

    rows, truth, said = people()
    found = by_group(truth, said, rows[["sex"]], positive=1)
    assert [one.values for one in found.groups] == [("f",), ("m",)]
    by = {"sensitive_features": rows["sex"]}
    assert found.demographic_parity == pytest.approx(
        demographic_parity_difference(truth, said, **by)
    )
    assert found.equalized_odds == pytest.approx(equalized_odds_difference(truth, said, **by))
    gaps = {gap.metric: gap for gap in found.gaps}
    assert (gaps["accuracy"].smallest, gaps["accuracy"].largest) == (("f",), ("m",))
    assert gaps["accuracy"].low < 0.2 < gaps["accuracy"].high
    assert gaps["accuracy"].low > 0.1
    low = found.groups[0].accuracy
    assert low is not None
    assert low[1] < 0.7 < low[2]


def test_combinations_of_columns_and_small_groups() -> None:
    rows, truth, said = people()
    rows.loc[:9, "race"] = "c"
    found = by_group(truth, said, rows, positive="1")
    assert len(found.groups) == 4
    assert found.skipped == 10
    assert found.columns == ("sex", "race")
    with pytest.raises(InvalidParameter, match="large enough"):
        by_group(truth, said, rows, positive=1, least_rows=1400)
    with pytest.raises(NotFound, match="positive"):
        by_group(truth, said, rows, positive="yes")
    with pytest.raises(InvalidParameter, match="for each row"):
        by_group(truth[1:], said, rows, positive=1)


def test_without_fairlearn_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fairlearn.metrics", None)
    rows, truth, said = people(200)
    with pytest.raises(MissingExtra, match=r"clew\[fairness\]"):
        by_group(truth, said, rows[["sex"]], positive=1)


def test_mitigation_closes_the_gap() -> None:
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(1)
    group = random.integers(0, 2, 800)
    X = pd.DataFrame({"x": random.normal(size=800) + group, "g": group})
    truth = ((X["x"] + random.normal(size=800)) > 0.5).astype(int).to_numpy()
    plain = LogisticRegression().fit(X, truth).predict(X)
    fair = mitigated(
        LogisticRegression(), X, truth, group, constraint="demographic parity", rounds=12
    )
    gaps = [
        by_group(truth, said, {"g": group}, positive=1).demographic_parity
        for said in (plain, fair.predict(X, random_state=0))
    ]
    assert gaps[1] < gaps[0] / 3
    with pytest.raises(InvalidParameter, match="equalized odds"):
        mitigated(LogisticRegression(), X, truth, group, constraint="x")  # type: ignore[arg-type]
