"""What a model is asked before anything else may answer in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from clew.errors import UnsupportedValue, WrongType
from clew.serve import compile_model
from clew.serve.probe import ROWS, odd_texts, probed, varied
from clew.serve.signature import Signature

pytest.importorskip("onnxruntime")

SIZES = ["small", "medium", "large", "never seen"]


def sizes(n_rows: int = 90) -> pd.DataFrame:
    """Return a column of categories whose order is not that of the alphabet, one of them unused."""
    values = np.random.default_rng(0).choice(SIZES[:3], n_rows)
    return pd.DataFrame(
        {
            "size": pd.Categorical(values, categories=SIZES, ordered=True),
            "n": np.arange(n_rows, dtype=float),
        }
    )


def codes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(size=frame["size"].cat.codes)


def test_categories_keep_their_numbers_in_the_python_form() -> None:
    """A bare category would number what it finds in one row: always 0."""
    X = sizes()
    target = np.asarray(X["size"].cat.codes, dtype=float)
    model = make_pipeline(FunctionTransformer(codes), LinearRegression()).fit(X, target)
    compiled = compile_model(model, X, forms=["python"])
    column = compiled.signature.columns[0]
    assert (column.categories, column.ordered) == (tuple(SIZES), True)
    for code, size in enumerate(SIZES):
        (given,) = compiled.answer([{"size": size, "n": 1.0}]).predictions
        assert given == pytest.approx(code)


@pytest.mark.parametrize("form", ["plan", "graph", "python"])
def test_categories_are_encoded_as_the_model_does(form: str) -> None:
    X = sizes()
    columns = ColumnTransformer(
        [("c", OneHotEncoder(handle_unknown="ignore"), ["size"]), ("n", "passthrough", ["n"])]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(X, X["size"] == "large")
    compiled = compile_model(model, X, forms=[form])
    given = compiled.answer(X.to_dict("records")).probabilities
    assert np.abs(given - model.predict_proba(X)).max() < 1e-9
    strange = pd.DataFrame({"size": ["huge"], "n": [1.0]})
    expected = model.predict_proba(strange)
    assert (
        np.abs(compiled.answer([{"size": "huge", "n": 1.0}]).probabilities - expected).max() < 1e-9
    )


def test_a_gap_is_asked_in_the_form_that_the_frame_has() -> None:
    """Encoders tell None from NaN: what a request calls missing is what the frame had."""
    for gap in (None, np.nan):
        values = np.array(["a", "b", gap, "a"] * 20, dtype=object)
        X = pd.DataFrame({"t": pd.Series(values, dtype=object)})
        target = [int(isinstance(value, str)) for value in values]
        encoder = OneHotEncoder(handle_unknown="ignore")
        model = make_pipeline(encoder, LogisticRegression(C=100)).fit(X, target)
        compiled = compile_model(model, X, forms=["python"])
        assert compiled.answer([{"t": None}, {"t": "a"}]).predictions.tolist() == [0, 1]
    mixed = pd.DataFrame({"t": pd.Series(["a", None, np.nan, "b"], dtype=object)})
    with pytest.raises(WrongType, match="two kinds of missing"):
        Signature.of(mixed)


class Sometimes:
    """Refuses a gap in `a` where `b` is large: one row alone would not show it."""

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        if bool((X["a"].isna() & (X["b"] > 50)).any()):
            raise ValueError("a gap that it does not take")
        return X["b"].to_numpy() + X["a"].fillna(0).to_numpy()


def test_questions_are_asked_on_rows_that_the_model_answers_differently() -> None:
    X = pd.DataFrame({"a": np.zeros(100), "b": np.arange(100.0)})
    asking = probed(Sometimes(), X, Signature.of(X))
    gaps = {column.name: column.missing for column in asking.signature.columns}
    assert gaps == {"a": False, "b": True}
    rows = varied(Sometimes().predict, X)
    assert len(rows) == ROWS
    assert rows["b"].max() - rows["b"].min() > 80


def test_odd_texts_are_near_the_seen_ones_and_none_of_them() -> None:
    odd = list(odd_texts(["clerk", "", "Manager"]))
    assert "" not in odd
    assert {"Manager ", "mANAGER", "Manager\0"} <= set(odd)
    assert not set(odd) & {"clerk", "Manager"}


class Lenient:
    """Lower case is all the same to it; a dictionary of what training saw would differ."""

    classes_ = np.array([0, 1])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return X["t"].str.strip().str.lower().isin(["yes"]).to_numpy().astype(int)


def test_a_text_that_is_nearly_a_seen_one_is_compared() -> None:
    X = pd.DataFrame({"t": ["yes", "no"] * 20})
    asking = probed(Lenient(), X, Signature.of(X))
    texts = set().union(*(set(frame["t"].dropna()) for frame in asking.taken))
    assert {"no ", "NO", ""} <= texts


def two_targets(n_rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(n_rows, 3))
    return X, np.stack([X[:, 0] > 0, X[:, 1] + X[:, 2] > 0], axis=1).astype(int)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(5, random_state=0),
        MultiOutputClassifier(LogisticRegression()),
        KNeighborsClassifier(3),
        MLPClassifier((4,), max_iter=30, solver="lbfgs", random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_classifier_of_several_outputs_serves_its_labels(model: Any) -> None:
    X, y = two_targets()
    compiled = compile_model(model.fit(X, y), X)
    assert compiled.form == "python"
    assert "several outputs" in compiled.reason
    answer = compiled.answer(X[:7])
    assert np.array_equal(answer.predictions, model.predict(X[:7]))
    assert answer.probabilities is None
    assert (compiled.classes, compiled.example) == ((), model.predict(X[:1])[0].tolist())


def test_a_regressor_of_several_outputs_is_compared_in_all_of_them() -> None:
    X, y = two_targets()
    for model in (LinearRegression(), RandomForestRegressor(5, random_state=0)):
        compiled = compile_model(model.fit(X, y * 3.5), X)
        assert compiled.form == "graph"
        assert compiled.parity.boundary_rows > 100
        assert np.allclose(compiled.answer(X[:9]).predictions, model.predict(X[:9]), rtol=1e-9)


class Shapeless:
    def predict(self, X: Any) -> Any:
        return 1.0


def test_predictions_that_are_no_rows_are_refused() -> None:
    with pytest.raises(UnsupportedValue, match="predictions cannot be served"):
        compile_model(Shapeless(), np.zeros((5, 2)), forms=["python"])


def test_a_frame_that_values_do_not_make_is_refused() -> None:
    """The index is nothing that a request can say."""

    class ByIndex:
        def predict(self, X: pd.DataFrame) -> np.ndarray:
            return X.index.to_numpy() * 1.0

    X = pd.DataFrame({"a": np.arange(30.0)}, index=np.arange(30) + 7)
    with pytest.raises(UnsupportedValue, match="do not make the frame"):
        compile_model(ByIndex(), X, forms=["python"])


def test_an_encoder_that_refuses_is_asked_row_by_row() -> None:
    X = pd.DataFrame({"n": np.arange(40.0), "t": ["a", "b"] * 20})
    columns = ColumnTransformer([("n", "passthrough", ["n"]), ("t", OrdinalEncoder(), ["t"])])
    model = make_pipeline(columns, RandomForestClassifier(3, random_state=0))
    asking = probed(model.fit(X, X["n"] > 20), X, Signature.of(X))
    assert len(asking.refused) > 5
    assert all(len(row) == 1 for row in asking.refused)
