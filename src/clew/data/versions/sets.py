"""Sets of rows over versions, answered from deltas (DEX: Chavan and Deshpande, CIKM 2017).

A row is an id with its values: two versions share a row when neither has changed it. Rows that no
delta between the versions touches are in all of them or in none, so that only touched rows are
looked at; where deltas touch most rows, checking out costs no more, and the plan is that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.data.versions.compare import codes_of
from clew.data.versions.history import History
from clew.data.versions.rows import Ids, Rows
from clew.errors import InvalidParameter

Plan = Literal["deltas", "checkouts"]
_MOST_TOUCHED = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """The rows of a set.

    Parameters
    ----------
    table : Arrow table
        In the order of the rows' ids; a row that has other values in other versions stands more
        than once.
    ids : array of int64, shape (n_rows,)
    versions : array of int64, shape (n_rows,)
        In how many of the versions each row is.
    plan : {'deltas', 'checkouts'}
    """

    table: Any
    ids: Ids
    versions: NDArray[np.int64]
    plan: Plan


def at_least(
    history: History, versions: Sequence[int], least: int, plan: Plan | None = None
) -> Selected:
    """Return the rows that are in at least some of the versions, with the same values.

    ``least=1`` is their union, ``least=len(versions)`` their intersection.

    Raises
    ------
    InvalidParameter
        When versions have other columns, or `least` is not from 1 to their number.
    """
    if not 1 <= least <= len(versions):
        raise InvalidParameter(
            "so many versions are not given", got=str(least), expected=f"1 to {len(versions)}"
        )
    schema = _schema(history, versions)
    shared, touched, plan = _plan(history, versions, plan)
    if shared is None or plan == "checkouts":
        parts = [history.rows(number) for number in versions]
        rows, counts = _counted(parts, [np.ones(len(part.ids), np.int64) for part in parts])
        kept = counts >= least
        return Selected(rows.table.filter(kept), rows.ids[kept], counts[kept], "checkouts")
    rows, counts = _counted(*_distinct(history, shared, touched, versions))
    kept = counts >= least
    some = Rows(rows.ids[kept], rows.table.filter(kept))
    rest = history.rows(shared).without(touched)
    all_ = rest.with_(some)
    number = np.concatenate([np.full(len(rest.ids), len(versions)), counts[kept]])
    order = np.argsort(np.concatenate([rest.ids, some.ids]), kind="stable")
    return Selected(all_.table.cast(schema), all_.ids, number[order], "deltas")


def without(
    history: History, version: int, others: Sequence[int], plan: Plan | None = None
) -> Selected:
    """Return the rows of a version that none of the others has, with the same values."""
    _schema(history, [version, *others])
    shared, touched, plan = _plan(history, [version, *others], plan)
    if shared is None or plan == "checkouts":
        mine = history.rows(version)
        rest = [history.rows(number) for number in others]
        used: Plan = "checkouts"
    else:
        origin, *rest_ = history.origins(shared, [version, *others], touched)
        gone = np.any([one == origin for one in rest_], axis=0)
        mine = history.rows(version, touched[(origin >= 0) & ~gone])
        rest = [history.rows(number, mine.ids) for number in others]
        used = "deltas"
    codes = _codes([mine, *rest])
    kept = ~np.isin(codes[0], np.concatenate([codes[0][:0], *codes[1:]]))
    return Selected(mine.table.filter(kept), mine.ids[kept], np.ones(int(kept.sum()), int), used)


def _distinct(
    history: History, shared: int, touched: Ids, versions: Sequence[int]
) -> tuple[list[Rows], list[NDArray[np.int64]]]:
    """Return what touched rows had in any of the versions, once each, and in how many of them."""
    origins = history.origins(shared, versions, touched)
    parts, times = [], []
    for origin in np.unique(origins[origins >= 0]):
        many = (origins == origin).sum(axis=0)
        parts.append(history.rows(int(origin), touched[many > 0]))
        times.append(many[many > 0])
    if not parts:
        parts, times = [history.rows(shared, touched[:0])], [np.empty(0, np.int64)]
    return parts, times


def _plan(
    history: History, versions: Sequence[int], plan: Plan | None
) -> tuple[int | None, Ids, Plan]:
    """Return a version that all go back to, the rows that changed since, and what to go by."""
    shared: int | None = versions[0]
    for number in versions[1:]:
        shared = None if shared is None else history.ancestor(shared, number)
    if shared is None:
        return None, np.empty(0, np.int64), "checkouts"
    touched = history.touched(shared, versions)
    few = len(touched) <= _MOST_TOUCHED * history.versions[shared].rows
    return shared, touched, plan or ("deltas" if few else "checkouts")


def _schema(history: History, versions: Sequence[int]) -> Any:
    schemas = [history.schema(number) for number in versions]
    for number, schema in zip(versions[1:], schemas[1:], strict=True):
        if {f.name: f.type for f in schema} != {f.name: f.type for f in schemas[0]}:
            raise InvalidParameter(
                "sets are of versions with the same columns",
                got=f"{number}: {', '.join(schema.names)}",
                expected=f"{versions[0]}: {', '.join(schemas[0].names)}",
            )
    return schemas[0]


def _counted(
    parts: Sequence[Rows], times: Sequence[NDArray[np.int64]]
) -> tuple[Rows, NDArray[np.int64]]:
    """Return different rows in the order of their ids, and how often each stands."""
    import pyarrow as pa

    codes = np.concatenate(_codes(parts))
    ids = np.concatenate([part.ids for part in parts])
    _, first, kinds = np.unique(codes, return_index=True, return_inverse=True)
    counts = np.bincount(kinds, weights=np.concatenate(times), minlength=len(first))
    order = np.lexsort((first, ids[first]))
    first, counts = first[order], counts[order].astype(np.int64)
    names = parts[0].table.column_names
    table = pa.concat_tables([part.table.select(names) for part in parts]).take(first)
    return Rows(ids[first], table), counts


def _codes(parts: Sequence[Rows]) -> list[NDArray[np.int64]]:
    """Return codes that are equal where ids and all values are."""
    lengths = [len(part.ids) for part in parts]
    _, total = np.unique(np.concatenate([part.ids for part in parts]), return_inverse=True)
    for name in parts[0].table.column_names:
        codes = np.concatenate(codes_of(*(part.table.column(name) for part in parts))) + 1
        _, total = np.unique(total * (codes.max(initial=0) + 1) + codes, return_inverse=True)
    return np.split(total, np.cumsum(lengths)[:-1])
