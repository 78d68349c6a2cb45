"""Encoders of categories: categories and codes are found once, each member arranges them.

What members differ in (dropped, rare and unknown categories, sparse or dense output) is applied to
the codes by scikit-learn's own methods. Bit-identical.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.utils._missing import is_scalar_nan
from sklearn.utils.validation import validate_data

_Array = np.ndarray[Any, Any]


class Codes:
    """Categories of each column with their counts, and the codes of the training rows.

    Parameters
    ----------
    X : array or table of shape (n_samples, n_features)
        The training rows.
    """

    def __init__(self, X: Any) -> None:
        encoder = OneHotEncoder(handle_unknown="error").fit(X)
        self.categories = encoder.categories_
        self.numbers, _ = encoder._transform(X, ensure_all_finite="allow-nan")
        self.counts = [
            np.bincount(column, minlength=len(known))
            for column, known in zip(self.numbers.T, self.categories, strict=True)
        ]

    def fit(self, member: Any, X: Any) -> None:
        """Fit a member with the categories that are known."""

        def fit_(X: Any, **options: Any) -> dict[str, Any]:
            return self._begin(member, X, **options)

        member._fit = fit_
        try:
            member.fit(X)
        finally:
            del member._fit

    def _begin(
        self,
        member: Any,
        X: Any,
        *,
        return_and_ignore_missing_for_infrequent: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        """Do what the base class of the encoders does in `_fit`."""
        member._check_infrequent_enabled()
        validate_data(member, X=X, reset=True, skip_check_array=True)
        member.n_features_in_ = len(self.categories)
        member.categories_ = [known.copy() for known in self.categories]
        output: dict[str, Any] = {"n_samples": len(self.numbers)}
        missing: dict[int, int] = {}
        if return_and_ignore_missing_for_infrequent:
            missing = {
                index: known.size - 1
                for index, known in enumerate(self.categories)
                if is_scalar_nan(known[-1])
            }
            output["missing_indices"] = missing
        if member._infrequent_enabled:
            counts = [count.copy() for count in self.counts]
            member._fit_infrequent_category_mapping(len(self.numbers), counts, missing)
        return output

    def output(self, member: Any, X: Any) -> Any:
        """Return what a fitted member makes of the training rows."""
        reader = copy.copy(member)

        def transform(
            X: Any, *, ignore_category_indices: Any = None, **_: Any
        ) -> tuple[_Array, _Array]:
            validate_data(member, X=X, reset=False, skip_check_array=True)
            numbers, known = self.numbers.copy(), np.ones(self.numbers.shape, dtype=bool)
            member._map_infrequent_categories(numbers, known, ignore_category_indices)
            return numbers, known

        reader._transform = transform
        return reader.transform(X)


class _Family:
    def __init__(self, codes: Codes, members: Sequence[Any], X: Any) -> None:
        self._codes, self._members, self._X = codes, members, X

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._members[index]

    def output(self, index: int) -> Any:
        """Return what `fit_transform` of member `index` gives."""
        return self._codes.output(self._members[index], self._X)


_SWEPT = {
    OneHotEncoder: (
        *("drop", "sparse_output", "dtype", "handle_unknown", "min_frequency"),
        *("max_categories", "feature_name_combiner"),
    ),
    OrdinalEncoder: (
        *("dtype", "handle_unknown", "unknown_value", "encoded_missing_value"),
        *("min_frequency", "max_categories"),
    ),
}


class Categories:
    """Encoders of one class that arrange the same categories differently."""

    name = "categories found once"
    tolerance = 0.0

    def __init__(self, cls: type, swept: Sequence[str]) -> None:
        self.classes: tuple[type, ...] = (cls,)
        self.sweeps = frozenset(swept)

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these encoders do not share their categories, or ``""``."""
        if not isinstance(members[0].categories, str):
            return "categories are given"
        if any(hasattr(m, "_sklearn_output_config") for m in members):
            return "another container was asked for"
        return ""

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Find the categories; fit each member on them."""
        codes = Codes(X)
        for member in members:
            codes.fit(member, X)
        return _Family(codes, members, X)


REWRITES = tuple(Categories(cls, names) for cls, names in _SWEPT.items())
