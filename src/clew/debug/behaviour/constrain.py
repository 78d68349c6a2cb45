"""A learner that is trained with the constraint that its answers rise or fall with a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from clew.errors import InvalidParameter

_NAMES = {"HistGradientBoosting": "monotonic_cst", "LGBM": "monotone_constraints"}
_NAMES |= {"XGB": "monotone_constraints", "DecisionTree": "monotonic_cst"}
_NAMES |= {"RandomForest": "monotonic_cst", "ExtraTree": "monotone_cst"}


def constrained(
    learner: Any, directions: Mapping[str, Literal["rising", "falling"]], columns: Any
) -> Any:
    """Return a copy of a learner that is trained so that its answers only rise or fall.

    Parameters
    ----------
    learner : estimator
        Histogram boosting, trees and forests of scikit-learn; LightGBM's and XGBoost's models.
    directions : mapping of str to {"rising", "falling"}
        By column; the others are free.
    columns : sequence of str
        All columns that the learner is fitted on, in their order.

    Raises
    ------
    InvalidParameter
        When the learner has no such constraints, or there is no such column.
    """
    from sklearn.base import clone

    name = type(learner).__name__
    parameter = next((found for start, found in _NAMES.items() if name.startswith(start)), None)
    if parameter is None:
        raise InvalidParameter(
            "this learner has no constraints on how answers move",
            got=name,
            expected="HistGradientBoosting…, trees, forests, LGBM…, XGB…",
        )
    listed = [str(column) for column in columns]
    unknown = set(directions) - set(listed)
    if unknown:
        raise InvalidParameter("no such column", got=min(unknown), expected=", ".join(listed))
    signs = {"rising": 1, "falling": -1}
    wrong = [one for one in directions.values() if one not in signs]
    if wrong:
        raise InvalidParameter("a direction", got=repr(wrong[0]), expected="rising, falling")
    values = [signs[directions[one]] if one in directions else 0 for one in listed]
    return clone(learner).set_params(
        **{parameter: tuple(values) if name.startswith("XGB") else values}
    )
