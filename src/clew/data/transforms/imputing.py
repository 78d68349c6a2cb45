"""Gaps of frames filled by whatever proved best on values that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils.validation import check_is_fitted

from clew.errors import InvalidParameter, NotFound

STRATEGIES = ("usual", "dependency", "correlated", "learned")
_HELD, _MOST_HELD, _LEAST_KNOWN = 0.2, 1000, 20
_SIMPLER = 0.95
"""A strategy is preferred to a simpler one when its error is below this share of the other's."""
_PAIRED = 0.8
"""Two columns determine more than one by chance: the share of wrong rows must fall this far."""
_DETERMINANTS, _MOST_VALUES, _MOST_CLASSES = 10, 0.5, 50


class FrameImputer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Fills the gaps of a frame, each column by the strategy that proves best on it.

    - ``usual``: the median, or the most frequent value.
    - ``dependency``: what the rows have that are equal in one or two other columns, chosen as those
      that determine the column best (approximate functional dependencies, as CleanerR's).
    - ``correlated``: least squares on the three columns that are most correlated; of numbers.
    - ``learned``: gradient boosting on all other columns.

    Values that are known are hidden, a fifth of them at most, and the strategy whose fillings are
    nearest is taken; a more complicated one only where it is clearly better.

    Parameters
    ----------
    strategy : str
        One of these for all columns where it can be used, or ``"best"``.
    add_indicator : bool
        Whether each column that had gaps gets a column ``NAME_missing`` beside the others: that a
        value is missing may itself say something.
    random_state : int
        Of what is hidden, and of the boosting.

    Attributes
    ----------
    chosen_ : dict of str to str
        Strategy of each column.
    errors_ : dict of str to dict
        Errors on hidden values by strategy: mean distances in mean absolute deviations of numbers,
        shares of other values. Empty for a column of fewer than 20 known values.
    determined_by_ : dict of str to tuple of str
        The columns that ``dependency`` goes by.

    Examples
    --------
    >>> import pandas as pd
    >>> from clew.data.transforms import FrameImputer
    >>> towns = ["Oslo", "Rome", "Bern"] * 20
    >>> lands = ["Norway", "Italy", "Switzerland"] * 20
    >>> frame = pd.DataFrame({"town": towns, "land": lands})
    >>> frame.loc[4, "land"] = None
    >>> imputer = FrameImputer().fit(frame)
    >>> imputer.transform(frame).loc[4, "land"], imputer.chosen_["land"]
    ('Italy', 'dependency')
    """

    def __init__(
        self, strategy: str = "best", add_indicator: bool = False, random_state: int = 0
    ) -> None:
        self.strategy = strategy
        self.add_indicator = add_indicator
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn how gaps are filled.

        Raises
        ------
        InvalidParameter
            When it is no frame, a column has no value, or there is no such strategy.
        """
        if self.strategy not in (*STRATEGIES, "best"):
            raise InvalidParameter(
                "strategy", got=str(self.strategy), expected=", ".join((*STRATEGIES, "best"))
            )
        if not isinstance(X, pd.DataFrame) or not len(X):
            raise InvalidParameter("a frame with rows", got=type(X).__name__)
        empty = [str(name) for name in X.columns if not X[name].notna().any()]
        if empty:
            raise InvalidParameter("a column without any value", got=", ".join(empty[:5]))
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.chosen_: dict[str, str] = {}
        self.errors_: dict[str, dict[str, float]] = {}
        self.determined_by_: dict[str, tuple[str, ...]] = {}
        self.gaps_ = [name for name in X.columns if X[name].isna().any()]
        self._fillers = {}
        for place, name in enumerate(X.columns):
            rng = np.random.default_rng([self.random_state, place])
            filler = self._chosen(X, name, rng)
            self._fillers[name] = filler
            if isinstance(filler, _Dependency):
                self.determined_by_[str(name)] = tuple(map(str, filler.by))
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the frame without gaps; what is known stays as it is.

        Raises
        ------
        NotFound
            When a column is missing.
        """
        check_is_fitted(self, "chosen_")
        missing = [str(n) for n in self.feature_names_in_ if n not in getattr(X, "columns", ())]
        if missing:
            raise NotFound("columns that were fitted", got=f"without {', '.join(missing[:5])}")
        found = X[list(self.feature_names_in_)].copy()
        for name in self.feature_names_in_:
            gaps = X[name].isna().to_numpy()
            if gaps.any():
                filled = self._fillers[name].fill(X[gaps])
                found[name] = _with(X[name], gaps, filled)
        if self.add_indicator:
            for name in self.gaps_:
                found[f"{name}_missing"] = X[name].isna().to_numpy()
        return found

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the columns that come out."""
        check_is_fitted(self, "chosen_")
        more = [f"{name}_missing" for name in self.gaps_] if self.add_indicator else []
        return np.asarray([*self.feature_names_in_, *more], dtype=object)

    def _chosen(self, X: pd.DataFrame, name: Any, rng: np.random.Generator) -> _Filler:
        known = X[X[name].notna()]
        number = _is_number(known[name])
        names = [one for one in STRATEGIES if one != "correlated" or number]
        if self.strategy != "best":
            names = [self.strategy] if self.strategy in names else ["usual"]
        if len(names) == 1 or len(known) < _LEAST_KNOWN or X.shape[1] == 1:
            self.errors_[str(name)] = {}
            self.chosen_[str(name)] = names[0] if self.strategy != "best" else "usual"
            return self._filler(self.chosen_[str(name)], known, name)
        order = rng.permutation(len(known))
        held = order[: min(_MOST_HELD, max(1, int(_HELD * len(known))))]
        hidden, rest = known.iloc[held], known.drop(index=known.index[held])
        if known.index.has_duplicates:
            rest = known.iloc[np.setdiff1d(order, held)]
        errors = {one: _error(self._filler(one, rest, name), hidden, name) for one in names}
        best = names[0]
        for one in names[1:]:
            if errors[one] < _SIMPLER * errors[best]:
                best = one
        self.errors_[str(name)], self.chosen_[str(name)] = errors, best
        return self._filler(best, known, name)

    def _filler(self, strategy: str, known: pd.DataFrame, name: Any) -> _Filler:
        others = [one for one in known.columns if one != name]
        if strategy == "dependency" and others:
            return _Dependency(known, name, others)
        if strategy == "correlated":
            return _Correlated(known, name, [o for o in others if _is_number(known[o])])
        if strategy == "learned" and others:
            return _Learned(known, name, others, self.random_state)
        return _Usual(known, name)


class _Filler:
    """Fills gaps of one column, from rows in which it is known."""

    def fill(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Return a value for each row."""
        raise NotImplementedError


class _Usual(_Filler):
    def __init__(self, known: pd.DataFrame, name: Any) -> None:
        self.value = _usual(known[name])

    def fill(self, rows: pd.DataFrame) -> NDArray[Any]:
        return _objects([self.value] * len(rows))


class _Dependency(_Filler):
    def __init__(self, known: pd.DataFrame, name: Any, others: Sequence[Any]) -> None:
        target = known[name].tolist()
        keys = {one: _keys(known[one]) for one in others}
        few = [one for one in others if len(set(keys[one])) <= _MOST_VALUES * len(known)]
        singles = sorted(few, key=lambda one: _wrong(keys[one], target))[:_DETERMINANTS]
        best: tuple[Any, ...] = tuple((singles or list(others))[:1])
        lowest = _wrong(keys[best[0]], target)
        for pair in combinations(singles[:4], 2):
            wrong = _wrong(list(zip(keys[pair[0]], keys[pair[1]], strict=True)), target)
            if wrong < _PAIRED * lowest:
                best, lowest = pair, wrong
        self.by = best
        self.usual = _usual(known[name])
        groups: dict[Any, Counter[Any]] = {}
        for key, value in zip(self._keys(known), target, strict=True):
            groups.setdefault(key, Counter())[value] += 1
        self.values = {key: counts.most_common(1)[0][0] for key, counts in groups.items()}

    def _keys(self, rows: pd.DataFrame) -> list[Any]:
        return list(zip(*(_keys(rows[one]) for one in self.by), strict=True))

    def fill(self, rows: pd.DataFrame) -> NDArray[Any]:
        return _objects([self.values.get(key, self.usual) for key in self._keys(rows)])


class _Correlated(_Filler):
    def __init__(self, known: pd.DataFrame, name: Any, numbers: Sequence[Any]) -> None:
        target = known[name].to_numpy(dtype=float)
        strength = {}
        for one in numbers:
            values = known[one].to_numpy(dtype=float)
            both = np.isfinite(values) & np.isfinite(target)
            if both.sum() > 2 and np.ptp(values[both]) and np.ptp(target[both]):
                strength[one] = abs(float(np.corrcoef(values[both], target[both])[0, 1]))
        self.by = sorted(strength, key=lambda one: -strength[one])[:3]
        self.middle = {one: float(known[one].median()) for one in self.by}
        finite = np.isfinite(target)
        design = self._design(known)[finite]
        self.weights = np.linalg.lstsq(design, target[finite], rcond=None)[0]

    def _design(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        parts = [
            np.nan_to_num(rows[one].fillna(self.middle[one]).to_numpy(dtype=float))
            for one in self.by
        ]
        return np.column_stack([np.ones(len(rows)), *parts])

    def fill(self, rows: pd.DataFrame) -> NDArray[Any]:
        return np.asarray(self._design(rows) @ self.weights)


class _Learned(_Filler):
    def __init__(self, known: pd.DataFrame, name: Any, others: Sequence[Any], seed: int) -> None:
        self.others = list(others)
        self.codes = {
            one: {key: at for at, key in enumerate(dict.fromkeys(_keys(known[one])))}
            for one in self.others
            if not _is_number(known[one])
        }
        number = _is_number(known[name])
        kind = HistGradientBoostingRegressor if number else HistGradientBoostingClassifier
        self.model = kind(max_iter=60, early_stopping=False, random_state=seed)
        target = known[name].to_numpy(dtype=float) if number else known[name].astype(str).to_numpy()
        self.back = {} if number else {str(value): value for value in known[name].tolist()}
        many = not number and len(self.back) > _MOST_CLASSES
        self.usual = _usual(known[name])
        if many or len(np.unique(target)) < 2:
            self.model = None
            return
        finite = np.isfinite(target) if number else np.ones(len(target), dtype=bool)
        self.model.fit(self._matrix(known)[finite], target[finite])

    def _matrix(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        parts = []
        for one in self.others:
            if one in self.codes:
                codes = self.codes[one]
                parts.append(np.array([codes.get(key, np.nan) for key in _keys(rows[one])]))
            else:
                parts.append(rows[one].to_numpy(dtype=float, na_value=np.nan))
        return np.column_stack(parts).astype(float)

    def fill(self, rows: pd.DataFrame) -> NDArray[Any]:
        if self.model is None:
            return _objects([self.usual] * len(rows))
        said = self.model.predict(self._matrix(rows))
        return _objects([self.back[one] for one in said]) if self.back else said


def _is_number(column: pd.Series) -> bool:
    return column.dtype.kind in "iuf" or str(column.dtype) in ("Int64", "Float64")


def _keys(column: pd.Series) -> list[Any]:
    """Return values that can be compared, a missing one as None."""
    return [None if gap else value for value, gap in zip(column, column.isna(), strict=True)]


def _usual(column: pd.Series) -> Any:
    if _is_number(column):
        return float(column.median())
    return Counter(column.tolist()).most_common(1)[0][0]


def _wrong(keys: Sequence[Any], target: Sequence[Any]) -> float:
    """Return the share of rows whose value is not that of the other rows with their key."""
    groups: dict[Any, Counter[Any]] = {}
    judged = 0
    for key, value in zip(keys, target, strict=True):
        if key is None or (isinstance(key, tuple) and None in key):
            continue  # A gap determines nothing.
        groups.setdefault(key, Counter())[value] += 1
        judged += 1
    # Each row is judged by the others: one alone with its key is determined by nothing.
    right = sum(
        sum(count for count in counts.values() if count > 1 and count == max(counts.values()))
        for counts in groups.values()
    )
    return 1 - right / max(judged, 1)


def _error(filler: _Filler, hidden: pd.DataFrame, name: Any) -> float:
    truth = hidden[name]
    said = filler.fill(hidden.assign(**{str(name): None}) if isinstance(name, str) else hidden)
    if not _is_number(truth):
        pairs = zip(said, truth.tolist(), strict=True)
        return float(np.mean([one != other for one, other in pairs]))
    values = truth.to_numpy(dtype=float)
    spread = float(np.mean(np.abs(values - np.median(values)))) or 1.0
    return float(np.mean(np.abs(np.asarray(said, dtype=float) - values))) / spread


def _with(column: pd.Series, gaps: NDArray[np.bool_], filled: NDArray[Any]) -> pd.Series:
    """Return a column with its gaps filled; whole numbers stay whole."""
    if _is_number(column):
        known = column[~gaps].to_numpy(dtype=float)
        values = np.asarray(filled, dtype=float)
        if len(known) and np.equal(np.mod(known, 1), 0).all():
            values = np.round(values)
        whole = column.to_numpy(dtype=float, na_value=np.nan).copy()
        whole[gaps] = values
        kept = column.dtype if str(column.dtype) in ("Int64", "Float64") else float
        return pd.Series(whole, index=column.index).astype(kept)
    whole = column.astype(object)
    whole[gaps] = filled
    return whole.astype(column.dtype)


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
