"""torch modules, by safetensors: their state, without their code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clew.errors import InvalidParameter, MissingExtra
from clew.track.flavors import Saved, is_from

FILE = "model.safetensors"


def accepts(model: Any) -> bool:
    """Tell whether it is a module of torch."""
    return is_from(model, ("torch",)) and hasattr(model, "state_dict")


def save(model: Any, folder: Path) -> Saved:
    """Write the state."""
    try:
        from safetensors.torch import save_model
    except ImportError as error:
        raise MissingExtra(
            "models of torch need safetensors", got=str(error), hint="pip install 'clew[torch]'"
        ) from error
    save_model(model, str(folder / FILE))
    entry = {"data": FILE, "model_class": f"{type(model).__module__}.{type(model).__qualname__}"}
    return Saved({"clew.torch": entry}, ("torch", "safetensors"))


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> Any:
    """Read the state into a module of the same structure."""
    if into is None:
        raise InvalidParameter(
            "a model of torch is its state: give the module that takes it",
            got=str(entry.get("model_class")),
            hint="load_model(uri, into=Module())",
        )
    from safetensors.torch import load_model

    load_model(into, str(folder / FILE))
    return into
