"""What was fitted, and on which columns: tags by which runs and models are found again."""

from __future__ import annotations

from typing import Any

LEARNER = "clew.learner"
"""Name of the class; of a pipeline or a search that of what it fits."""

FEATURES = "clew.features"
"""Names of the columns, each between bars: ``|age|education|``."""

_LONGEST = 8000


def marks(model: Any, data: Any = None) -> dict[str, str]:
    """Return the tags of a fitted model: its learner, its class, and the columns that it took."""
    found = {
        LEARNER: type(learner(model)).__name__,
        "estimator_name": type(model).__name__,
        "estimator_class": f"{type(model).__module__}.{type(model).__qualname__}",
    }
    names = columns_of(data) or getattr(model, "feature_names_in_", None)
    if names is not None and len(names):
        text = "|" + "|".join(str(name) for name in names) + "|"
        if len(text) <= _LONGEST:
            found[FEATURES] = text
    return found


def learner(model: Any) -> Any:
    """Return what does the learning: the last step of a pipeline, what a search searches."""
    for _ in range(10):
        steps = getattr(model, "steps", None)
        if isinstance(steps, list) and steps and isinstance(steps[-1], tuple):
            model = steps[-1][-1]
            continue
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "cv") and hasattr(getattr(model, "estimator", None), "get_params"):
            model = model.estimator
        else:
            return model
    return model


def columns_of(data: Any) -> list[str] | None:
    """Return the names of a table's columns; None for what has none."""
    names = getattr(data, "column_names", None)
    if names is None and hasattr(data, "columns") and hasattr(data, "__getitem__"):
        names = list(data.columns)
    return None if names is None else [str(name) for name in names]
