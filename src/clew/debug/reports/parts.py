"""The parts of a dataset, training to production, and what a model says of their rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates.rows import told
from clew.errors import InvalidParameter, MissingExtra, NotFound

ORDER = ("train", "validation", "test", "production")
_TIMED = 7


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows of one part.

    Parameters
    ----------
    rows : frame
        All columns but the target, the ids and what is left out.
    ids : sequence
        What names each row: a column of ids, or its position in the part.
    truth : array of shape (rows,)
        The target; missing where no label has come.
    labelled : array of bool, of shape (rows,)
    """

    name: str
    rows: Any
    ids: Sequence[Any]
    truth: NDArray[Any]
    labelled: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says of the rows of a part.

    Parameters
    ----------
    said : array of shape (rows,)
    chances : array of shape (rows, classes), or None
        Probabilities of `classes`.
    classes : tuple of str
        In the order of `chances`; empty where the model tells none.
    rows_per_s : float or None
        How fast that was; None for answers that were stored.
    """

    said: NDArray[Any]
    chances: NDArray[np.float64] | None = None
    classes: tuple[str, ...] = ()
    rows_per_s: float | None = None


def parts_of(
    data: Any, target: str, *, split: str, id: str | None, without: Sequence[str]
) -> dict[str, Part]:
    """Return the parts of a dataset, in the order in which a model meets them.

    Parameters
    ----------
    data : frame with a column `split`, or mapping of str to frame
    """
    if isinstance(data, Mapping):
        frames = {str(name): frame for name, frame in data.items()}
    elif hasattr(data, "columns") and split in data.columns:
        frames = {str(name): data[data[split] == name] for name in data[split].dropna().unique()}
    else:
        raise InvalidParameter(
            "data: a frame for each part, or one with a column that names the parts",
            got=f"no column {split!r}",
            expected="{'train': frame, 'test': frame}, or split='COLUMN'",
        )
    if not frames or not all(len(frame) for frame in frames.values()):
        raise InvalidParameter("each part has rows", got=", ".join(frames) or "no part")
    known = [name for name in ORDER if name in frames]
    names = known + [name for name in frames if name not in known]
    drop = {target, split, *without} | ({id} if id is not None else set())
    return {name: _part(name, frames[name], target, id, drop) for name in names}


def _part(name: str, frame: Any, target: str, id: str | None, drop: set[str]) -> Part:
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra("reports need pandas", hint="pip install 'clew[pandas]'") from error
    if not hasattr(frame, "columns"):
        raise InvalidParameter(f"part {name!r} is a frame", got=type(frame).__name__)
    if id is not None and id not in frame.columns:
        raise NotFound("no such column", got=id, expected=", ".join(map(str, frame.columns)))
    if target in frame.columns:
        truth = frame[target].to_numpy()
    elif name == "production":
        truth = np.full(len(frame), np.nan)
    else:
        raise NotFound(f"part {name!r} lacks the target", got=repr(target))
    ids = frame[id].tolist() if id is not None else list(range(len(frame)))
    rows = frame[[column for column in frame.columns if column not in drop]]
    return Part(name, rows.reset_index(drop=True), ids, truth, ~pd.isna(truth))


def answers_of(model: Any, part: Part, features: Sequence[str] | None) -> Answers:
    """Return what a model says of a part.

    Parameters
    ----------
    model : object with ``predict``, or mapping of str to array
        A mapping gives stored answers by part.
    """
    if isinstance(model, Mapping):
        if part.name not in model:
            raise NotFound(f"no answers to part {part.name!r}", expected=", ".join(model))
        said = np.asarray(model[part.name])
        if said.shape != (len(part.rows),):
            raise InvalidParameter(
                f"one answer a row of {part.name!r}",
                got=f"shape {said.shape}",
                expected=f"({len(part.rows)},)",
            )
        return Answers(said)
    inputs = inputs_of(model, part.rows, features)
    started = time.perf_counter()
    if not hasattr(model, "predict_proba"):
        said = np.asarray(model.predict(inputs)).ravel()
        return Answers(said, rows_per_s=_rate(started, len(said)))
    model, inputs = _last(model, inputs)
    chances = np.asarray(model.predict_proba(inputs), dtype=float)
    spent = _rate(started, len(part.rows))
    classes = getattr(model, "classes_", None)
    if classes is None or len(classes) != chances.shape[1]:
        return Answers(np.asarray(model.predict(inputs)).ravel(), rows_per_s=spent)
    # Asked as well: a model may decide by another rule than the largest probability.
    said = np.asarray(model.predict(inputs)).ravel()
    return Answers(said, chances, tuple(told(one) for one in classes), spent)


def _last(model: Any, inputs: Any) -> tuple[Any, Any]:
    """Return a pipeline's last step and what it is given: two questions, one way there."""
    from sklearn.pipeline import Pipeline

    if type(model) is not Pipeline or len(model) < 2:
        return model, inputs
    return model[-1], model[:-1].transform(inputs)


def _rate(started: float, rows: int) -> float:
    return rows / max(time.perf_counter() - started, 1e-9)


def inputs_of(model: Any, rows: Any, features: Sequence[str] | None) -> Any:
    """Return the columns that a model reads, in the order and the form of its fit."""
    wanted = getattr(model, "feature_names_in_", None)
    named = wanted is not None
    if features is not None:
        wanted = features
    if wanted is None:
        width = getattr(model, "n_features_in_", None)
        if width is not None and width != rows.shape[1]:
            raise InvalidParameter(
                "the model does not say which columns it reads",
                got=f"{rows.shape[1]} columns, {width} are read",
                hint="name them: features=[…], or leave columns out: without=[…]",
            )
        return rows if width is None else rows.to_numpy()
    missing = [name for name in wanted if name not in rows.columns]
    if missing:
        raise NotFound("the data lack columns that the model reads", got=", ".join(missing))
    chosen = rows[list(wanted)]
    return chosen if named or not hasattr(model, "n_features_in_") else chosen.to_numpy()


def latency_ms(model: Any, part: Part, features: Sequence[str] | None) -> float | None:
    """Return the median time of an answer to one row on one thread, in ms; None: stored ones."""
    if isinstance(model, Mapping):
        return None
    from threadpoolctl import threadpool_limits

    inputs = inputs_of(model, part.rows[:_TIMED], features)
    spent = []
    for at in range(len(inputs)):
        row = inputs.iloc[at : at + 1] if hasattr(inputs, "iloc") else inputs[at : at + 1]
        started = time.perf_counter()
        with threadpool_limits(1):
            model.predict(row)
        spent.append((time.perf_counter() - started) * 1000)
    return sorted(spent)[len(spent) // 2]
