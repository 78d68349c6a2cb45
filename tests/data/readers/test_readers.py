"""Readers: what was written comes back, whatever the format, and what is damaged is told."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from clew.cli.main import main
from clew.data.readers import FORMATS, read, read_matrix
from clew.data.tables import columns_of
from clew.errors import ClewError, InvalidParameter, MissingExtra, NotFound

TABLE = pa.table({"id": [1, 2, 3], "name": ["a", None, "c"], "x": [0.5, 1.0, None]})


def written(path: Path) -> Path:
    frame = TABLE.to_pandas()
    suffix = path.suffix
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(TABLE, path)
    elif suffix == ".arrow":
        with pa.ipc.new_file(str(path), TABLE.schema) as file:
            file.write_table(TABLE)
    elif suffix == ".ipc":
        with pa.ipc.new_stream(str(path), TABLE.schema) as file:
            file.write_table(TABLE)
    elif suffix in (".csv", ".tsv"):
        frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    elif suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in TABLE.to_pylist()))
    elif suffix == ".json":
        path.write_text(json.dumps(TABLE.to_pylist()))
    else:
        rows = "".join(
            "<row id='{id}'>{0}{1}</row>".format(
                f"<name>{row['name']}</name>" if row["name"] else "",
                "" if row["x"] is None else f"<x>{row['x']}</x>",
                id=row["id"],
            )
            for row in TABLE.to_pylist()
        )
        path.write_text(f"<?xml version='1.0'?><t xmlns='urn:x'><about/>{rows}</t>")
    return path


@pytest.mark.parametrize(
    "suffix", [".parquet", ".arrow", ".ipc", ".csv", ".tsv", ".jsonl", ".json", ".xml"]
)
def test_one_table_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"t{suffix}")
    found = read(path)
    assert found.to_pylist() == TABLE.to_pylist()
    assert found.schema.types == TABLE.schema.types
    columns = columns_of(path)
    assert columns.read("x").to_pylist() == [0.5, 1.0, None]


def test_documents_say_where_their_rows_are(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"a": {"b": [{"x": 1}, {"y": 2}]}, "n": 3}))
    assert read(path, rows="a.b").to_pylist() == [{"x": 1, "y": None}, {"x": None, "y": 2}]
    with pytest.raises(NotFound, match="nothing at"):
        read(path, rows="a.c")
    with pytest.raises(InvalidParameter, match="is no table"):
        read(path)
    path = tmp_path / "t.xml"
    path.write_text(
        "<r><head><v>1</v></head><body><town><n>Oslo</n><tag>a</tag><tag>b</tag></town>"
        "<town><n>Rome</n><tag>c</tag><at><lat>4</lat></at></town></body></r>"
    )
    assert read(path, rows="body/town").to_pylist() == [
        {"n": "Oslo", "tag": ["a", "b"], "at": None},
        {"n": "Rome", "tag": ["c"], "at": {"lat": "4"}},
    ]
    with pytest.raises(NotFound, match="no elements"):
        read(path, rows="body/city")


def test_xml_that_attacks_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    path = tmp_path / "t.xml"
    path.write_text(
        f"<!DOCTYPE r [<!ENTITY e SYSTEM '{secret.as_uri()}'>]><r><a><x>&e;</x></a></r>"
    )
    with pytest.raises(InvalidParameter, match="no XML"):
        read(path)
    laughs = "".join(f"<!ENTITY l{i} '{f'&l{i - 1};' * 10}'>" for i in range(1, 12))
    path.write_text(f"<!DOCTYPE r [<!ENTITY l0 'ha'>{laughs}]><r><a><x>&l11;</x></a></r>")
    with pytest.raises(InvalidParameter, match="no XML"):
        read(path)


def test_sparse_formats(tmp_path: Path) -> None:
    from scipy import sparse
    from scipy.io import mmwrite
    from sklearn.datasets import dump_svmlight_file

    matrix = sparse.csr_matrix(np.array([[0.0, 2.5, 0], [1.0, 0, 3.0]]))
    path = tmp_path / "m.mtx"
    mmwrite(path, matrix)
    assert read(path).to_pylist() == [
        {"row": 1, "column": 2, "value": 2.5},
        {"row": 2, "column": 1, "value": 1.0},
        {"row": 2, "column": 3, "value": 3.0},
    ]
    back, target = read_matrix(path)
    assert (back != matrix).nnz == 0
    assert target is None
    path = tmp_path / "m.libsvm"
    dump_svmlight_file(matrix, [1, -1], str(path), zero_based=False)
    assert read(path).to_pylist() == [
        {"target": 1, "f1": 0.0, "f2": 2.5, "f3": 0.0},
        {"target": -1, "f1": 1.0, "f2": 0.0, "f3": 3.0},
    ]
    back, target = read_matrix(path)
    assert target.tolist() == [1, -1]
    path.write_text("1 20001:1.0\n")
    with pytest.raises(InvalidParameter, match="so many columns"):
        read(path)
    assert read_matrix(path)[0].shape == (1, 20001)
    path.write_text("not at all")
    with pytest.raises(InvalidParameter, match="no such matrix"):
        read_matrix(path)


def test_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "t.h5"
    with h5py.File(path, "w") as file:
        file["id"] = np.arange(3)
        file["name"] = np.array([b"a", b"b", b"c"])
        file["wide"] = np.arange(6).reshape(3, 2)
        file["other"] = np.arange(5)
        file["deep/records"] = np.array([(1, 2.0)], dtype=[("k", "i4"), ("v", "f8")])
    found = read(path)
    assert found.column_names == ["id", "name", "wide_0", "wide_1"]
    assert found["name"].to_pylist() == ["a", "b", "c"]
    assert read(path, at="deep/records").to_pylist() == [{"k": 1, "v": 2.0}]
    assert read(path, at="wide").column_names == ["0", "1"]
    with pytest.raises(NotFound, match="nothing at"):
        read(path, at="nowhere")
    path.write_bytes(b"no file of this kind")
    with pytest.raises(InvalidParameter, match="no such table"):
        read(path)


def test_netcdf_in_both_of_its_forms(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    from scipy.io import netcdf_file

    times, places = np.array([10, 20, 30]), np.array([1.5, 2.5])
    warmth = np.array([[1, 2], [3, -99], [5, 6]], dtype="i2")
    classic, modern = tmp_path / "c.nc", tmp_path / "m.nc"
    with netcdf_file(classic, "w") as file:
        for name, values in (("time", times), ("place", places)):
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
        one = file.createVariable("warmth", "i2", ("time", "place"))
        one[:] = warmth
        one._FillValue, one.scale_factor, one.add_offset = np.int16(-99), 0.5, 10.0
        file.createVariable("height", "f8", ("place",))[:] = [100.0, 200.0]
    with h5py.File(modern, "w") as file:
        for name, values in (("time", times), ("place", places)):
            file[name] = values.astype("f8")
            file[name].make_scale(name)
        one = file.create_dataset("warmth", data=warmth)
        one.attrs.update({"_FillValue": np.int16(-99), "scale_factor": 0.5, "add_offset": 10.0})
        file["height"] = [100.0, 200.0]
        for name, dims in (("warmth", ("time", "place")), ("height", ("place",))):
            for at, dim in enumerate(dims):
                file[name].dims[at].attach_scale(file[dim])
    for path in (classic, modern):
        found = read(path).select(["time", "place", "warmth", "height"]).to_pylist()
        assert found[0] == {"time": 10.0, "place": 1.5, "warmth": 10.5, "height": 100.0}
        assert found[3] == {"time": 20.0, "place": 2.5, "warmth": None, "height": 200.0}
        assert len(found) == 6
        only = read(path, variables=["height"])
        assert only.to_pylist() == [
            {"place": 1.5, "height": 100.0},
            {"place": 2.5, "height": 200.0},
        ]
        with pytest.raises(NotFound, match="no variable"):
            read(path, variables=["rain"])


def test_databases_are_asked_and_never_changed(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (id INTEGER, name TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, "a"), (2, None)])
    address = f"sqlite:///{path}"
    assert read(address, table="t").to_pylist() == [
        {"id": 1, "name": "a"},
        {"id": 2, "name": None},
    ]
    assert read(address, query="SELECT sum(id) AS total FROM t").to_pylist() == [{"total": 3}]
    assert read(address, query="SELECT * FROM t WHERE id > 9").column_names == ["id", "name"]
    with pytest.raises(InvalidParameter, match="refuses the query"):
        read(address, query="DELETE FROM t")
    for wrong in ({}, {"table": "t; DROP TABLE t"}, {"table": "t", "query": "SELECT 1"}):
        with pytest.raises(InvalidParameter):
            read(address, **wrong)
    with pytest.raises(NotFound, match="no such database"):
        read(f"sqlite:///{tmp_path / 'no.db'}", table="t")
    with pytest.raises(InvalidParameter, match="database's address"):
        read("mysql://x/y", table="t")
    duckdb = pytest.importorskip("duckdb")
    duck = tmp_path / "d.duckdb"
    with duckdb.connect(str(duck)) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS id FROM range(3)")
    assert read(f"duckdb:///{duck}", table="t")["id"].to_pylist() == [0, 1, 2]
    with pytest.raises(InvalidParameter, match="DuckDB refuses"):
        read(f"duckdb:///{duck}", query="DROP TABLE t")


@given(st.sampled_from(FORMATS), st.binary(max_size=300))
def test_no_bytes_crash_a_reader(suffix: str, content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t{suffix}"
        path.write_bytes(content)
        try:
            read(path)
        except (InvalidParameter, NotFound):
            pass


def test_what_is_no_table_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.doc").write_text("x")
    with pytest.raises(InvalidParameter, match="no table is read"):
        read(tmp_path / "t.doc")
    with pytest.raises(NotFound):
        read(tmp_path / "no.csv")
    with pytest.raises(InvalidParameter, match="options"):
        read(written(tmp_path / "t.parquet"), rows="x")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    (tmp_path / "t.h5").write_bytes(b"x")
    with pytest.raises(MissingExtra, match="hdf5"):
        read(tmp_path / "t.h5")


def test_commands_take_every_format(tmp_path: Path) -> None:
    path = written(tmp_path / "t.xml")
    done = CliRunner().invoke(main, ["data", "commit", "towns", str(path)])
    assert done.exit_code == 0, done.output
    assert "3 rows" in done.output
    frame: Any = pd.DataFrame(TABLE.to_pylist())
    assert list(frame.columns) == list(columns_of(path).names)
    assert issubclass(InvalidParameter, ClewError)
