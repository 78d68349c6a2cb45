"""Arrow: schema and values count; chunks, offsets, absent bitmaps and hidden bytes do not."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest

from clew.lineage.fingerprint import fingerprint

ARRAYS = {
    "int": pa.array([1, None, 3]),
    "full": pa.array([1, 2, 3]),
    "float": pa.array([1.0, None, float("nan")]),
    "half": pa.array([1.0, None, 3.0], pa.float16()),
    "bool": pa.array([True, None, False]),
    "null": pa.nulls(3),
    "text": pa.array(["a", None, "ccc"]),
    "large": pa.array(["a", None, "ccc"], pa.large_string()),
    "view": pa.array(["a", None, "c" * 30], pa.string_view()),
    "bytes": pa.array([b"a", None, b"ccc"]),
    "fixed": pa.array([b"aa", None, b"cc"], pa.binary(2)),
    "decimal": pa.array([1, None, 3]).cast(pa.decimal128(21, 2)),
    "date": pa.array([1, None, 3], pa.date32()),
    "time": pa.array([1, None, 3], pa.time64("us")),
    "zoned": pa.array([1, None, 3], pa.timestamp("us", "UTC")),
    "naive": pa.array([1, None, 3], pa.timestamp("us")),
    "duration": pa.array([1, None, 3], pa.duration("s")),
    "months": pa.array([None, pa.MonthDayNano([1, 2, 3]), None]),
    "list": pa.array([[1], None, [2, None]]),
    "empty": pa.array([[], None, [2, None]]),
    "big_list": pa.array([[1], None, [2, None]], pa.large_list(pa.int64())),
    "list_view": pa.array([[1], None, [2, None]], pa.list_view(pa.int64())),
    "pairs": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int64(), 2)),
    "nested": pa.array([[["a"], []], None, [None, ["b", None]]]),
    "struct": pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}]),
    "map": pa.array([[(1, "a")], None, [(2, None)]], pa.map_(pa.int8(), pa.string())),
    "words": pa.array(["a", "b", None]).dictionary_encode(),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 3], [1, 2]),
    "union": pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]
    ),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_slices_chunks_and_copies(name):
    array = ARRAYS[name]
    own = fingerprint(array)
    assert fingerprint(pickle.loads(pickle.dumps(array))) == own
    whole, cut = pa.chunked_array([array]), pa.chunked_array([array[:1], array[:0], array[1:]])
    assert fingerprint(whole) == fingerprint(cut) != own
    assert fingerprint(array[1:]) != own
    if name == "union":
        return
    padded = pa.concat_arrays([array, array, array])
    assert fingerprint(padded[3:6]) == own
    assert fingerprint(padded[4:7]) == fingerprint(pa.concat_arrays([array[1:], array[:1]]))


def test_every_type_has_its_own_id():
    values = [*ARRAYS.values(), *(array.type for array in ARRAYS.values())]
    values += [pa.scalar(1), pa.scalar(1, pa.int8()), pa.scalar("a"), pa.scalar(None)]
    assert len({fingerprint(v) for v in values}) == len(values) - 2, "two types occur twice"


def test_what_lies_under_a_null_does_not_count():
    valid = pa.py_buffer(bytes([0b101]))
    ids = set()
    for hidden in (0, 7):
        data = pa.py_buffer(np.array([1, hidden, 3]))
        ids.add(fingerprint(pa.Array.from_buffers(pa.int64(), 3, [valid, data])))
    assert ids == {fingerprint(pa.array([1, None, 3]))}
    offsets = pa.py_buffer(np.array([0, 1, 3, 4], "i4"))
    text = pa.Array.from_buffers(pa.string(), 3, [valid, offsets, pa.py_buffer(b"axxc")])
    assert fingerprint(text) == fingerprint(pa.array(["a", None, "c"]))


def test_a_full_bitmap_equals_none():
    data = pa.py_buffer(np.array([1, 2, 3]))
    full = pa.Array.from_buffers(pa.int64(), 3, [pa.py_buffer(b"\xff"), data])
    assert fingerprint(full) == fingerprint(pa.array([1, 2, 3]))


def test_a_null_is_not_zero_nor_nan_nor_empty():
    pairs = [([0, None], [0, 0]), (["", None], ["", ""]), ([[], None], [[], []])]
    for some, none in pairs:
        assert fingerprint(pa.array(some)) != fingerprint(pa.array(none))
    halves = pa.array([1.0, None]), pa.array([1.0, float("nan")], from_pandas=False)
    assert fingerprint(halves[0]) != fingerprint(halves[1])


def test_text_keeps_its_borders():
    assert fingerprint(pa.array(["ab", "c"])) != fingerprint(pa.array(["a", "bc"]))
    assert fingerprint(pa.array([[1, 2], [3]])) != fingerprint(pa.array([[1], [2, 3]]))


def test_dictionaries_count_but_not_how_chunks_split_them():
    words = pa.array(["a", "b", "a"]).dictionary_encode()
    turned = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], "i4"), pa.array(["b", "a"]))
    unused = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], "i4"), pa.array(["a", "b", "c"]))
    assert len({fingerprint(a) for a in (words, turned, unused, words.dictionary_decode())}) == 4


def test_names_metadata_and_order_count():
    base = pa.table({"a": [1, 2], "b": ["x", "y"]})
    others = [
        base.select(["b", "a"]),
        base.rename_columns(["a", "c"]),
        base.replace_schema_metadata({"k": "v"}),
        base.set_column(0, pa.field("a", pa.int64(), nullable=False), base["a"]),
        base.set_column(0, pa.field("a", pa.int64(), metadata={"k": "v"}), base["a"]),
        base.set_column(0, "a", base["a"].cast(pa.int32())),
        base[:1],
        base.to_batches()[0],
        base.schema,
        base["a"],
    ]
    assert len({fingerprint(v) for v in [base, *others]}) == len(others) + 1
    assert fingerprint(base.replace_schema_metadata({})) == fingerprint(base)


@pytest.mark.parametrize("rows", [10, 40_000])
def test_tables_through_files(tmp_path, rows):
    import pyarrow.parquet as pq

    table = pa.table({"a": np.arange(rows), "b": [f"w{i % 7}" for i in range(rows)]})
    table = pa.concat_tables([table, table.slice(1)])
    file = str(tmp_path / "t.arrow")
    with pa.OSFile(file, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=999)
    with pa.memory_map(file) as source:
        mapped = pa.ipc.open_file(source).read_all()
        assert fingerprint(mapped) == fingerprint(table)
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=777)
    assert fingerprint(pq.read_table(tmp_path / "t.parquet")) == fingerprint(table)
    assert fingerprint(table.combine_chunks()) == fingerprint(table)
    assert fingerprint(table.slice(0, rows)) != fingerprint(table)


@pytest.mark.parametrize("wrap", [pa.array, lambda a: pa.table({"a": a}), None])
def test_a_buffer_that_numpy_changes_is_noticed(wrap):
    numbers = np.arange(50_000)
    if wrap is None:  # the changed buffer is that of the dictionary
        words = pa.array(numbers)
        value = pa.DictionaryArray.from_arrays(pa.array(np.arange(50_000, dtype="i4")), words)
    else:
        value = wrap(numbers)
    before = fingerprint(value)
    assert fingerprint(value) == before
    numbers[40_000] = -1
    assert fingerprint(value) != before
