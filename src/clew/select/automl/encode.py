"""Tables as numbers: one encoding for trees, one for linear models and distances."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
    TargetEncoder,
)

from clew.select.automl.columns import Column, moments, numbers

_MOST_CATEGORIES = 250
_TOPICS = 32
_LARGEST = float(np.finfo(np.float32).max)
_PARTS = ("year", "month", "day", "day_of_week", "hour")


class Numbers(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Columns as floats: texts of numbers are read, what is none is missing."""

    def fit(self, X: Any, y: Any = None) -> Numbers:
        """Remember how many columns there are."""
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X: Any) -> Any:
        """Return an array of shape (n, columns)."""
        columns = [numbers(X[name]) for name in X.columns]
        found = np.stack([column.to_numpy(dtype=float, na_value=np.nan) for column in columns], 1)
        # Learners count in 32 bits in places: what these cannot hold is missing, too.
        return np.where(np.abs(found) < _LARGEST, found, np.nan)


class Dates(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Dates as numbers: seconds since the epoch, and the parts that repeat.

    Parameters
    ----------
    forms : sequence of (str, bool)
        How each column writes its dates (`columns.written`).
    """

    def __init__(self, forms: Sequence[tuple[str, bool]] = ()) -> None:
        self.forms = forms

    def fit(self, X: Any, y: Any = None) -> Dates:
        """Remember the columns."""
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X: Any) -> Any:
        """Return an array of shape (n, 6 × columns)."""
        import pandas as pd

        found = []
        for name, form in zip(X.columns, self.forms, strict=True):
            read = moments(X[name], *form)
            seconds = (read - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
            parts = [getattr(read.dt, part).astype(float) for part in _PARTS]
            found += [part.to_numpy(dtype=float) for part in (seconds, *parts)]
        return np.stack(found, axis=1)


class Words(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A column of text as weights of its words, or as a few topics of them.

    Parameters
    ----------
    topics : int
        How many dense columns at most; 0 for the sparse weights themselves.
    """

    def __init__(self, topics: int = 0) -> None:
        self.topics = topics

    def fit(self, X: Any, y: Any = None) -> Words:
        """Learn the words, and the topics that they make."""
        self.words_ = TfidfVectorizer(
            preprocessor=plain_text, sublinear_tf=True, min_df=2, max_features=20_000
        )
        self.topics_ = None
        try:
            weights = self.words_.fit_transform(X)
        except ValueError:
            self.words_ = None  # no word stands twice: the column says nothing
            return self
        if self.topics and weights.shape[1] > self.topics:
            self.topics_ = TruncatedSVD(self.topics, random_state=0).fit(weights)
        return self

    def transform(self, X: Any) -> Any:
        """Return a matrix of shape (n, words or topics)."""
        if self.words_ is None:
            return np.zeros((len(X), 1))
        weights = self.words_.transform(X)
        if self.topics_ is not None:
            return self.topics_.transform(weights)
        return weights.toarray() if self.topics else weights


class Texts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Columns of categories as texts, so that equal labels of mixed types are one."""

    def fit(self, X: Any, y: Any = None) -> Texts:
        """Remember the columns."""
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X: Any) -> Any:
        """Return a frame of objects; what is missing stays so."""
        return X.apply(_labels_of)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the columns' names."""
        return self.feature_names_in_


class Present(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Columns of which the fitted rows know nothing are 0: some learners cannot take them."""

    def fit(self, X: Any, y: Any = None) -> Present:
        """Remember which columns have no value."""
        self.n_features_in_ = X.shape[1]
        self.empty_ = np.isnan(X).all(axis=0)
        return self

    def transform(self, X: Any) -> Any:
        """Return an array of shape (n, columns)."""
        return np.where(self.empty_, 0.0, X)


def encoder(columns: list[Column], kind: str) -> Pipeline:
    """Return what makes numbers of a table.

    Parameters
    ----------
    kind : {"ordinal", "target", "onehot"}
        Codes of categories (for trees); means of targets; indicators, numbers imputed and scaled.
    """
    names: dict[str, list[str]] = {}
    for column in columns:
        names.setdefault(column.kind, []).append(column.name)
    dense = kind != "onehot"
    parts: list[tuple[str, Any, Any]] = []
    if "category" in names:
        parts.append(("categories", _categories(kind), names["category"]))
    if "number" in names:
        parts.append(("numbers", Numbers() if dense else _scaled(Numbers()), names["number"]))
    if "date" in names:
        dates = Dates(tuple(column.form for column in columns if column.kind == "date"))
        parts.append(("dates", dates if dense else _scaled(dates), names["date"]))
    for number, name in enumerate(names.get("text", [])):
        parts.append((f"text{number}", Words(_TOPICS if dense else 0), name))
    if dense:
        return make_pipeline(ColumnTransformer(parts, sparse_threshold=0), Present())
    return make_pipeline(ColumnTransformer(parts, sparse_threshold=0.3))


def categorical(columns: list[Column]) -> int:
    """Return how many columns of an ordinal encoding are categories; they stand first."""
    return sum(column.kind == "category" for column in columns)


def _categories(kind: str) -> Any:
    if kind == "onehot":
        rare = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10)
        return make_pipeline(Texts(), rare)
    if kind == "target":
        return make_pipeline(Texts(), _means())
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=_MOST_CATEGORIES,
    )
    return make_pipeline(Texts(), codes)


def _scaled(first: Any) -> Pipeline:
    return make_pipeline(
        first,
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        QuantileTransformer(
            n_quantiles=200, output_distribution="normal", subsample=20_000, random_state=0
        ),
        StandardScaler(),
    )


def _labels_of(column: Any) -> Any:
    import pandas as pd

    codes, labels = pd.factorize(column.astype(object))
    known = np.array([*map(_label, labels), np.nan], dtype=object)
    return pd.Series(known[codes], index=column.index, dtype=object)


def _label(value: Any) -> str:
    """Return a label's text. Equal values have equal ones: which of them comes first says nothing.

    ``1`` and ``1.0`` are one label, since a gap elsewhere in a column makes floats of its whole
    numbers; and so is ``True``, which equals them.
    """
    number: Any = value
    if not isinstance(value, (Number, np.bool_)):
        return str(value)
    try:
        whole = int(number)
        return str(whole) if whole == number else str(float(number))
    except (TypeError, ValueError, OverflowError):  # complex, infinite
        return str(value)


def _means() -> TargetEncoder:
    from sklearn.model_selection import KFold

    if TargetEncoder().random_state is None:  # before scikit-learn 1.9
        return TargetEncoder(random_state=0)
    return TargetEncoder(cv=KFold(5, shuffle=True, random_state=0))


def plain_text(value: Any) -> str:
    """Return a cell as lower-case text; what is missing is empty."""
    return value.lower() if isinstance(value, str) else ""
