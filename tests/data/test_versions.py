"""Versions: deltas, whatever is asked of them, equal what checked-out tables say."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.data.versions import (
    Delta,
    History,
    Rows,
    Version,
    at_least,
    between,
    composed,
    difference,
    matched,
    merge,
    nothing,
    without,
)

KINDS = {"a": pa.int64(), "x": pa.float64(), "t": pa.string(), "b": pa.bool_()}
VALUES = {
    "a": st.integers(0, 2) | st.none(),
    "x": st.sampled_from([0.0, -0.0, float("nan"), 1.5, None]),
    "t": st.sampled_from(["", "u", "v", None]),
    "b": st.booleans(),
}


def bits(rows: Rows) -> list[Any]:
    """Rows that are equal only when ids and values are, to the bit."""
    names = sorted(rows.table.column_names)
    columns = [[repr(value) for value in rows.table.column(name).to_pylist()] for name in names]
    return [tuple(names), *zip(rows.ids.tolist(), *columns, strict=True)]


@st.composite
def tables(draw: Any, ids: Any, names: Any = None) -> Rows:
    names = draw(st.sets(st.sampled_from(sorted(KINDS)), min_size=1)) if names is None else names
    chosen = np.array(sorted(draw(ids)), np.int64)
    columns = {
        name: pa.array([draw(VALUES[name]) for _ in chosen], KINDS[name]) for name in sorted(names)
    }
    if "b" in columns and draw(st.booleans()):  # A column may change its type.
        columns["b"] = columns["b"].cast(pa.int8())
    return Rows(chosen, pa.table(columns))


some_ids = st.sets(st.integers(0, 9), max_size=8)


@settings(max_examples=50)
@given(tables(some_ids), tables(some_ids), tables(some_ids))
def test_deltas_lead_from_rows_to_rows_alone_and_together(a: Rows, b: Rows, c: Rows) -> None:
    first, second = between(a, b), between(b, c)
    assert bits(first.apply(a)) == bits(b)
    together = composed([first, second], a.table.schema)
    assert bits(together.apply(a)) == bits(c)
    assert bits(second.after(first).apply(a)) == bits(c)
    some = np.array([1, 3, 4, 8])
    assert bits(together.of(some).apply(a.of(some))) == bits(c.of(some))
    assert between(a, a).is_empty and bits(nothing(a.table.schema).apply(a)) == bits(a)


def history(rows: dict[int, Rows], parents: dict[int, tuple[int, ...]]) -> History:
    """Return the history of given rows, by deltas to first parents."""
    deltas: dict[int, Delta] = {}
    versions = {}
    for number, one in rows.items():
        came = parents[number]
        none = np.empty(0, np.int64)
        deltas[number] = (
            between(rows[came[0]], one) if came else Delta(none, one, {}, one.table.schema)
        )
        versions[number] = Version(
            number=number,
            node="",
            parents=came,
            delta="",
            rows=len(one.ids),
            added=0,
            deleted=0,
            changed=0,
        )
    return History(versions, lambda version: deltas[version.number])


NAMES = {"a", "x", "t"}
TREE: dict[int, tuple[int, ...]] = {1: (), 2: (1,), 3: (2,), 4: (2,), 5: (1,), 6: (4,)}
six = st.tuples(*[tables(some_ids, NAMES)] * 6)


@settings(max_examples=25)
@given(six, st.permutations(range(1, 7)), st.integers(2, 4))
def test_questions_over_versions_are_answered_as_by_checkouts(
    given_: tuple[Rows, ...], order: list[int], many: int
) -> None:
    rows = dict(enumerate(given_, 1))
    known = history(rows, TREE)
    for number in rows:
        assert bits(known.rows(number)) == bits(rows[number])
    for a, b in itertools.permutations(order[:3], 2):
        assert bits(known.between(a, b).apply(rows[a])) == bits(rows[b])
    asked = order[:many]
    sets = [set(bits(rows[number])[1:]) for number in asked]
    for least in range(1, many + 1):
        for plan in (None, "deltas", "checkouts"):
            found = at_least(known, asked, least, plan)  # type: ignore[arg-type]
            expected = {
                row: sum(row in one for one in sets)
                for row in set.union(*sets)
                if sum(row in one for one in sets) >= least
            }
            told = bits(Rows(found.ids, found.table))[1:]
            assert dict(zip(told, found.versions.tolist(), strict=True)) == expected
            assert len(told) == len(expected)
    for plan in ("deltas", "checkouts"):
        left = without(known, asked[0], asked[1:], plan)  # type: ignore[arg-type]
        assert set(bits(Rows(left.ids, left.table))[1:]) == sets[0].difference(*sets[1:])


@settings(max_examples=40)
@given(tables(some_ids, NAMES), tables(some_ids, NAMES))
def test_a_difference_names_every_cell(a: Rows, b: Rows) -> None:
    found = difference(history({1: a, 2: b}, {1: (), 2: (1,)}), 1, 2)
    old = {
        (row, name): cell
        for row, *cells in bits(a)[1:]
        for name, cell in zip(sorted(NAMES), cells, strict=True)
    }
    new = {
        (row, name): cell
        for row, *cells in bits(b)[1:]
        for name, cell in zip(sorted(NAMES), cells, strict=True)
    }
    both = set(old) & set(new)
    told = {(one["row"], one["column"]) for one in found.changed.to_pylist()}
    assert told == {cell for cell in both if old[cell] != new[cell]}
    assert found.added.num_rows == len(set(b.ids) - set(a.ids))
    assert found.deleted.num_rows == len(set(a.ids) - set(b.ids))
    assert found.is_empty == (bits(a) == bits(b))


@given(tables(some_ids, NAMES), st.data())
def test_rows_are_matched_by_key_or_by_all_values(old: Rows, data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(old.ids)))), np.int64)
    keyed = Rows(old.ids, old.table.append_column("k", pa.array(old.ids * 3)))
    assert matched(keyed, keyed.table.take(order), ["k"]).tolist() == old.ids[order].tolist()
    found = matched(old, old.table.take(order), [])
    assert sorted(found.tolist()) == old.ids.tolist()
    back = Rows(np.sort(found), old.table.take(order).take(np.argsort(found)))
    assert bits(back) == bits(old)


@settings(max_examples=25)
@given(
    st.tuples(*[tables(st.sets(st.integers(0, 5)), NAMES)] * 3), st.sampled_from(["ours", "theirs"])
)
def test_a_merge_has_what_one_side_changed_and_the_preferred_of_what_both_did(
    given_: tuple[Rows, ...], prefer: Any
) -> None:
    base, ours, theirs = given_
    # Rows that are in the base, and such as one side alone has added.
    there, here = (rows.of(np.union1d(base.ids, [4, 5])) for rows in (theirs, ours))
    theirs_ = Rows(np.where(there.ids > 3, there.ids + 10, there.ids), there.table)
    ours_ = Rows(np.where(here.ids > 3, here.ids + 5, here.ids), here.table)
    known = history({1: base, 2: ours_, 3: theirs_}, {1: (), 2: (1,), 3: (1,)})
    delta, conflicts = merge(known, 2, 3, (), prefer)
    merged = cells(delta.apply(ours_))
    b, o, t = cells(base), cells(ours_), cells(theirs_)
    clashes = 0
    for row in {*b, *o, *t}:
        if o.get(row) == b.get(row) or o.get(row) == t.get(row):
            assert merged.get(row) == t.get(row)
        elif t.get(row) == b.get(row):
            assert merged.get(row) == o.get(row)
        elif row in b and row in o and row in t:
            for name in NAMES:
                one, two = o[row][name], t[row][name]
                clash = one != two and b[row][name] not in (one, two)
                clashes += clash
                chosen = one if two == b[row][name] else two if one == b[row][name] else None
                expected = chosen or ((one if prefer == "ours" else two) if clash else one)
                assert merged[row][name] == expected
        else:
            clashes += 1
            assert merged.get(row) == (o if prefer == "ours" else t).get(row)
    assert len(conflicts) == clashes


def cells(rows: Rows) -> dict[int, dict[str, str]]:
    names = sorted(NAMES)
    return {row: dict(zip(names, values, strict=True)) for row, *values in bits(rows)[1:]}


def test_lists_are_refused() -> None:
    with pytest.raises(Exception, match="plain values"):
        one = Rows(np.arange(1), pa.table({"l": [[1]]}))
        between(one, one)
