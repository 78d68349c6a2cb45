"""Features as they were known at given times: no row knows what became known after it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.features.view import FeatureView
from clew.data.tables import columns_of
from clew.errors import InvalidParameter, WrongType

Times = NDArray[np.int64]
_NS = 1_000_000_000


def history(rows: Any, views: Sequence[tuple[FeatureView, Any]], *, time: str = "time") -> Any:
    """Return rows with the features that were known at their times.

    Of the view's rows with the same entities whose values hold and that are known at a row's time,
    it is the one whose values hold since last; of those that hold since the same time, the one
    that became known last. A row that is too old, or that is not there, gives missing values.

    Parameters
    ----------
    rows : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
        With the views' entities.
    views : sequence of (FeatureView, table)
    time : str
        Column with the rows' times: timestamps, dates, or seconds.

    Returns
    -------
    Arrow table
        The rows, in their order, with the features as further columns; ``VIEW__FEATURE`` where a
        column of that name is there already.

    Raises
    ------
    InvalidParameter
        When a column is missing, or a time or an entity of the view's.
    WrongType
        When times are no times, or entities are of different types.

    Notes
    -----
    A view's row becomes known at the later of its two times. Sorted by it, the row to be found at a
    time is the greatest so far of those before, so that one search for each row is enough.
    """
    import pyarrow as pa

    given = columns_of(rows)
    for name in {time, *(entity for view, _ in views for entity in view.entities)}:
        if name not in given.names:
            raise InvalidParameter(
                "the rows lack a column", got=", ".join(given.names), expected=name
            )
    result = pa.table({name: given.read(name) for name in given.names})
    asked = times_of(result.column(time), time)
    for view, table in views:
        known = view.table(table)
        places = _places(view, known, [result.column(name) for name in view.entities], asked)
        chosen = pa.array(places, mask=places < 0)
        for name in view.features:
            column = known.column(name).take(chosen)
            unique = name if name not in result.column_names else f"{view.name}__{name}"
            if unique in result.column_names:
                raise InvalidParameter("two columns have one name", got=unique)
            result = result.append_column(unique, column)
    return result


def latest(view: FeatureView, table: Any, at_ns: int) -> Any:
    """Return the row of each entity that is known at a time, by the entities; too old ones too.

    Parameters
    ----------
    at_ns : int
        Nanoseconds since 1970.

    Returns
    -------
    Arrow table
        The view's columns.
    """
    known = view.table(table)
    entities = [known.column(name) for name in view.entities]
    (codes,) = _codes([entities])
    _, first = np.unique(codes, return_index=True)
    some = known.take(first)
    asked = np.full(len(first), at_ns, np.int64)
    places = _places(view, known, [some.column(name) for name in view.entities], asked, old=True)
    return known.take(places[places >= 0])


def times_of(values: Any, name: str) -> Times:
    """Return times in nanoseconds since 1970.

    Raises
    ------
    InvalidParameter
        When one is missing, or beyond the years that nanoseconds reach.
    WrongType
        When they are no timestamps, dates or seconds.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if values.null_count:
        raise InvalidParameter("a time is missing", got=f"{name}: {values.null_count} rows")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        try:
            numbers = values.cast(pa.timestamp("ns")).cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise InvalidParameter("a time is beyond 1677 to 2262", got=str(error)) from error
        return np.asarray(numbers.to_numpy(), np.int64)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = values.to_numpy()
        if not np.isfinite(numbers).all() or abs(numbers).max(initial=0) > 9e9:
            raise InvalidParameter(
                "numbers as times are seconds since 1970",
                got=f"{name}: {pc.max(values).as_py()}",
                hint="give timestamps",
            )
        if pa.types.is_integer(kind):
            return np.asarray(numbers.astype(np.int64) * _NS)
        return np.asarray(np.round(numbers.astype(np.float64) * _NS), np.int64)
    raise WrongType(
        "times are timestamps, dates or seconds",
        got=f"{name}: {kind}",
        hint="convert the column, for instance by pandas.to_datetime",
    )


