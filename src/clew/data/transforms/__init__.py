"""Transforms of tables and series, as estimators of scikit-learn.

- `PAA`, `SAX`, `Fourier`, `Haar`: series made short, with distances that never exceed the true one.
- `SupervisedBinner`: numbers cut where classes change.
- `SelectUncorrelated`: relevant columns that do not repeat one another.
- `FrameEncoder`: a frame with a schema to a matrix, and back.
- `FrameImputer`: gaps filled by what proves best on values that are known.
- `clew.data.transforms.sampling`: rows drawn by strata, age, density, or from a stream.

Names are loaded when they are first used, since scikit-learn is optional.
"""

from __future__ import annotations

from typing import Any

_NAMES = {
    "Fourier": "clew.data.transforms.series",
    "FrameEncoder": "clew.data.transforms.frame",
    "FrameImputer": "clew.data.transforms.imputing",
    "Haar": "clew.data.transforms.series",
    "PAA": "clew.data.transforms.series",
    "SAX": "clew.data.transforms.series",
    "SelectUncorrelated": "clew.data.transforms.selection",
    "SupervisedBinner": "clew.data.transforms.binning",
}

__all__ = [
    "PAA",
    "SAX",
    "Fourier",
    "FrameEncoder",
    "FrameImputer",
    "Haar",
    "SelectUncorrelated",
    "SupervisedBinner",
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
            f"clew.data.transforms.{name} needs scikit-learn", hint="pip install 'clew[sklearn]'"
        ) from error
    return getattr(module, name)
