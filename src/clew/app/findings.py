"""Where a model is worst and what an outcome depends on, found in files and kept as nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clew.app import facts
from clew.app.gates.tables import COLUMN, answers_of, demand, table_of
from clew.app.store import Store
from clew.debug.gates.rows import told
from clew.debug.problems import Problem, find_problems
from clew.debug.slices import Explanation, Slice, explanation_table, find_slices, index
from clew.errors import InvalidParameter
from clew.lineage.canonical import Digest

SLICES, TABLE, PROBLEMS = "clew.debug:slices", "clew.debug:table", "clew.debug:problems"


@dataclass(frozen=True, slots=True)
class Slices:
    """Slices of a model's errors.

    Parameters
    ----------
    rows : int
        How many rows were looked at.
    mean : float
        Mean error on all of them.
    node : str
        Id of the node that holds them.
    """

    slices: tuple[Slice, ...]
    rows: int
    mean: float
    node: str


@dataclass(frozen=True, slots=True)
class Table:
    """An explanation table, and the node that holds it."""

    table: Explanation
    node: str


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with a split, and the node that holds it."""

    problems: tuple[Problem, ...]
    node: str


def slices(
    store: Store,
    model: str,
    rows: Path,
    *,
    label: str,
    without: tuple[str, ...] = (),
    squared: bool = False,
    trust: bool = False,
    **options: Any,
) -> Slices:
    """Return where a model is worst on labelled rows in a file.

    Parameters
    ----------
    model : str
        A model of the store, or ``column:NAME`` of the rows.
    label : str
        The column of labels.
    without : tuple of str
        Columns that no slice is made of, such as ids.
    squared : bool
        Errors are squared differences of numbers; else 1 where the answer is wrong.
    options
        Of `clew.debug.slices.find_slices`.
    """
    frame = table_of(rows)
    demand(frame, label, rows)
    frame = frame[frame[label].notna()]
    found, said = answers_of(store, frame, model, rows, trust=trust)
    truth = frame[label].to_numpy()
    errors = (said - truth) ** 2 if squared else np.asarray(said) != truth
    errors = np.asarray(errors, dtype=float)
    left_out = {label, *without, model.partition(":")[2]}
    kept = frame[[name for name in frame.columns if name not in left_out]]
    best = find_slices(index(kept), errors, **options)
    inputs: dict[str, Any] = {"rows": frame, "label": label, "model": model}
    inputs |= {"squared": squared, "without": list(without), "options": options}
    if found.content:
        inputs["content"] = Digest(bytes.fromhex(found.content))
    plain = [[str(one), one.rows, one.errors, one.score] for one in best]
    node = facts.record(store, SLICES, "finding", inputs, {"result": facts.stored(store, plain)})
    return Slices(best, len(frame), float(errors.mean()), node.hex())


def table(
    store: Store,
    rows: Path,
    *,
    target: str,
    value: str,
    without: tuple[str, ...] = (),
    **options: Any,
) -> Table:
    """Return what a column of a file depends on.

    Parameters
    ----------
    target : str
        The column to explain.
    value : str
        The value of it that is the outcome.
    options
        Of `clew.debug.slices.explanation_table`.
    """
    frame = table_of(rows)
    demand(frame, target, rows)
    outcome = frame[target].astype(str).to_numpy() == value
    left_out = {target, *without}
    kept = frame[[name for name in frame.columns if name not in left_out]]
    found = explanation_table(index(kept), outcome, **options)
    inputs = {"rows": frame, "target": target, "value": value, "without": list(without)}
    inputs["options"] = options
    plain = [[str(one), one.rows, one.mean, one.gain] for one in found.rules]
    node = facts.record(store, TABLE, "finding", inputs, {"result": facts.stored(store, plain)})
    return Table(found, node.hex())


def problems(
    store: Store,
    train: Path,
    test: Path,
    *,
    target: str | None = None,
    model: str | None = None,
    groups: str | None = None,
    time: str | None = None,
    alpha: float = 0.01,
    trust: bool = False,
) -> Problems:
    """Return what is wrong with a split in two files.

    Parameters
    ----------
    model : str, optional
        A model of the store, or ``column:NAME`` of both files: asks for over-fitting, by `target`.
    target, groups, time, alpha
        Of `clew.debug.problems.find_problems`.

    Raises
    ------
    InvalidParameter
        When a model is to be judged without a target.
    """
    sides = [table_of(path) for path in (train, test)]
    inputs: dict[str, Any] = {"train": sides[0], "test": sides[1], "model": model or ""}
    right = []
    if model is not None:
        if target is None:
            raise InvalidParameter("a model is judged by a target", expected="--target COLUMN")
        for frame, path in zip(sides, (train, test), strict=True):
            demand(frame, target, path)
            found, said = answers_of(store, frame, model, path, trust=trust)
            right.append([told(a) == told(b) for a, b in zip(said, frame[target], strict=True)])
            if found.content:
                inputs["content"] = Digest(bytes.fromhex(found.content))
        if model.startswith(COLUMN):
            sides = [frame.drop(columns=model.removeprefix(COLUMN)) for frame in sides]
    options: dict[str, Any] = {"target": target, "groups": groups, "time": time, "alpha": alpha}
    scored = (right[0], right[1]) if right else None
    found_all = find_problems(sides[0], sides[1], scored=scored, **options)
    plain = [[one.kind, list(one.columns), one.reason, one.size] for one in found_all]
    inputs["options"] = options
    result = facts.stored(store, plain)
    node = facts.record(store, PROBLEMS, "finding", inputs, {"result": result})
    return Problems(found_all, node.hex())
