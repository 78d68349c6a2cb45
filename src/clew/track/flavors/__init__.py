"""How models become files, and files models: one module for each kind, the first that fits.

No file holds code: scikit-learn by skops, xgboost and lightgbm by their own formats, torch by
safetensors. What none of them holds is kept as a value of the store, which may be a pickle, and is
read only where the store is trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from clew.errors import InvalidParameter

NAMES = ("sklearn", "xgboost", "lightgbm", "torch", "onnx", "pmml", "value")


class Saved(NamedTuple):
    """What a flavor wrote.

    Parameters
    ----------
    entries : dict
        Sections of the file ``MLmodel``, by name of the flavor.
    needs : tuple of str
        Distributions that loading it needs.
    """

    entries: dict[str, dict[str, Any]]
    needs: tuple[str, ...]


class Flavor(Protocol):
    """One kind of model."""

    def accepts(self, model: Any) -> bool:
        """Tell whether it can hold the model; imports nothing."""

    def save(self, model: Any, folder: Path, example: Any = None) -> Saved:
        """Write the model's files into a folder; `example` is some rows that it takes."""

    def load(self, folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> Any:
        """Read the model back.

        Parameters
        ----------
        trust : bool
            The caller trusts the files: types beyond the library's own may be read.
        into : object or None
            What takes the state, for flavors that hold no structure.
        """


def flavor_of(model: Any) -> tuple[str, Flavor]:
    """Return the flavor that holds a model."""
    for name in NAMES:
        flavor = flavor_called(name)
        if flavor.accepts(model):
            return name, flavor
    raise InvalidParameter("no flavor holds this model", got=type(model).__qualname__)


def flavor_called(name: str) -> Flavor:
    """Return a flavor by its name."""
    module: Flavor = import_module(f"{__name__}.{name}")
    return module


def is_from(model: Any, packages: Sequence[str]) -> bool:
    """Tell whether a model's class, or one that it derives from, is a package's."""
    return any(base.__module__.partition(".")[0] in packages for base in type(model).__mro__)
