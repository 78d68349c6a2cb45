"""Wiring: which module knows the values of which package. Nothing is imported for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

from clew.lineage.fingerprint import register_lazy

_MODULES = {
    "pathlib": "clew.adapters.files.content",
    "pandas": "clew.adapters.frameworks.pandas",
    "polars": "clew.adapters.frameworks.polars",
    "pyarrow": "clew.adapters.frameworks.arrow",
    "scipy": "clew.adapters.frameworks.scipy",
    "sklearn": "clew.adapters.frameworks.sklearn",
    "torch": "clew.adapters.frameworks.torch",
}


def register_frameworks() -> None:
    """Tell the fingerprints where the handlers of each package are."""
    for package, module in _MODULES.items():
        load: Callable[[], object] = partial(import_module, module)
        register_lazy(package, load)
