"""A stack of candidates."""

from __future__ import annotations

import pickle
import time
from dataclasses import dataclass

import numpy as np
import pytest

from clew.select.automl.stack import Stacked, judged
from clew.select.automl.task import task_of
from clew.select.automl.worker import outputs


@dataclass
class Told:
    """A member that has its predictions already."""

    values: np.ndarray
    classes_: np.ndarray

    def predict(self, X):
        return self.values

    def predict_proba(self, X):
        return self.values if self.values.ndim == 2 else np.stack([1 - self.values, self.values], 1)


def halves(kind: str, rows: int = 600):
    """Return a task, and two candidates of which each knows half of the truth."""
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(2, rows))
    total = parts.sum(axis=0)
    if kind == "regression":
        task, y = task_of(total, kind=kind)
        return task, y, list(parts)
    if kind == "binary":
        task, y = task_of(total > 0)
        return task, y, [1 / (1 + np.exp(-part)) for part in parts]
    task, y = task_of(np.digitize(total, [-1, 1]))
    chances = [np.exp(-((part[:, None] - [-1.5, 0, 1.5]) ** 2)) for part in parts]
    return task, y, [each / each.sum(axis=1, keepdims=True) for each in chances]


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_a_stack_knows_more_than_its_members_and_predicts_alike_in_a_model(kind) -> None:
    task, y, parts = halves(kind)
    judge = judged([4, 7], parts, y, task, 0, time.monotonic() + 60)
    assert judge.numbers == [4, 7]
    assert judge.predicted.shape == parts[0].shape
    assert task.score(y, judge.predicted) > max(task.score(y, part) for part in parts)
    codes = np.arange(0 if task.classes is None else len(task.classes))
    groups = [[Told(part, codes), Told(part, codes)] for part in parts]
    stacked = pickle.loads(pickle.dumps(Stacked(groups, judge.model, task)))
    assert task.score(y, outputs(stacked, None, task)) == judge.train_score


def test_what_a_stack_is_judged_by_took_no_part_in_its_fit() -> None:
    task, y, _ = halves("binary")
    noise = np.random.default_rng(1).uniform(0.1, 0.9, (60, len(y)))
    judge = judged(list(range(60)), list(noise), y, task, 0, time.monotonic() + 60)
    assert judge.train_score > 0.6
    assert task.score(y, judge.predicted) < 0.56


def test_there_is_no_stack_of_one_candidate_or_without_the_time() -> None:
    task, y, parts = halves("binary")
    assert judged([1], parts[:1], y, task, 0, time.monotonic() + 60) is None
    assert judged([1, 2], parts, y, task, 0, time.monotonic()) is None
    rare, codes = task_of(["a"] + ["b"] * 99)
    told = [np.full(100, 0.5)] * 2
    assert judged([1, 2], told, codes, rare, 0, time.monotonic() + 60) is None
