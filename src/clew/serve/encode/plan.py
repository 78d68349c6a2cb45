"""A pipeline's transformers as one plan: rows in, a matrix of doubles out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import UnsupportedValue
from clew.serve.encode.categories import Indicators, OneHot, Ordinal, one_hot, ordinal
from clew.serve.encode.numbers import Numbers, Operation, operations_of

Part = Numbers | Indicators | Ordinal


@dataclass(frozen=True, slots=True, weakref_slot=True)
class FramePlan:
    """How rows become the matrix that a model reads.

    Parameters
    ----------
    parts : tuple of Part
        In the order of the matrix's columns.
    operations : tuple of Operation
        What is done to the whole matrix afterwards.
    width : int
        Columns of the matrix.
    """

    parts: tuple[Part, ...]
    operations: tuple[Operation, ...]
    width: int

    def encode(self, columns: dict[str, list[Any]]) -> NDArray[np.float64]:
        """Return the matrix (n_rows, width) of rows that a signature has checked."""
        n_rows = len(next(iter(columns.values()), ()))
        out = np.zeros((n_rows, sum(part.width for part in self.parts)))
        start = 0
        for part in self.parts:
            part.fill(columns, out[:, start : start + part.width])
            start += part.width
        for operation in self.operations:
            out = operation(out)
        return out


def plan_of(steps: list[Any], names: list[str]) -> FramePlan:
    """Return the plan of a pipeline's fitted transformers.

    Parameters
    ----------
    steps : list of estimators
        All but the model: a `ColumnTransformer` (or transformers of numbers), then transformers of
        the whole matrix.
    names : list of str
        The columns of the training frame.

    Raises
    ------
    UnsupportedValue
        Where a transformer is not one that can be said exactly; the message names it.
    """
    from sklearn.compose import ColumnTransformer

    if steps and type(steps[0]) is ColumnTransformer:
        parts, rest = _blocks(list(_branches(steps[0], names))), steps[1:]
    else:
        parts, rest = (Numbers(tuple(names), ()),), steps
    operations: list[Operation] = []
    width = sum(part.width for part in parts)
    for step in rest:
        if hasattr(step, "get_support"):
            kept = np.flatnonzero(step.get_support())
            operations.append(_select(kept))
            width = len(kept)
        else:
            operations += operations_of(step)
    return FramePlan(parts, tuple(operations), width)


def _blocks(parts: list[Numbers | OneHot | Ordinal]) -> tuple[Part, ...]:
    """Return the parts with neighbouring one-hot columns as one block."""
    made: list[Part] = []
    for one_hots, group in groupby(parts, lambda part: isinstance(part, OneHot)):
        if one_hots:
            made.append(Indicators.of([part for part in group if isinstance(part, OneHot)]))
        else:
            made += [part for part in group if not isinstance(part, OneHot)]
    return tuple(made)


def _select(kept: NDArray[np.intp]) -> Operation:
    return lambda x: np.ascontiguousarray(x[:, kept])


def _branches(transformer: Any, names: list[str]) -> Iterator[Numbers | OneHot | Ordinal]:
    for _, branch, columns in transformer.transformers_:
        sources = tuple(_names(columns, names))
        if not sources or (isinstance(branch, str) and branch == "drop"):
            continue
        yield from _branch(branch, sources)


def _names(columns: Any, names: list[str]) -> list[str]:
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, slice):
        if isinstance(columns.start, str) or isinstance(columns.stop, str):
            raise UnsupportedValue("no plan for a slice of column names", got=str(columns))
        return names[columns]
    chosen = np.asarray(columns)
    if chosen.dtype == bool:
        return [name for name, keep in zip(names, chosen, strict=True) if keep]
    return [value if isinstance(value, str) else names[int(value)] for value in columns]


def _branch(branch: Any, sources: tuple[str, ...]) -> Iterator[Numbers | OneHot | Ordinal]:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    steps = [step for _, step in branch.steps] if type(branch) is Pipeline else [branch]
    encoder = steps[-1]
    if type(encoder) not in (OneHotEncoder, OrdinalEncoder):
        yield Numbers(sources, tuple(op for step in steps for op in operations_of(step)))
        return
    fills = _fills(steps[:-1], len(sources))
    for position, source in enumerate(sources):
        make = one_hot if type(encoder) is OneHotEncoder else ordinal
        yield make(encoder, position, source, fills[position])


def _fills(before: list[Any], n_columns: int) -> list[Any]:
    """Return what stands in for a missing category of each column."""
    from sklearn.impute import SimpleImputer

    if not before:
        return [None] * n_columns
    imputer = before[0]
    if len(before) > 1 or type(imputer) is not SimpleImputer or imputer.add_indicator:
        raise UnsupportedValue(
            "no plan for what stands before an encoder",
            got=", ".join(type(step).__name__ for step in before),
            expected="at most one SimpleImputer",
        )
    missing = imputer.missing_values
    if not (missing is None or (isinstance(missing, float) and np.isnan(missing))):
        raise UnsupportedValue("no plan for an imputer of other values than missing ones")
    fills = [
        value.item() if isinstance(value, np.generic) else value for value in imputer.statistics_
    ]
    if any(value is None or value != value for value in fills):
        raise UnsupportedValue("no plan for an imputer that drops empty columns")
    return fills
