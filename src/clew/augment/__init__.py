"""Augmentation: adds policies, by which rows are changed so that they mean the same.

- `Policy`, `Operation`, `rand_augment`, `operators`: what is done to images, series and texts.
- `grown`, `batches`, `torch_dataset`: data sets that grow by changed rows.
- `Augmented`: an estimator that is fitted on changed rows, for pipelines and searches.
- `Policies`, `promising`, `joined`: policies to search over; `alignment` ranks them untrained.
- `clew.augment.tables`: rows for small classes, noise, mixtures.

Names are loaded when they are first used, since scikit-learn is optional.
"""

from __future__ import annotations

from typing import Any

_NAMES = {
    "Augmented": "clew.augment.estimator",
    "Operation": "clew.augment.policy",
    "Policies": "clew.augment.space",
    "Policy": "clew.augment.policy",
    "alignment": "clew.augment.kernel",
    "batches": "clew.augment.dataset",
    "grown": "clew.augment.dataset",
    "joined": "clew.augment.space",
    "operators": "clew.augment.catalogue",
    "promising": "clew.augment.space",
    "rand_augment": "clew.augment.policy",
    "torch_dataset": "clew.augment.dataset",
}

__all__ = [
    "Augmented",
    "Operation",
    "Policies",
    "Policy",
    "alignment",
    "batches",
    "grown",
    "joined",
    "operators",
    "promising",
    "rand_augment",
    "torch_dataset",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    from clew.errors import MissingExtra

    try:
        module = importlib.import_module(_NAMES[name])
    except ImportError as error:
        if (error.name or "").split(".")[0] not in ("sklearn", "scipy"):
            raise
        raise MissingExtra(
            f"clew.augment.{name} needs scikit-learn", hint="pip install 'clew[sklearn]'"
        ) from error
    return getattr(module, name)
