"""The parts of automated machine learning: tasks, columns, encodings, ensembles, workers."""

from __future__ import annotations

import importlib.util
import itertools
import os
import signal
import time
import warnings
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    log_loss,
    r2_score,
    roc_auc_score,
)

from clew.errors import ClewError, InvalidParameter, WorkerLost
from clew.select.automl import pool as pools
from clew.select.automl.agenda import Agenda
from clew.select.automl.blend import blended, selected
from clew.select.automl.board import Board
from clew.select.automl.columns import Column, kinds_of, moments, table, written
from clew.select.automl.encode import Texts, encoder
from clew.select.automl.folds import folds_of
from clew.select.automl.learners import LEARNERS, available
from clew.select.automl.pool import pool
from clew.select.automl.suspicions import suspicions
from clew.select.automl.task import Task, roc_auc, task_of
from clew.select.automl.worker import Bench, Fitted, Material, Order
from clew.select.searchspace import SearchSpace


def frame(rows: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    number = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "number": np.where(rng.random(rows) < 0.1, np.nan, number),
            "flag": rng.random(rows) < 0.5,
            "city": rng.choice(["Bonn", "Köln", None, "名古屋"], rows),
            "kind": pd.Categorical(rng.choice(["a", "b"], rows)),
            "when": pd.Timestamp("2020-01-31") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "text": [
                f"a line {i} of {rng.integers(9)} words {rng.integers(99)}" for i in range(rows)
            ],
            "day": [f"2021-0{1 + i % 9}-1{i % 9}" for i in range(rows)],
            "id": [f"u{i}" for i in range(rows)],
            "same": 7,
            "written": [str(i / 7) for i in range(rows)],
            "mixed": [1 if i % 2 else "1" for i in range(rows)],
        }
    )


def test_columns_are_what_a_person_would_say() -> None:
    kinds = {column.name: column.kind for column in kinds_of(frame())}
    assert kinds == {
        "number": "number", "flag": "number", "city": "category", "kind": "category",
        "when": "date", "text": "text", "day": "date", "id": "id", "same": "constant",
        "written": "number", "mixed": "number",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["ordinal", "target", "onehot"])
def test_encodings_take_what_they_never_saw(kind) -> None:
    X, y = frame(), np.arange(240.0) % 2
    made = encoder(kinds_of(X), kind)
    fitted = made.fit_transform(X, y)
    other = frame().iloc[:7].copy()
    other["city"] = "Ulm"
    other["kind"] = other["kind"].astype(object)
    other["number"] = np.inf
    other["when"] = pd.NaT
    other["text"] = None
    other["day"] = "never"
    other["written"] = "no number"
    transformed = made.transform(other)
    assert transformed.shape == (7, fitted.shape[1])
    dense = transformed.toarray() if hasattr(transformed, "toarray") else transformed
    assert not np.isinf(dense).any()
    assert kind != "onehot" or np.isfinite(dense).all()


@given(
    y=st.lists(st.booleans(), min_size=2, max_size=60),
    seed=st.integers(0, 99),
    levels=st.integers(1, 5),
)
def test_the_area_under_the_curve_is_scikit_learns(y, seed, levels) -> None:
    predicted = np.random.default_rng(seed).integers(0, levels, len(y)) / levels
    if len(set(y)) == 2:
        assert abs(roc_auc(np.array(y, float), predicted) - roc_auc_score(y, predicted)) < 1e-12


def test_measures_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 50)
    p = rng.dirichlet([1, 1, 1], 50)
    task = Task("multiclass", "log_loss")
    assert abs(task.score(y.astype(float), p) + log_loss(y, p)) < 1e-9
    assert Task("multiclass", "accuracy").score(y, p) == accuracy_score(y, p.argmax(1))
    x = rng.normal(size=50)
    assert abs(Task("regression", "r2").score(y.astype(float), x) - r2_score(y, x)) < 1e-12
    two = (y > 0).astype(float)
    few = np.round(rng.random(50), 1)
    area = Task("binary", "average_precision").score(two, few)
    assert abs(area - average_precision_score(two, few)) < 1e-12


