"""lightgbm's boosters, in its own text format; estimators come back as boosters."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from clew.track.flavors import Saved, is_from

FILE = "model.lgb"


def accepts(model: Any) -> bool:
    """Tell whether it is a model of lightgbm."""
    return is_from(model, ("lightgbm",)) and _booster(model) is not None


def save(model: Any, folder: Path, example: Any = None) -> Saved:
    """Write the booster."""
    _booster(model).save_model(str(folder / FILE))
    entry = {
        "data": FILE,
        "model_class": "lightgbm.basic.Booster",
        "lgb_version": importlib.metadata.version("lightgbm"),
        "code": None,
    }
    predicts = {"loader_module": "mlflow.lightgbm", "data": FILE}
    return Saved({"lightgbm": entry, "python_function": predicts}, ("lightgbm", "numpy"))


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> Any:
    """Read the booster."""
    import lightgbm

    return lightgbm.Booster(model_file=str(folder / FILE))


def _booster(model: Any) -> Any:
    found = model if hasattr(model, "save_model") else getattr(model, "_Booster", None)
    return found if hasattr(found, "save_model") else None
