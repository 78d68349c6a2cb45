"""Early cut-off: stages that differ but gave the same values share everything below them.

Where no number is missing, two imputers give the same matrix; where no category is rare, two
encoders do. What follows depends on the values alone, so it runs once. Values count as the same
when type, shape, dtype, memory layout and every byte are (128-bit XXH3), for training and test
rows both.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from scipy import sparse

from clew.select.heard import Level, retell
from clew.select.plan import Configuration, Member
from clew.select.rows import Rows
from clew.select.shared import seal
from clew.select.study import Outcome, Record


class Twins:
    """Members of one level by the values that they gave.

    Parameters
    ----------
    outcome : Outcome
        Where records are, and where copies go.
    split : int
        Number of the fold.
    """

    def __init__(self, outcome: Outcome, split: int) -> None:
        self._outcome, self._split = outcome, split
        self._known: dict[Hashable, dict[Hashable, int]] = {}

    def left(self, member: Member, rows: Rows, depth: int, *, seen: bool) -> list[Configuration]:
        """Return the configurations below a member that no twin has answered.

        Parameters
        ----------
        member : Member
            A transformer with its configurations.
        rows : Rows
            The rows below it.
        depth : int
            Number of stages above those that remain.
        seen : bool
            Whether training rows are scored too.
        """
        content = _content(rows, seen=seen)
        if content is None:
            return member.configurations
        known = self._known.setdefault(content, {})
        left = []
        for configuration in member.configurations:
            tail = _tail(configuration, depth)
            twin = known.get(tail) if tail else None
            record = self._outcome.records.get((twin, self._split)) if twin is not None else None
            if record is None or not retell(record.told[depth:]):
                left.append(configuration)
                known.setdefault(tail, configuration.index)
            else:
                copy = _copy(record, twin, (*rows.warned(), *record.told[depth:]))
                self._outcome.records[configuration.index, self._split] = copy
        return left


def _copy(record: Record, twin: int | None, told: tuple[Level, ...]) -> Record:
    return Record(
        dict(record.result),
        record.rewrite,
        record.tolerance,
        record.source if record.source == "failed" else "reused",
        f"the same values as in configuration {twin}",
        record.cost_s,
        record.answers,
        record.classes,
        told,
    )


def _tail(configuration: Configuration, depth: int) -> Hashable:
    stages = configuration.stages[depth:]
    if any(stage.tokens is None for stage in stages):
        return None
    return tuple((type(stage.estimator), stage.name, stage.tokens) for stage in stages)


def _content(rows: Rows, *, seen: bool) -> Hashable:
    try:
        views = [rows.fitting.peek(), rows.test.take(), *([rows.seen.take()] if seen else [])]
    except Exception:  # rows that cannot be transformed fail where they are scored
        return None
    contents = [_exact(view) for view in views]
    return None if None in contents else tuple(contents)


def _exact(value: Any) -> Hashable:
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return (*_layout(value), seal(value))
    if sparse.issparse(value) and value.format in ("csr", "csc"):
        parts = (value.data, value.indices, value.indptr)
        return (type(value), value.shape, *((*_layout(part), seal(part)) for part in parts))
    return None


def _layout(value: np.ndarray[Any, Any]) -> tuple[Hashable, ...]:
    flags = value.flags
    return (value.dtype.str, value.shape, flags.c_contiguous, flags.f_contiguous)
