"""What a search tells while it runs."""

from __future__ import annotations

import pytest
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

import clew
from clew.select import live
from clew.steps import runtime as runtimes


def test_a_search_tells_how_far_it_is_and_what_it_became(monkeypatch) -> None:
    monkeypatch.setattr(live, "EVERY_S", 0.0)
    monkeypatch.setattr(live, "_SHARE", 0)
    folder, seen = runtimes.current().folder, []
    X, y = load_iris(return_X_y=True)
    space = {"max_depth": [1, 2], "random_state": [0]}
    search = clew.Search(
        DecisionTreeClassifier(), space, cv=3, progress=lambda _: seen.extend(live.told(folder))
    ).fit(X, y)
    (last,) = {one.id: one for one in seen}.values()
    assert (last.done, last.total, last.study) == (6, 6, "")
    assert last.table["mean_test_score"] == search.cv_results_["mean_test_score"].tolist()
    assert last.table["rank_test_score"] == search.cv_results_["rank_test_score"].tolist()
    assert any(one.done < 6 for one in seen)
    (ended,) = live.told(folder)
    assert ended.study == search.study_id_


def test_a_search_that_fails_takes_back_what_it_told(monkeypatch) -> None:
    monkeypatch.setattr(live, "EVERY_S", 0.0)
    X, y = load_iris(return_X_y=True)
    space = {"max_depth": [1, "deep"], "random_state": [0]}
    with pytest.raises(Exception, match="max_depth"):
        clew.Search(DecisionTreeClassifier(), space, cv=3, error_score="raise").fit(X, y)
    assert live.told(runtimes.current().folder) == []
