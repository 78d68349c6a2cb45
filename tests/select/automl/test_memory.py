"""What earlier searches of a store propose."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import clew
from clew.lineage.canonical import Digest, NodeId
from clew.select.automl.agenda import Agenda
from clew.select.automl.board import Board, Line
from clew.select.automl.columns import kinds_of, table
from clew.select.automl.folds import folds_of
from clew.select.automl.learners import LEARNERS
from clew.select.automl.memory import Memory, Near, proposals
from clew.select.automl.profile import are_near, distance, profile_of
from clew.select.automl.task import task_of
from clew.select.automl.worker import Material
from clew.steps import runtime

LINEAR = {"C": 0.02, "class_weight": "balanced"}


def profile(rows: int = 200, columns: int = 5, *, words: bool = False, kind: str = "binary"):
    X = pd.DataFrame(np.random.default_rng(rows).normal(size=(rows, columns)))
    if words:
        X = pd.DataFrame({i: np.where(X[i] > 0, "up", "down") for i in X})
    y = X.index % 2 if kind == "binary" else np.linspace(0, 1, rows)
    task, targets = task_of(y, kind=kind)
    frame = table(X)
    return profile_of(
        Material(frame, targets, kinds_of(frame), task, folds_of(targets, task, 2, 0), 0)
    )


def test_tables_that_are_alike_are_near() -> None:
    assert distance(profile(), profile()) == 0
    assert are_near(distance(profile(), profile(400)))
    assert not are_near(distance(profile(), profile(4000)))
    assert not are_near(distance(profile(), profile(words=True)))
    assert distance(profile(), {"another": 1.0}) == np.inf


def kept(memory: Memory, best: Line, near: list[Near] | None = None, kind: str = "binary") -> str:
    """Keep a search that found `best`."""
    found = SimpleNamespace(
        near_=near or [], profile_=profile(), score_=best.score, leaderboard_=[best], n_folds_=2,
        task_=SimpleNamespace(kind=kind, metric="roc_auc"), seconds_=1.0, model_=[best.score],
    )  # fmt: skip
    with clew.run() as run:
        return memory.keep(found, np.zeros((3, 1)), [0, 1, 0], {"seed": best.seconds}, run.id)


def test_the_best_of_a_near_search_comes_first_and_lineage_says_which() -> None:
    memory = Memory(runtime.current())
    assert memory.near(profile(), "binary") == []
    first = kept(memory, Line("linear", LINEAR, 0.9, 0.9, 2, 1.0))
    kept(memory, Line("linear", {"C": 7.0, "class_weight": None}, 0.9, 0.9, 2, 2.0), kind="other")
    near = memory.near(profile(300), "binary")
    assert [(each.study, each.best) for each in near] == [(first, (("linear", LINEAR),))]
    assert memory.near(profile(words=True), "binary") == []

    linear = [each for each in LEARNERS if each.name == "linear"]
    board = Board(2)
    agenda = Agenda(linear, board, 0, proposals(near, linear))
    orders = [agenda.order(100), agenda.order(100)]
    assert [order.configuration for order in orders] == [LINEAR, linear[0].starts[0]]
    assert [each.proposed_by for each in board.candidates.values()] == [first, ""]

    second = kept(memory, Line("linear", LINEAR, 0.8, 0.9, 2, 3.0), near)
    node = memory.runtime.store.node(NodeId(Digest(bytes.fromhex(second))))
    sources = {edge.name: edge.source for edge in node.inputs if edge.source is not None}
    assert {name: source.hex() for name, source in sources.items()} == {"near0": first}


@pytest.mark.parametrize(
    "best",
    [
        (("magic", {"C": 1.0}),),
        (("linear", {"C": 1.0}),),
        (("linear", {**LINEAR, "gone": 1}),),
    ],
)
def test_what_the_learners_do_not_know_is_not_proposed(best) -> None:
    assert proposals([Near("00", b"", 0.0, best)], LEARNERS) == []


def test_searches_propose_in_turn_and_nothing_twice() -> None:
    other = {**LINEAR, "C": 3.0}
    first = Near("aa", b"", 0.1, (("linear", LINEAR), ("linear", other)))
    second = Near("bb", b"", 0.2, (("linear", LINEAR),))
    assert proposals([first, second], LEARNERS) == [
        ("linear", LINEAR, "aa"),
        ("linear", other, "aa"),
    ]
