"""What the columns of a table are, as far as models care, and what is suspicious about them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from clew.errors import InvalidParameter, MissingExtra, WrongType

Kind = Literal["number", "category", "text", "date", "constant", "id"]
_SAMPLE = 2000
_WORDS = 4
_LEAK = 0.995
"""A single column that tells the target as well as this is suspicious."""


@dataclass(frozen=True)
class Column:
    """One column: its name and its kind."""

    name: str
    kind: Kind


def table(X: Any) -> Any:
    """Return rows as a pandas frame with names of text and an index of its own.

    Raises
    ------
    WrongType
        When X is no table of two dimensions.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra("automl needs pandas.", hint="pip install 'clew[pandas]'") from error
    if hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if not isinstance(X, pd.DataFrame):
        array = np.asarray(X)
        if array.ndim != 2:
            raise WrongType(
                "X is no table.", got=f"{array.ndim} dimensions", expected="rows × columns"
            )
        X = pd.DataFrame(array).infer_objects()
    names = [str(name) for name in X.columns]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidParameter("Columns have the same name.", got=", ".join(twice[:5]))
    return X.set_axis(names, axis=1).reset_index(drop=True)


def kinds_of(frame: Any) -> list[Column]:
    """Return the kind of each column."""
    return [Column(name, _kind_of(frame[name])) for name in frame.columns]


def _kind_of(column: Any) -> Kind:
    import pandas as pd

    types = pd.api.types
    present = column.dropna()
    if present.nunique() <= 1 and (len(present) == len(column) or present.empty):
        return "constant"
    if types.is_datetime64_any_dtype(column):
        return "date"
    if types.is_bool_dtype(column) or types.is_numeric_dtype(column):
        return "number"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    texts = present.astype(str)
    if _are_numbers(texts):
        return "number"
    if _are_dates(texts):
        return "date"
    distinct = texts.nunique()
    words = texts.head(_SAMPLE).str.count(r"\S+").mean()
    if words >= _WORDS and distinct > 0.3 * len(texts):
        return "text"
    if distinct > 0.9 * len(texts) and len(texts) > 100:
        return "id"
    return "category"


def _are_numbers(texts: Any) -> bool:
    import pandas as pd

    return bool(pd.to_numeric(texts.head(_SAMPLE), errors="coerce").notna().all())


def _are_dates(texts: Any) -> bool:
    import pandas as pd

    sample = texts.head(_SAMPLE)
    if not sample.str.contains(r"\d{4}", regex=True).mean() > 0.95:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(
            pd.to_datetime(sample, errors="coerce", utc=True, format="mixed").notna().mean() > 0.95
        )


def suspicions(frame: Any, columns: list[Column], y: Any, regression: bool) -> list[str]:
    """Return what a person should look at before trusting the scores.

    A column that alone tells the target almost without an error; rows that stand twice; columns
    that were left out; classes of a few rows.
    """
    found = []
    left_out = [column.name for column in columns if column.kind in ("constant", "id")]
    if left_out:
        found.append(f"left out, constant or an identifier: {', '.join(left_out)}")
    sample = np.random.default_rng(0).permutation(len(frame))[:_SAMPLE]
    told = {
        column.name: alone
        for column in columns
        if column.kind in ("number", "category")
        and (alone := _alone(frame[column.name].iloc[sample], column.kind, y[sample], regression))
        > _LEAK
    }
    found += [
        f"leakage? {name!r} alone tells the target ({score:.1%})" for name, score in told.items()
    ]
    twice = int(frame.duplicated().sum()) if len(frame) <= 200_000 else 0
    if twice > 0.01 * len(frame):
        found.append(f"{twice} rows stand twice: folds share them, and scores are too good")
    if not regression:
        _, counts = np.unique(y, return_counts=True)
        if counts.min() < 5:
            found.append(f"a class has {counts.min()} rows: it cannot be in every fold")
        elif counts.min() < 0.05 * len(y):
            found.append(
                f"classes are imbalanced: the rarest is {counts.min() / len(y):.1%} of rows"
            )
    return found


def _alone(column: Any, kind: str, y: Any, regression: bool) -> float:
    """Return how well a small tree on one column tells the target, out of fold."""
    import pandas as pd
    from sklearn.model_selection import cross_val_predict
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if kind == "category":
        values = column.astype("category").cat.codes.to_numpy()
    else:
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    values = values.reshape(-1, 1)
    shape: Mapping[str, int] = {"max_leaf_nodes": 64, "min_samples_leaf": 5, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if regression:
            told = cross_val_predict(DecisionTreeRegressor(**shape), values, y, cv=3)
            spread = ((y - y.mean()) ** 2).sum()
            return float(1 - ((y - told) ** 2).sum() / max(spread, 1e-300))
        told = cross_val_predict(DecisionTreeClassifier(**shape), values, y, cv=3)
    accuracy = float((told == y).mean())
    _, counts = np.unique(y, return_counts=True)
    chance = counts.max() / len(y)
    return float((accuracy - chance) / max(1 - chance, 1e-9))
