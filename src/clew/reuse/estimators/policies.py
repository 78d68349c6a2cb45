"""Tables of what is known of scikit-learn's classes, and when a call may not be reused."""

from __future__ import annotations

from typing import Any

from clew.reuse.estimators.classes import is_user_class
from clew.reuse.estimators.describe import Traits

FITS = frozenset({"fit", "fit_transform", "fit_predict"})
ARRAYS = frozenset({"transform", "fit_transform"})
METHODS = (
    *("fit", "fit_transform", "fit_predict", "transform", "inverse_transform", "score"),
    *("predict", "predict_proba", "predict_log_proba", "decision_function"),
)
"""Methods that are looked up."""

_PASSED_THROUGH = {
    "sklearn.pipeline": ("Pipeline", "FeatureUnion"),
    "sklearn.frozen._frozen": ("FrozenEstimator",),
}
_SEARCHES = ("sklearn.model_selection._search", "BaseSearchCV")

_READERS = (
    *("linear_model", "preprocessing", "ensemble", "tree", "feature_selection", "naive_bayes"),
    *("discriminant_analysis", "compose", "pipeline", "model_selection", "decomposition", "dummy"),
    *("multiclass", "multioutput", "calibration", "random_projection", "neural_network", "svm"),
    *("cross_decomposition", "feature_extraction"),
)
_KEEPERS = ("sklearn.decomposition._kernel_pca",)


def passes_through(estimator: Any, method: str) -> bool:
    """Tell whether a container only hands its input on to estimators that are looked up.

    A pipeline fits the steps that it was given, so its fit changes its own parameters; what a
    fitted search predicts is what its best estimator predicts.
    """
    for base in type(estimator).__mro__:
        if base.__qualname__ in _PASSED_THROUGH.get(base.__module__, ()):
            return True
        if (base.__module__, base.__qualname__) == _SEARCHES:
            return method != "fit"
    return False


def only_reads(estimator: Any, traits: Traits | None) -> bool:
    """Tell whether an estimator neither writes into its input nor keeps it.

    Such an estimator may be handed an array that others share; any other gets a copy.
    """
    cls = type(estimator)
    if traits is None or traits.user_code or traits.foreign or traits.in_place:
        return False
    if is_user_class(cls):
        return False
    package, _, rest = cls.__module__.partition(".")
    if package != "sklearn" or cls.__module__.startswith(_KEEPERS):
        return False
    return rest.partition(".")[0] in _READERS


def refusal(estimator: Any, method: str, traits: Traits, *, seeded: bool) -> str | None:
    """Return why a call must be executed, or None if it may be looked up."""
    if traits.callbacks:
        return "has callbacks"
    if traits.ambient:
        return f"its code uses {traits.ambient}"
    if traits.in_place:
        return "may work in place (copy=False)"
    if method in FITS:
        if traits.warm:
            return "warm start"
        if traits.generator:
            return "random_state is a generator object"
        if traits.unseeded and traits.user_code and not seeded:
            return "unset random_state of a user's estimator"
    return None
