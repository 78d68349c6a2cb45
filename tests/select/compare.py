"""What it means for two searches to give the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV

from clew.select import Search


def both(estimator: Any, space: Any, X: Any, y: Any = None, **options: Any) -> tuple[Any, Any]:
    """Run a grid search plainly and planned, with nothing kept from earlier tests."""
    fit_params = options.pop("fit_params", {})
    extra = {"store": None, "tolerance": 0.0, **options.pop("extra", {})}
    plain = GridSearchCV(estimator, space, **options).fit(X, y, **fit_params)
    planned = Search(estimator, space, **options, **extra).fit(X, y, **fit_params)
    return plain, planned


def assert_same(plain: Any, planned: Any, atol: float = 0.0) -> None:
    """Require the same columns in the same order, and the same values but for the timings."""
    names = list(plain.cv_results_)
    assert list(planned.cv_results_) == [*names, "rewrite", "tolerance"]
    for name in names:
        one, other = plain.cv_results_[name], planned.cv_results_[name]
        if name.endswith("_time"):
            assert other.shape == one.shape and other.dtype == one.dtype
            assert (other >= 0).all()
        else:
            _assert_column(name, one, other, atol)
    for name in ("best_index_", "n_splits_", "multimetric_"):
        assert getattr(plain, name, None) == getattr(planned, name, None), name
    assert hasattr(plain, "best_estimator_") == hasattr(planned, "best_estimator_")
    if hasattr(plain, "best_params_"):
        assert str(plain.best_params_) == str(planned.best_params_)


def _assert_column(name: str, one: Any, other: Any, atol: float) -> None:
    assert type(one) is type(other), name
    if isinstance(one, list):
        assert [str(item) for item in one] == [str(item) for item in other]
    elif isinstance(one, np.ma.MaskedArray):
        assert one.dtype == other.dtype, name
        np.testing.assert_array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other))
        assert [str(item) for item in one] == [str(item) for item in other]
    else:
        assert one.dtype == other.dtype, name
        np.testing.assert_allclose(other, one, rtol=0, atol=atol, err_msg=name)
