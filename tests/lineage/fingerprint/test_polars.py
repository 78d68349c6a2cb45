from __future__ import annotations

import copy
import pickle
from datetime import date

import polars as pl
import pytest

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint

SERIES = {
    "int": pl.Series("s", [1, None]),
    "small": pl.Series("s", [1, None], dtype=pl.Int8),
    "float": pl.Series("s", [1.5, None]),
    "text": pl.Series("s", ["a", None]),
    "bool": pl.Series("s", [True, None]),
    "null": pl.Series("s", [None, None]),
    "date": pl.Series("s", [date(2020, 1, 1), None]),
    "time": pl.Series("s", [1, None], dtype=pl.Time),
    "naive": pl.Series("s", [1, None], dtype=pl.Datetime("us")),
    "millis": pl.Series("s", [1, None], dtype=pl.Datetime("ms")),
    "zoned": pl.Series("s", [1, None], dtype=pl.Datetime("us", "UTC")),
    "duration": pl.Series("s", [1, None], dtype=pl.Duration("us")),
    "decimal": pl.Series("s", [1, None], dtype=pl.Decimal(10, 2)),
    "words": pl.Series("s", ["a", None], dtype=pl.Categorical),
    "enum": pl.Series("s", ["a", None], dtype=pl.Enum(["a", "b"])),
    "turned": pl.Series("s", ["a", None], dtype=pl.Enum(["b", "a"])),
    "list": pl.Series("s", [[1], None]),
    "array": pl.Series("s", [[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
    "struct": pl.Series("s", [{"x": 1}, {"x": None}]),
    "bytes": pl.Series("s", [b"a", None]),
    "object": pl.Series("s", [(1, 2), "a"], dtype=pl.Object),
}


@pytest.mark.parametrize("name", SERIES)
def test_copies_and_slices(name):
    series = SERIES[name]
    own = fingerprint(series)
    assert fingerprint(copy.deepcopy(series)) == own
    if name != "object":
        assert fingerprint(pickle.loads(pickle.dumps(series))) == own
        assert fingerprint(pl.concat([series, series], rechunk=False)[2:]) == own
    assert fingerprint(series.rename("t")) != own
    assert fingerprint(series[:1]) != own
    assert fingerprint(series.to_frame()) == fingerprint(pl.DataFrame([series])) != own


def test_every_type_has_its_own_id():
    values = [*SERIES.values(), *(s.to_frame() for s in SERIES.values())]
    assert len({fingerprint(v) for v in values}) == len(values)


def test_what_a_process_saw_before_does_not_change_categories():
    before = fingerprint(pl.Series("s", ["x", "y"], dtype=pl.Categorical))
    keep = pl.Series(["q", "y", "x"], dtype=pl.Categorical)
    assert fingerprint(pl.Series("s", ["x", "y"], dtype=pl.Categorical)) == before
    assert keep.len() == 3


def test_chunks_do_not_count_and_columns_do():
    frame = pl.DataFrame({"a": range(10), "b": [f"w{i}" for i in range(10)]})
    cut = pl.concat([frame[:3], frame[3:]], rechunk=False)
    assert cut.n_chunks() == 2
    assert fingerprint(cut) == fingerprint(frame)
    assert fingerprint(frame.select("b", "a")) != fingerprint(frame)
    assert fingerprint(frame.sort("a")) == fingerprint(frame), "a sorted flag is no value"


def test_plans_are_refused():
    for plan in (pl.LazyFrame({"a": [1]}), pl.col("a") + 1):
        with pytest.raises(Unhashable, match="not computed"):
            fingerprint(plan)
