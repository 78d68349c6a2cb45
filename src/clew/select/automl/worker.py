"""A process that fits candidates on folds: it may be killed at any time, and nothing is lost.

It reads rows and targets once, keeps encoded folds, and answers one task after the other: the
predictions of the held rows, what they scored, and the file where the fitted pipeline lies.
"""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import sys
import threading
import time
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from clew.select.automl.columns import Column
from clew.select.automl.task import Floats, Task

_ENCODED = 6
_WATCHED_S = 0.5
_TRAIN_SAMPLE = 2000
_IMPORTED = ("clew.select.automl.encode", "clew.select.automl.learners", "sklearn.ensemble")


@dataclass(frozen=True)
class Material:
    """Everything that a worker needs of a study.

    Parameters
    ----------
    frame : DataFrame
        All rows.
    y : ndarray of shape (n,)
        Targets as numbers.
    folds : sequence of (fit, held)
        Row numbers.
    """

    frame: Any
    y: Floats
    columns: list[Column]
    task: Task
    folds: list[tuple[Any, Any]]
    seed: int


@dataclass(frozen=True)
class Order:
    """One fit: a configuration of a learner on a fold."""

    candidate: int
    learner: str
    configuration: Mapping[str, Any]
    fold: int


@dataclass(frozen=True)
class Fitted:
    """What came of an order; `error` says why there is nothing."""

    order: Order
    score: float = float("nan")
    train_score: float = float("nan")
    predicted: Floats | None = None
    path: str = ""
    seconds: float = 0.0
    error: str = ""


def serve(connection: Any, folder: str) -> None:
    """Answer orders until this process is killed, or the one that asked is gone."""
    threading.Thread(target=_watch, args=(os.getppid(), Path(folder)), daemon=True).start()
    warnings.simplefilter("ignore")
    material: Material = pickle.loads((Path(folder) / "material").read_bytes())  # noqa: S301
    bench = Bench(material, Path(folder))
    # Before the first order: what it takes tells how long others will.
    for name in _IMPORTED:
        importlib.import_module(name)
    connection.send("ready")
    try:
        while True:
            connection.send(bench.fit(connection.recv()))
    except (EOFError, OSError):
        _left(Path(folder))


def _watch(parent: int, folder: Path) -> None:
    """End this process when the one that asked is gone, and leave nothing behind."""
    while os.getppid() == parent:
        time.sleep(_WATCHED_S)
    _left(folder)


def _left(folder: Path) -> NoReturn:
    """End where nobody is left to tell, and leave nothing behind."""
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


class Bench:
    """Fits orders, keeping folds that were encoded already."""

    def __init__(self, material: Material, folder: Path) -> None:
        self.material, self.folder = material, folder
        self._encoded: OrderedDict[tuple[str, int], tuple[Any, Any, Any]] = OrderedDict()

    def fit(self, order: Order) -> Fitted:
        """Return what comes of an order; a failing fit is no error of the study."""
        began = time.perf_counter()
        try:
            return self._fit(order, began)
        except Exception as error:
            told = "".join(traceback.format_exception_only(error)).strip()
            return Fitted(order, seconds=time.perf_counter() - began, error=told)

    def _fit(self, order: Order, began: float) -> Fitted:
        from sklearn.pipeline import Pipeline

        from clew.select.automl.encode import categorical
        from clew.select.automl.learners import LEARNERS, Part

        material, task = self.material, self.material.task
        learner = next(each for each in LEARNERS if each.name == order.learner)
        encoding = order.configuration.get("encoding", learner.encoding)
        encoder, X, X_held = self._parts(encoding, order.fold)
        fit, held = material.folds[order.fold]
        part = Part(
            X, material.y[fit], X_held, material.y[held],
            categorical(material.columns) if encoding == "ordinal" else 0,
        )  # fmt: skip
        model = learner.fit(order.configuration, task, part, material.seed + order.fold)
        predicted = outputs(model, X_held, task)
        if not np.isfinite(predicted).all():
            raise ValueError("predictions are not finite")
        seen = np.arange(min(len(fit), _TRAIN_SAMPLE))
        path = self.folder / f"model-{order.candidate}-{order.fold}"
        path.write_bytes(pickle.dumps(Pipeline([("columns", encoder), ("model", model)])))
        return Fitted(
            order,
            task.score(material.y[held], predicted),
            task.score(material.y[fit][seen], outputs(model, X[seen], task)),
            predicted,
            str(path),
            time.perf_counter() - began,
        )

    def _parts(self, encoding: str, fold: int) -> tuple[Any, Any, Any]:
        from clew.select.automl.encode import encoder

        if (encoding, fold) not in self._encoded:
            fit, held = self.material.folds[fold]
            made = encoder(self.material.columns, encoding)
            X = made.fit_transform(self.material.frame.iloc[fit], self.material.y[fit])
            X_held = made.transform(self.material.frame.iloc[held])
            self._encoded[encoding, fold] = (made, X, X_held)
            if len(self._encoded) > _ENCODED:
                self._encoded.popitem(last=False)
        self._encoded.move_to_end((encoding, fold))
        return self._encoded[encoding, fold]


def outputs(model: Any, X: Any, task: Task) -> Floats:
    """Return what a model predicts, as `Task.score` takes it."""
    if task.kind == "regression":
        return np.asarray(model.predict(X), dtype=float)
    probabilities = np.asarray(model.predict_proba(X), dtype=float)
    assert task.classes is not None
    if probabilities.shape[1] != len(task.classes):
        # A class that the fold lacks: its column is missing.
        whole = np.zeros((len(probabilities), len(task.classes)))
        whole[:, np.asarray(model.classes_, dtype=int)] = probabilities
        probabilities = whole
    return probabilities[:, 1] if task.kind == "binary" else probabilities


if __name__ == "__main__":
    from multiprocessing.connection import Connection

    # By its importable name, so that what is pickled here is known there.
    from clew.select.automl import worker

    worker.serve(Connection(int(sys.argv[1])), sys.argv[2])