def _places(
    view: FeatureView, known: Any, entities: Sequence[Any], asked: Times, *, old: bool = False
) -> NDArray[np.int64]:
    """Return for each asked row the place of the view's row that was known; -1 without one."""
    event = times_of(known.column(view.event_time), view.event_time)
    created = event
    if view.created_time is not None:
        created = times_of(known.column(view.created_time), view.created_time)
    if not len(event):
        return np.full(len(asked), -1, np.int64)
    mine, theirs = _codes([[known.column(name) for name in view.entities], entities])
    if (mine < 0).any():
        row = int(np.argmin(mine))
        raise InvalidParameter(f"a row of {view.name} lacks an entity", got=f"row {row}")
    available = np.maximum(event, created)
    keys, asked_keys = _keys(mine, available, theirs, asked)
    with ThreadPoolExecutor(1) as beside:  # NumPy sorts without the interpreter's lock
        # Sorted, neighbours are found near each other.
        sorting = beside.submit(np.argsort, asked_keys)
        order = np.argsort(keys, kind="stable")
        asked_order = sorting.result()
    at = np.empty(len(asked), np.int64)
    at[asked_order] = np.searchsorted(keys[order], asked_keys[asked_order], side="right") - 1
    if view.created_time is None:
        best = order
    else:
        # The greatest so far, by event and then by created time, of each entity's rows.
        by_rank = np.lexsort((np.arange(len(order)), created, event, mine))
        rank = np.empty(len(order), np.int64)
        rank[by_rank] = np.arange(len(order))
        best = by_rank[np.maximum.accumulate(rank[order])]
    found = np.where(at >= 0, best[np.maximum(at, 0)], -1)
    found[mine[np.maximum(found, 0)] != theirs] = -1
    if view.ttl_s is not None and not old:
        age = asked - event[np.maximum(found, 0)]
        found[age > round(view.ttl_s * _NS)] = -1
    return found


def _keys(
    codes: NDArray[np.int64], times: Times, asked_codes: NDArray[np.int64], asked: Times
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return numbers in the order of codes and, of one code, of times."""
    first = int(times.min())
    step = max(1, int(np.gcd.reduce(times - first)))
    places, asked_places = (times - first) // step, (asked - first) // step
    most = int(places.max())
    if (most + 2) * (int(codes.max()) + 1) >= 1 << 62:
        moments = np.unique(times)
        places = np.searchsorted(moments, times)
        asked_places = np.searchsorted(moments, asked, side="right") - 1
        most = len(moments)
    asked_places = np.clip(asked_places, -1, most)
    scale = most + 2
    return codes * scale + places + 1, asked_codes * scale + asked_places + 1


def _codes(tables: Sequence[Sequence[Any]]) -> list[NDArray[np.int64]]:
    """Return codes that are equal where all entities are; -1 where one is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = [len(columns[0]) for columns in tables]
    total = np.zeros(sum(lengths), np.int64)
    missing = np.zeros(sum(lengths), bool)
    for parts in zip(*tables, strict=True):
        kinds = {str(part.type) for part in parts}
        texts = kinds <= {"string", "large_string", "string_view"}
        numbers = all(pa.types.is_integer(part.type) for part in parts)
        if len(kinds) > 1 and not texts and not numbers:
            raise WrongType("an entity has one type", got=", ".join(sorted(kinds)))
        kind = pa.large_string() if texts else pa.int64() if numbers else parts[0].type
        whole = pa.chunked_array(
            [chunk for part in parts for chunk in _chunks(part.cast(kind))], kind
        )
        encoded = pc.dictionary_encode(whole.combine_chunks())
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        missing |= codes < 0
        combined = total * (int(codes.max(initial=0)) + 1) + codes
        total = np.unique(combined, return_inverse=True)[1] if len(tables[0]) > 1 else codes
    return np.split(np.where(missing, -1, total), np.cumsum(lengths)[:-1])


def _chunks(values: Any) -> list[Any]:
    return list(values.chunks) if hasattr(values, "chunks") else [values]
