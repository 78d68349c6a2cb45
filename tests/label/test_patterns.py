"""Counts of rows: they merge, and a database's counts are the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.errors import InvalidParameter, NotFound
from clew.label import Patterns

rows = st.lists(st.lists(st.integers(-1, 2), min_size=3, max_size=3), min_size=1, max_size=30)


def as_dict(patterns: Patterns) -> dict[tuple[int, ...], int]:
    found = {
        tuple(row): int(count)
        for row, count in zip(patterns.votes.tolist(), patterns.counts, strict=True)
    }
    assert len(found) == len(patterns.counts)
    return found


@settings(max_examples=60, deadline=None)
@given(rows, rows, rows)
def test_counts_of_parts_are_counts_of_the_whole(a, b, c) -> None:
    parts = [Patterns.of(part) for part in (a, b, c)]
    merged = as_dict(parts[0].merge(*parts[1:]))
    assert merged == as_dict(Patterns.of(a + b + c))
    assert merged == as_dict(parts[2].merge(parts[1].merge(parts[0])))
    assert sum(merged.values()) == len(a + b + c)


def test_a_database_counts_the_same() -> None:
    duckdb = pytest.importorskip("duckdb")
    votes = np.random.default_rng(0).integers(-1, 2, (500, 2))
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE votes (link INTEGER, short INTEGER)")
        said = [[None if vote < 0 else int(vote) for vote in row] for row in votes]
        connection.executemany("INSERT INTO votes VALUES (?, ?)", said)
        counted = connection.sql("SELECT link, short, count(*) AS count FROM votes GROUP BY ALL")
        patterns = Patterns.from_arrow(counted.to_arrow_table(), ["link", "short"])
    assert as_dict(patterns) == as_dict(Patterns.of(votes))


def test_misuse_is_told() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(InvalidParameter, match="do not merge"):
        Patterns.of([[0, 1]]).merge(Patterns.of([[0]]))
    table = pyarrow.table({"link": [0], "count": [0]})
    with pytest.raises(NotFound, match="short"):
        Patterns.from_arrow(table, ["short"])
    with pytest.raises(InvalidParameter, match="positive"):
        Patterns.from_arrow(table, ["link"])