def test_balanced_accuracy_weighs_classes_not_rows() -> None:
    y = np.array([0.0] * 95 + [1.0] * 5)
    told = np.array([0.01] * 90 + [0.2] * 10)  # never above a half, and yet four times the share
    task, _ = task_of(y, "balanced_accuracy")
    assert Task("binary", "accuracy").score(y, told) == 0.95
    labels = task.decided(np.stack([1 - told, told], 1))
    assert abs(task.score(y, told) - balanced_accuracy_score(y, labels)) < 1e-12
    assert labels.sum() == 10


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (["yes", "no"] * 20, "binary"),
        ([0, 1] * 20, "binary"),
        ([True, False] * 20, "binary"),
        ([1.0, 2.0] * 20, "binary"),
        ([0, 1, 2] * 20, "multiclass"),
        (["a", "b", "c"] * 20, "multiclass"),
        (list(range(60)), "regression"),
        (np.linspace(0, 1, 30), "regression"),
    ],
)
def test_targets_say_what_the_task_is(y, kind) -> None:
    task, numbers = task_of(y)
    assert task.kind == kind
    assert numbers.dtype == float
    if task.classes is not None:
        assert list(task.classes[numbers.astype(int)]) == list(y)


@pytest.mark.parametrize(
    ("y", "options"),
    [
        ([1, 0, None] * 20, {}),
        ([1] * 30, {}),
        ([0, 1] * 4, {}),
        ([0, 1] * 20, {"metric": "rmse"}),
        ([0, 1] * 20, {"metric": "magic"}),
        ([0, 1, 2] * 20, {"kind": "binary"}),
        ([0, 1, 2] * 20, {"kind": "ternary"}),
        ([f"c{i}" for i in range(300)], {}),
        ([np.inf, *range(50)], {"kind": "regression"}),
    ],
)
def test_targets_that_make_no_task_are_refused(y, options) -> None:
    with pytest.raises(ClewError):
        task_of(y, **options)


