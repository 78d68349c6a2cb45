"""pandas: labels, dtypes and values count; blocks and what lies under missing values do not."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from clew.lineage.fingerprint import fingerprint

COLUMNS = {
    "int": [1, 2, 3],
    "float": [1.0, np.nan, 3.0],
    "bool": [True, False, True],
    "text": pd.Series(["x", None, "y"]),
    "object": pd.Series(["x", None, "y"], dtype=object),
    "objects": pd.Series([1, "a", [2]], dtype=object),
    "string": pd.array(["x", None, "y"], dtype="string[python]"),
    "pyarrow": pd.array(["x", None, "y"], dtype="string[pyarrow]"),
    "Int64": pd.array([1, None, 3], dtype="Int64"),
    "boolean": pd.array([True, None, False], dtype="boolean"),
    "Float32": pd.array([1, None, 3], dtype="Float32"),
    "arrow": pd.array([1, None, 3], dtype="int64[pyarrow]"),
    "category": pd.Categorical(["x", "y", "x"]),
    "more": pd.Categorical(["x", "y", "x"], categories=["x", "y", "z"]),
    "ordered": pd.Categorical(["x", "y", "x"], ordered=True),
    "dates": pd.date_range("2020", periods=3),
    "seconds": pd.date_range("2020", periods=3).as_unit("s"),
    "zoned": pd.date_range("2020", periods=3, tz="Europe/Berlin"),
    "utc": pd.date_range("2020", periods=3, tz="UTC"),
    "spans": pd.to_timedelta([1, 2, 3]),
    "months": pd.period_range("2020", periods=3, freq="M"),
    "days": pd.period_range("2020", periods=3, freq="D"),
    "intervals": pd.interval_range(0, 3),
    "left": pd.interval_range(0, 3, closed="left"),
    "sparse": pd.arrays.SparseArray([0, 1, 0]),
    "sparse1": pd.arrays.SparseArray([0, 1, 0], fill_value=1),
}
INDEXES = [
    pd.RangeIndex(3),
    pd.RangeIndex(0, 6, 2),
    pd.Index([0, 1, 2]),
    pd.Index([0, 1, 2], name="n"),
    pd.Index([0.0, 1.0, 2.0]),
    pd.Index(["a", "b", "c"]),
    pd.Index(["a", "b", "c"], dtype=object),
    pd.CategoricalIndex(["a", "b", "c"]),
    pd.date_range("2020", periods=3),
    pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-03"]),
    pd.period_range("2020", periods=3, freq="D"),
    pd.to_timedelta([1, 2, 3]),
    pd.interval_range(0, 3),
    pd.MultiIndex.from_product([[1], ["a", "b", "c"]]),
    pd.MultiIndex.from_product([[1], ["a", "b", "c"]], names=["p", "q"]),
    pd.MultiIndex.from_product([[1, 2], ["a", "b", "c"]])[:3],
]
SCALARS = [
    *(pd.NA, pd.NaT, pd.Timestamp("2020"), pd.Timestamp("2020", tz="UTC"), pd.Timedelta("1D")),
    *(
        pd.Timestamp("2020").as_unit("ns"),
        pd.Period("2020"),
        pd.Period("2020-01"),
        pd.Interval(0, 1),
    ),
    *(pd.Interval(0, 1, "left"), pd.offsets.Day(), pd.offsets.Day(2), pd.offsets.MonthEnd()),
    *(pd.offsets.CustomBusinessDay(holidays=["2020-01-01"]), pd.offsets.CustomBusinessDay()),
    *(pd.Int64Dtype(), pd.StringDtype(), pd.CategoricalDtype(["a"]), pd.CategoricalDtype(["b"])),
]


def frame(**changes):
    return pd.DataFrame({**COLUMNS, **changes})


@pytest.mark.parametrize("name", COLUMNS)
def test_copies_and_slices(name):
    series = pd.Series(COLUMNS[name], name="s")
    single = series.to_frame()
    for value in (series, single, series.array):
        for twin in (value.copy(), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert fingerprint(twin) == fingerprint(value)
    assert fingerprint(series.iloc[1:]) == fingerprint(series.iloc[1:].copy())
    assert fingerprint(series.iloc[1:]) != fingerprint(series.iloc[:-1])
    assert fingerprint(series.rename("t")) != fingerprint(series)
    assert fingerprint(single) != fingerprint(series)


def test_every_dtype_and_index_has_its_own_id():
    values = [pd.Series(column, name="s") for column in COLUMNS.values()]
    values += [pd.Series(column, name="s").array for column in COLUMNS.values()]
    values += [pd.Series([1, 2, 3], index=index) for index in INDEXES]
    values += [*INDEXES, *SCALARS]
    seen: dict[bytes, object] = {}
    for value in values:
        found = fingerprint(value)
        assert found not in seen, f"{value!r} and {seen.get(found)!r}"
        assert found == fingerprint(pickle.loads(pickle.dumps(value)))
        seen[found] = value


def test_labels_order_attributes_and_flags_count():
    base = frame()
    others = [
        base[base.columns[::-1]],
        base.rename(columns={"int": "INT"}),
        base.set_axis([3, 4, 5]),
        base.rename_axis(index="i"),
        base.rename_axis(columns="c"),
        base.iloc[::-1],
        base.set_flags(allows_duplicate_labels=False),
        base.drop(columns="int"),
        frame(int=[1, 2, 4]),
        frame(int=np.array([1, 2, 3], "i4")),
        frame(int=[1.0, 2.0, 3.0]),
    ]
    noted = frame()
    noted.attrs["source"] = "survey"
    ids = {fingerprint(value) for value in [base, *others, noted]}
    assert len(ids) == len(others) + 2
    assert fingerprint(frame()) == fingerprint(base)


def test_how_columns_are_packed_does_not_count():
    whole = pd.DataFrame({name: np.arange(4.0) + i for i, name in enumerate("abcd")})
    grown = pd.DataFrame({"a": np.arange(4.0)})
    for i, name in enumerate("bcd"):
        grown[name] = np.arange(4.0) + i + 1
    joined = pd.concat([whole[["a", "b"]], whole[["c", "d"]]], axis=1)
    assert fingerprint(whole) == fingerprint(grown) == fingerprint(grown.copy())
    assert fingerprint(whole) == fingerprint(joined)
    assert fingerprint(whole[["b", "c"]]) == fingerprint(whole[["b", "c"]].copy())


def test_whether_rows_lie_together_counts():
    values = np.arange(12.0).reshape(4, 3)
    by_row = pd.DataFrame(values, copy=False)
    by_column = pd.DataFrame(np.asfortranarray(values), copy=False)
    assert by_row.to_numpy().flags.c_contiguous != by_column.to_numpy().flags.c_contiguous
    assert fingerprint(by_row) != fingerprint(by_column)


def test_what_lies_under_a_missing_value_does_not_count():
    mask = np.array([False, True])
    ids = {
        fingerprint(pd.arrays.IntegerArray(np.array([1, hidden]), mask.copy()))
        for hidden in (0, 7, 99)
    }
    assert len(ids) == 1


def test_a_changed_cell_of_a_large_frame_is_noticed():
    rng = np.random.default_rng(0)
    big = pd.DataFrame(rng.normal(size=(20_000, 3)), columns=list("abc"))
    big["text"] = pd.Series([f"w{i % 9}" for i in range(20_000)], dtype=object)
    big["word"] = [f"w{i % 9}" for i in range(20_000)]
    ids = [fingerprint(big), fingerprint(big)]
    assert ids[0] == ids[1]
    for column, value in (("a", 0.5), ("c", 0.5), ("text", "z"), ("word", "z")):
        big.loc[19_999, column] = value
        ids.append(fingerprint(big))
        assert ids[-1] == fingerprint(big.copy())
    assert len(set(ids)) == 5


def test_a_changed_buffer_under_a_frame_is_noticed():
    values = np.zeros((50_000, 2), order="F")
    shared = pd.DataFrame(values, copy=False)
    before = fingerprint(shared)
    values[40_000, 1] = 1
    assert fingerprint(shared) != before


def test_subclasses_count_with_their_fields():
    class Table(pd.DataFrame):
        _metadata = ("unit",)

        @property
        def _constructor(self):
            return Table

    plain = pd.DataFrame({"a": [1]})
    ids = [fingerprint(plain), fingerprint(Table(plain))]
    for unit in ("m", "s"):
        table = Table(plain)
        table.unit = unit
        ids.append(fingerprint(table))
    assert len(set(ids)) == 4


def test_empty_frames():
    frames = [pd.DataFrame(), pd.DataFrame(index=[1]), pd.DataFrame(columns=["b"])]
    frames += [pd.DataFrame({"a": np.zeros(0, kind)}) for kind in ("f4", "f8", object)]
    assert len({fingerprint(f) for f in frames}) == len(frames)


def test_parquet_round_trip(tmp_path):
    names = ["int", "float", "bool", "text", "Int64", "zoned", "dates"]
    plain = frame()[names]
    plain.to_parquet(tmp_path / "f.parquet")
    back = pd.read_parquet(tmp_path / "f.parquet")
    for name in names:
        assert fingerprint(back[name]) == fingerprint(plain[name]), name
