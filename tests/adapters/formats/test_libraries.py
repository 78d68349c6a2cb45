"""Tables, sparse matrices and estimators come back, in their own formats, and are private."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.adapters.formats import FormatRegistry, registry
from clew.errors import CorruptValue, MissingExtra, UnsafeLoad
from clew.lineage.fingerprint import fingerprint
from clew.lineage.ports import Encoded
from tests.adapters.formats.test_round_trips import round_trip, vault

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
sparse = pytest.importorskip("scipy.sparse")
pytest.importorskip("sklearn")
pytest.importorskip("skops")

# Arrow.


def tables() -> dict[str, Any]:
    table = pa.table({"a": [1, 2, None], "b": ["x", None, "z"], "c": [1.5, -0.0, None]})
    return {
        "plain": table,
        "sliced": table.slice(1, 1),
        "empty": table.slice(0, 0),
        "no columns": pa.table({}),
        "chunked": pa.concat_tables([table, table.slice(2)]),
        "no chunks": pa.Table.from_batches([], schema=table.schema),
        "uneven chunks": pa.table(
            {"a": pa.chunked_array([[1], [2, 3]]), "b": pa.chunked_array([[1, 2], [3]])}
        ),
        "metadata": table.replace_schema_metadata({"who": "me"}),
        "dictionary": pa.table({"d": pa.array(["u", "v", "u"]).dictionary_encode()}),
        "nested": pa.table({"l": [[1], [], None], "s": [{"x": 1}, {"x": None}, None]}),
        "batch": table.to_batches()[0],
        "empty batch": pa.RecordBatch.from_pylist([], schema=table.schema),
        "doubled names": pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]),
    }


@pytest.mark.parametrize("name", tables())
def test_tables_come_back(name: str) -> None:
    table = tables()[name]
    assert round_trip(table).equals(table, check_metadata=True)


@pytest.mark.parametrize("name", ["plain", "sliced", "chunked", "dictionary", "nested", "metadata"])
def test_tables_need_no_trust(name: str) -> None:
    round_trip(tables()[name], "arrow", trusted=False)


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, None, 3]),
        pa.array(["a", "b", None]).slice(1),
        pa.array([], pa.string()),
        pa.chunked_array([[1], [2, 3]]),
        pa.chunked_array([], pa.int8()),
        pa.nulls(3),
    ],
    ids=lambda array: type(array).__name__,
)
def test_arrow_arrays_come_back(array: Any) -> None:
    round_trip(array)


def test_a_small_table_in_a_tuple_lies_inside_and_a_large_one_beside() -> None:
    place = vault(trusted=False)
    small, large = pa.table({"a": [1]}), pa.table({"a": np.arange(100_000)})
    id, _ = place.put((small, {"large": large}))
    encoded = place.encoded(id)
    assert encoded is not None and encoded.children == (fingerprint(large),)
    assert fingerprint(place.get(id)) == id


# pandas.


def frames() -> dict[str, Any]:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [1.5, np.nan, -0.0]})
    return {
        "plain": frame,
        "index": frame.set_index("b"),
        "two indexes": frame.set_index(["a", "b"]),
        "numbers as names": pd.DataFrame(np.arange(6.0).reshape(2, 3)),
        "categories": pd.DataFrame({"d": pd.Categorical(["u", "v"], ["v", "u"], ordered=True)}),
        "times": pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None]).tz_localize("UTC")}),
        "objects": pd.DataFrame({"o": np.array([1, "a", None], dtype=object)}),
        "empty": frame.iloc[:0],
        "no columns": pd.DataFrame(index=[1, 2]),
        "int32": frame[["a"]].astype("int32"),
        "nullable": pd.DataFrame({"n": pd.array([1, None], "Int64")}),
        "columns with a name": frame.rename_axis(columns="field"),
        "filtered": frame[frame.a > 1],
        "attrs": _with_attrs(frame.copy()),
        "doubled names": pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "series": frame["a"],
        "nameless": pd.Series([1.0, 2.0]),
        "series of text": pd.Series(["a", None], name="s", index=["x", "y"]),
        "named by a number": pd.Series([1], name=0),
        "bool": pd.Series([True, False]),
    }


def _with_attrs(frame: Any) -> Any:
    frame.attrs["unit"] = "m"
    return frame


@pytest.mark.parametrize("name", frames())
def test_frames_come_back(name: str) -> None:
    round_trip(frames()[name])


@pytest.mark.parametrize("name", ["plain", "series", "categories", "int32", "filtered"])
def test_ordinary_frames_need_no_trust(name: str) -> None:
    round_trip(frames()[name], "pandas", trusted=False)


def test_frames_are_private() -> None:
    place = vault()
    id, _ = place.put(pd.DataFrame({"a": np.arange(50_000.0)}))
    first: Any = place.get(id)
    first.iloc[0, 0] = -1.0
    first.loc[:, "a"] *= 2
    assert fingerprint(place.get(id)) == id


@given(
    st.lists(
        st.tuples(st.integers(-(2**62), 2**62), st.floats(), st.none() | st.text(), st.booleans()),
        max_size=8,
    )
)
def test_any_rows_come_back(rows: list[tuple[object, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["i", "f", "t", "b"])
    round_trip(frame)
    if not any(isinstance(row[2], str) and has_surrogates(row[2]) for row in rows):
        round_trip(pl.DataFrame(rows, schema=["i", "f", "t", "b"], orient="row"))


def has_surrogates(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


# Polars.


@pytest.mark.parametrize(
    "value",
    [
        pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [[1], []]}),
        pl.DataFrame({"a": [1, 2, 3]}).slice(1),
        pl.DataFrame(),
        pl.DataFrame({"d": ["u", "v"]}, schema={"d": pl.Categorical}),
        pl.DataFrame({"e": ["u"]}, schema={"e": pl.Enum(["u", "v"])}),
        pl.Series("s", [1.5, None]),
        pl.Series("", ["a"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_polars_come_back(value: Any) -> None:
    round_trip(value, "polars", trusted=False)


# SciPy.


@pytest.mark.parametrize("form", ["csr", "csc", "bsr", "coo", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_sparse_comes_back(form: str, kind: str) -> None:
    dense = np.random.default_rng(0).random((6, 8)) * np.eye(6, 8)
    value = getattr(sparse, f"{form}_{kind}")(dense)
    again = round_trip(value, "sparse", trusted=False)
    assert (again != value).nnz == 0
    again.data[:] = 0  # its own buffers


def test_unsorted_and_doubled_entries_come_back() -> None:
    data, indices, indptr = np.array([1.0, 2.0, 0.0]), np.array([2, 0, 2]), np.array([0, 3])
    value = sparse.csr_matrix((data, indices, indptr), shape=(1, 3))
    again = round_trip(value, "sparse")
    assert again.indices.tolist() == [2, 0, 2]


def test_other_sparse_matrices_come_back_somehow() -> None:
    for form in ("lil", "dok"):
        round_trip(getattr(sparse, f"{form}_array")(np.eye(3)))
    round_trip(sparse.coo_array(np.arange(8).reshape(2, 2, 2)))


# scikit-learn.


def estimators() -> dict[str, Any]:
    from sklearn.compose import make_column_transformer
    from sklearn.decomposition import PCA
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.svm import SVC

    data = np.random.default_rng(0).random((60, 4))
    target = (data.sum(axis=1) > 2).astype(int)
    frame = pd.DataFrame({"n": data[:, 0], "c": np.where(data[:, 1] > 0.5, "u", "v")})
    columns = make_column_transformer((StandardScaler(), ["n"]), (OneHotEncoder(), ["c"]))
    return {
        "unfitted": Ridge(alpha=2.0),
        "ridge": Ridge().fit(data, target),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(data, target),
        "columns": make_pipeline(columns, LogisticRegression()).fit(frame, target),
        "text target": LogisticRegression().fit(data, np.where(target, "yes", "no")),
        "forest": RandomForestClassifier(3, random_state=0).fit(data, target),
        "boosting": HistGradientBoostingClassifier(max_iter=3).fit(data, target),
        "neighbours": KNeighborsClassifier().fit(data, target),
        "svm": SVC().fit(data, target),
        "bayes": GaussianNB().fit(data, target),
        "pca": PCA(2, random_state=np.random.RandomState(0)).fit(data),
    }


@pytest.mark.parametrize("name", estimators())
def test_estimators_come_back(name: str) -> None:
    round_trip(estimators()[name])


@pytest.mark.parametrize("name", ["unfitted", "ridge", "pipeline", "columns", "bayes"])
def test_ordinary_estimators_need_no_trust(name: str) -> None:
    round_trip(estimators()[name], "skops", trusted=False)


def test_compiled_parts_need_trust() -> None:
    place = vault()
    id, _ = place.put(estimators()["forest"])
    encoded = place.encoded(id)
    assert encoded is not None and (encoded.format, encoded.trusted_only) == ("skops", True)
    with pytest.raises(UnsafeLoad):
        FormatRegistry(trusted=False).decode(encoded, ())


def test_a_mark_that_was_removed_does_not_help() -> None:
    place = vault()
    id, _ = place.put(estimators()["forest"])
    encoded = place.encoded(id)
    assert encoded is not None
    unmarked = Encoded(encoded.format, encoded.meta, encoded.buffers)
    with pytest.raises(CorruptValue, match="skops"):
        FormatRegistry(trusted=False).decode(unmarked, ())


def test_a_model_that_shares_its_data_with_its_neighbour_still_does() -> None:
    data = np.random.default_rng(0).random((500, 40))
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(algorithm="brute").fit(data)
    round_trip((model, model._fit_X))
    round_trip({"model": model, "data": data, "score": 0.5})


def test_a_model_that_shares_its_data_with_its_twin_still_does() -> None:
    from sklearn.base import clone
    from sklearn.neighbors import NearestNeighbors

    data = np.random.default_rng(0).random((500, 40))
    model = NearestNeighbors(algorithm="brute").fit(data)
    twin = clone(model).fit(data.copy())
    sharing = clone(model).fit(data)
    assert fingerprint(model) == fingerprint(twin)
    for pair in ([model, twin], [model, sharing], [twin, model, model._fit_X], [model, model]):
        round_trip(pair)


def test_a_model_beside_other_results_is_stored_without_being_read_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(np.eye(3), [1.0, 2.0, 3.0])
    place = vault()
    place.put(model)
    monkeypatch.setattr("skops.io.loads", None)
    whole = {"model": model, "scores": {"r2": 1.0}, "rows": np.zeros(9000)}
    id, _ = place.put(whole)
    monkeypatch.undo()
    assert fingerprint(place.get(id)) == fingerprint(whole)


# What cannot be read.


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    place = vault()
    id, _ = place.put(pa.table({"a": [1]}))
    encoded = place.encoded(id)
    assert encoded is not None
    monkeypatch.setitem(
        registry._BY_FORMAT, "arrow", ("a_library_that_is_not_here", "TableCodec", "tables")
    )
    with pytest.raises(MissingExtra, match=r"pip install 'clew\[tables\]'"):
        FormatRegistry(trusted=True).decode(encoded, ())


@pytest.mark.parametrize(
    "form",
    [
        *("plain", "bytes", "array", "object-array", "scalar", "arrow", "arrow-array"),
        *("pandas", "polars", "sparse", "skops"),
    ],
)
@given(meta=st.binary(max_size=40), buffer=st.binary(max_size=60))
def test_bytes_that_mean_nothing_are_corrupt(form: str, meta: bytes, buffer: bytes) -> None:
    for buffers in ((), (buffer,), (buffer, buffer, buffer)):
        try:
            FormatRegistry(trusted=False).decode(Encoded(form, meta, buffers), ())
        except CorruptValue:
            pass