def test_tables_that_are_none_are_refused() -> None:
    with pytest.raises(ClewError):
        table([1, 2, 3])
    with pytest.raises(InvalidParameter, match="same name"):
        table(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_suspicious_columns_and_rows_are_named() -> None:
    X = frame()
    y = np.random.default_rng(1).integers(0, 2, 240).astype(float)
    X["leak"] = y * 3 + 1
    X = pd.concat([X, X.head(30)], ignore_index=True)
    y = np.concatenate([y, y[:30]])
    told = " ".join(itertools.chain(*suspicions(X, kinds_of(X), y, "binary")))
    assert "'leak'" in told
    assert "'number'" not in told
    assert "30 rows stand twice" in told
    assert "id, same" in told or "id" in told
    rare = np.zeros(270)
    rare[:3] = 1
    assert "3 rows" in " ".join(itertools.chain(*suspicions(X, [], rare, "binary")))


def test_missing_cells_that_tell_the_target_are_a_leak() -> None:
    y = np.arange(200) % 2
    X = pd.DataFrame(
        {"left": pd.to_datetime(np.where(y == 1, "2020-03-04", None)), "n": range(200)}
    )
    told = " ".join(itertools.chain(*suspicions(X, kinds_of(X), y, "binary")))
    assert "leakage? 'left'" in told
    assert "identifiers perhaps: n" in told


def odd(rows: int = 60) -> pd.DataFrame:
    """Columns as people really have them."""
    days = pd.date_range("2020-01-01", periods=rows)
    arrow = {"int64[pyarrow]": [1, None], "timestamp[ns][pyarrow]": list(days[:2])}
    return pd.DataFrame(
        {
            "list": [[i] for i in range(rows)],
            "mapping": [{"a": 1}, None] * (rows // 2),
            "complex": np.arange(rows) * 1j,
            "mixed": [1, "a", None, True] * (rows // 4),
            "huge": [10**30 + i for i in range(rows)],
            "beyond": np.arange(rows) * 1e300,
            "decimal": [Decimal(i) / 7 for i in range(rows)],
            "zone": days.tz_localize("Europe/Berlin"),
            "zones": [
                pd.Timestamp(i, unit="D", tz=("UTC", "Asia/Tokyo")[i % 2]) for i in range(rows)
            ],
            "day": [day.date() for day in days],
            "span": pd.to_timedelta(np.arange(rows), "h"),
            "period": pd.period_range("2020", periods=rows, freq="D"),
            "interval": pd.cut(np.arange(rows), 4),
            "nullable": pd.array([True, None] * (rows // 2), dtype="boolean"),
            "sparse": pd.arrays.SparseArray(np.arange(rows) % 2),
            "bytes": [b"a", b"b"] * (rows // 2),
            "[x]<": np.arange(rows) % 7 / 3,
            "never": [None] * rows,
            **{kind: pd.array(two * (rows // 2), dtype=kind) for kind, two in arrow.items()},
        }
    )


@pytest.mark.parametrize("learner", [each.name for each in LEARNERS])
def test_every_learner_takes_odd_columns_and_rare_classes(learner, tmp_path) -> None:
    X = table(odd())
    y = np.array(["a", "b"] * 28 + ["b", "b", "rare", "alone"])
    task, targets = task_of(y)
    material = Material(X, targets, kinds_of(X), task, folds_of(targets, task, 5, 0), 0)
    known = next(each for each in LEARNERS if each.name == learner)
    if importlib.util.find_spec(known.needs) is None:
        pytest.skip(f"{known.needs} is not installed")
    few = {"n_estimators": 5} if "n_estimators" in known.space else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = Bench(material, tmp_path).fit(Order(0, learner, {**known.starts[0], **few}, 1))
    assert not fitted.error
    kinds = {column.name: column.kind for column in material.columns}
    assert {kinds[name] for name in ("list", "mapping", "complex")} == {"nested"}
    assert {kinds[name] for name in ("zone", "zones", "day", "period")} == {"date"}
    assert {kinds[name] for name in ("huge", "decimal", "span", "sparse")} == {"number"}


@given(
    y=st.lists(st.integers(0, 6), min_size=20, max_size=90),
    count=st.integers(2, 6),
    seed=st.integers(0, 5),
)
def test_folds_part_the_rows_and_each_fitted_part_has_every_class(y, count, seed) -> None:
    targets = np.array(y, dtype=float)
    task = Task("multiclass", "log_loss")
    try:
        folds = folds_of(targets, task, count, seed)
    except InvalidParameter:
        sizes = np.unique(targets, return_counts=True)[1]
        assert (sizes >= 2).sum() < 2 or sizes[sizes >= 2].sum() < len(y) / 2
        return
    judged = np.concatenate([held for _, held in folds])
    assert len(set(judged)) == len(judged)
    sizes = [len(held) for _, held in folds]
    assert max(sizes) - min(sizes) <= 1
    for fit, held in folds:
        assert sorted([*fit, *held]) == list(range(len(y)))
        assert set(targets[fit]) == set(targets)


def test_days_go_first_where_a_column_says_so() -> None:
    def months(*texts: str) -> list[int]:
        column = pd.Series(texts)
        return moments(column, *written(column)).dt.month.tolist()

    assert months("03/04/2020", "25/12/2020") == [4, 12]
    assert months("03/04/2020", "12/25/2020") == [3, 12]
    assert months("2020-03-04", "2020-12-25") == [3, 12]


def test_labels_are_equal_whatever_their_type() -> None:
    made = encoder([Column("size", "category")], "ordinal")
    fitted = made.fit_transform(pd.DataFrame({"size": pd.Categorical([1.0, 2.0, None])}))
    other = made.transform(pd.DataFrame({"size": ["1", 2, None]}))
    assert np.array_equal(fitted, other, equal_nan=True)


LABELS = st.one_of(
    st.sampled_from([True, False, None, "a", "1", Decimal("1.50"), np.float32(0.5)]),
    st.integers(-2, 2),
    st.sampled_from([-0.0, 0.0, 0.5, 1.0, 1.5, float("inf")]),
    st.integers(0, 2).map(Decimal),
)


@given(cells=st.lists(LABELS, min_size=1, max_size=12))
def test_a_label_does_not_depend_on_the_rows_beside_it(cells) -> None:
    def labels(*values: object) -> list[object]:
        return (
            Texts()
            .fit_transform(pd.DataFrame({"c": pd.Series(values, dtype=object)}))["c"]
            .tolist()
        )

    assert str(labels(*cells)) == str([label for cell in cells for label in labels(cell)])


@given(seed=st.integers(0, 30), count=st.integers(1, 5))
def test_an_ensemble_is_no_worse_than_its_best_member(seed, count) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 80).astype(float)
    task = Task("binary", "roc_auc")
    predictions = {i: np.clip(y * 0.3 + rng.random(80), 0, 1) for i in range(count)}
    weights = selected(predictions, y, task)
    assert abs(sum(weights.values()) - 1) < 1e-12
    alone = max(task.score(y, p) for p in predictions.values())
    assert task.score(y, blended(predictions, weights)) >= alone - 1e-12
    if len(weights) == 1:
        # Nothing was added: then no pair with the best one is better.
        (best,) = weights
        pairs = [blended(predictions, {best: 0.5, i: 0.5}) for i in range(count) if i != best]
        assert all(task.score(y, pair) <= alone + 1e-9 for pair in pairs)


def test_what_learners_begin_with_lies_in_their_spaces() -> None:
    for learner in LEARNERS:
        space = SearchSpace(learner.space)
        assert learner.starts
        for start in learner.starts:
            space.check(start)
    small = available(Task("binary", "roc_auc"), 1000, ["linear", "neighbours"])
    assert {each.name for each in small} == {"linear", "neighbours"}
    assert "neighbours" not in {each.name for each in available(Task("binary", "roc_auc"), 10**6)}


def test_an_agenda_asks_nothing_twice_and_gives_the_good_their_folds() -> None:
    board = Board(5)
    agenda = Agenda(available(Task("binary", "roc_auc"), 100), board, 0)
    seen = set()
    rng = np.random.default_rng(0)
    for _ in range(150):
        order = agenda.order(1000.0)
        assert order is not None
        assert (order.candidate, order.fold) not in seen
        seen.add((order.candidate, order.fold))
        score = {"lightgbm": 0.9, "histogram": 0.9, "linear": 0.5}.get(order.learner, 0.7)
        board.take(Fitted(order, score + 0.01 * rng.random(), 1.0, np.zeros(3), "", 1.0))
    complete = board.complete()
    assert len(complete) >= 8
    assert complete[0].learner in ("lightgbm", "histogram")
    assert all(c.asked == set(c.folds) for c in board.candidates.values())
    assert agenda.order(0.5) is None


def material() -> Material:
    X = frame()
    y = (X["number"].fillna(0) > 0).to_numpy(dtype=float)
    task, targets = task_of(y)
    rows = np.arange(240)
    return Material(X, targets, kinds_of(X), task, [(rows[:160], rows[160:])] * 2, 0)


def results(opened, count: int) -> list[Fitted]:
    found: list[Fitted] = []
    while len(found) < count:
        found += opened.results(60)
    return found


def test_workers_fit_and_tell_what_failed(tmp_path) -> None:
    with pool(material(), tmp_path, 1) as opened:
        opened.results(60)
        opened.give(Order(0, "linear", {"C": 1.0, "class_weight": None}, 0))
        (good,) = results(opened, 1)
        opened.give(Order(1, "linear", {"C": -1.0, "class_weight": None}, 0))
        (bad,) = results(opened, 1)
    assert good.score > 0.9
    assert good.predicted.shape == (80,)
    assert "InvalidParameterError" in bad.error


def test_a_worker_that_dies_is_replaced_and_its_fit_failed(tmp_path) -> None:
    endless = Order(
        0, "forest", {"n_estimators": 10**7, "min_samples_leaf": 1, "max_features": 1.0}, 0
    )
    with pool(material(), tmp_path, 1) as opened:
        opened.results(60)
        opened.give(endless)
        (process,) = opened._processes.values()
        os.kill(process.pid, signal.SIGKILL)
        (lost,) = results(opened, 1)
        assert "ended (-9)" in lost.error
        while not opened.idle():
            opened.results(60)
        opened.give(endless)
        (process,) = opened._processes.values()
        began = time.monotonic()
    assert time.monotonic() - began < 10  # killed in the midst of a fit that never ends
    assert process.poll() == -9


def test_workers_that_cannot_start_end_the_study(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(pools, "_MOST_STARTS", 2)
    monkeypatch.setattr(pools, "sys", SimpleNamespace(executable="/bin/false"))
    with pytest.raises(WorkerLost), pool(material(), tmp_path, 1) as opened:
        while True:
            opened.results(10)
