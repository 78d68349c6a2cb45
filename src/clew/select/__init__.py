"""Selection: adds studies, trials and the models they choose.

`Search` plans a whole study (configurations × folds × pipeline stages) as one graph. Names are
loaded when they are first used, since scikit-learn is optional.
"""

from __future__ import annotations

from typing import Any

_NAMES = {
    "Search": "clew.select.search",
    "HalvingSearch": "clew.select.halvingsearch",
    "Explanation": "clew.select.results",
    "Progress": "clew.select.evaluate",
    "Account": "clew.select.evaluate",
    "Space": "clew.select.space",
    "importance": "clew.select.mattered",
    "Optimization": "clew.select.optimization",
    "optimize": "clew.select.optimization",
    "Trial": "clew.select.trials.trial",
    "Finished": "clew.select.trials.trial",
    "Pruned": "clew.select.trials.trial",
    "PercentilePruner": "clew.select.trials.pruners",
    "SearchSpace": "clew.select.searchspace",
    "choice": "clew.select.domains",
    "compare": "clew.select.contest",
    "equiwidth": "clew.select.domains",
    "exponential": "clew.select.domains",
    "integer": "clew.select.domains",
    "ordered": "clew.select.domains",
    "real": "clew.select.domains",
    "when": "clew.select.distributions",
    "GradientClassifier": "clew.reuse.rewrites.gradient",
    "GradientRegressor": "clew.reuse.rewrites.gradient",
}

__all__ = [
    "Account",
    "Explanation",
    "Finished",
    "GradientClassifier",
    "GradientRegressor",
    "HalvingSearch",
    "Optimization",
    "PercentilePruner",
    "Progress",
    "Pruned",
    "Search",
    "SearchSpace",
    "Space",
    "Trial",
    "choice",
    "compare",
    "equiwidth",
    "exponential",
    "importance",
    "integer",
    "optimize",
    "ordered",
    "real",
    "when",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    from clew.errors import MissingExtra

    try:
        module = importlib.import_module(_NAMES[name])
    except ImportError as error:
        if (error.name or "").split(".")[0] not in ("sklearn", "scipy", "joblib"):
            raise
        raise MissingExtra(
            "clew.select needs scikit-learn.", hint="pip install 'clew[sklearn]'"
        ) from error
    return getattr(module, name)
