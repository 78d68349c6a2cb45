"""A classifier that is trained under a constraint of fairness.

Agarwal, A. et al. 2018, *A Reductions Approach to Fair Classification*, ICML, by fairlearn.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal

from clew.errors import InvalidParameter, MissingExtra

Constraint = Literal[
    "demographic parity", "equalized odds", "true positive parity", "false positive parity"
]


def mitigated(
    learner: Any,
    X: Any,
    truth: Any,
    groups: Any,
    *,
    constraint: Constraint = "equalized odds",
    tolerance: float = 0.02,
    rounds: int = 30,
) -> Any:
    """Return a classifier whose answers hold a constraint on the rows of its fit.

    Its answers are drawn among those of several classifiers: ``predict(rows, random_state=0)``
    gives the same ones again.

    Parameters
    ----------
    learner : estimator
        A classifier that takes weights of rows.
    X : frame of shape (rows, features)
    truth : array of 0 and 1, of shape (rows,)
    groups : array or frame
        What may make no difference.
    constraint : str
        ``demographic parity``, ``equalized odds``, ``true positive parity``, ``false positive
        parity``.
    tolerance : float
        By how much groups may differ.
    rounds : int
        Classifiers that are trained at most.

    Raises
    ------
    InvalidParameter
        When there is no such constraint.
    MissingExtra
        Without fairlearn.
    """
    try:
        import pandas as pd
        from fairlearn import reductions
    except ImportError as error:
        raise MissingExtra(
            "fairness needs fairlearn", hint="pip install 'clew[fairness]'"
        ) from error
    moments = {
        "demographic parity": reductions.DemographicParity,
        "equalized odds": reductions.EqualizedOdds,
        "true positive parity": reductions.TruePositiveRateParity,
        "false positive parity": reductions.FalsePositiveRateParity,
    }
    if constraint not in moments:
        raise InvalidParameter("a constraint", got=repr(constraint), expected=", ".join(moments))
    made = reductions.ExponentiatedGradient(
        learner,
        moments[constraint](difference_bound=tolerance),
        max_iter=rounds,
    )
    with warnings.catch_warnings():
        # What fairlearn 0.15 asks of pandas 3.1 in ways that pandas 4 will refuse.
        warnings.simplefilter("ignore", getattr(pd.errors, "Pandas4Warning", FutureWarning))
        return made.fit(X, truth, sensitive_features=groups)
