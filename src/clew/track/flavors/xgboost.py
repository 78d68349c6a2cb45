"""xgboost's boosters and estimators, in its own format (UBJSON)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clew.errors import InvalidParameter
from clew.track.flavors import Saved, is_from

FILE = "model.ubj"


def accepts(model: Any) -> bool:
    """Tell whether it is a model of xgboost."""
    return is_from(model, ("xgboost",)) and hasattr(model, "save_model")


def save(model: Any, folder: Path, example: Any = None) -> Saved:
    """Write the model."""
    model.save_model(folder / FILE)
    entry = {
        "data": FILE,
        "model_class": f"{type(model).__module__}.{type(model).__qualname__}",
        "model_format": "ubj",
        "xgb_version": _version(),
        "code": None,
    }
    predicts = {"loader_module": "mlflow.xgboost", "data": FILE}
    return Saved({"xgboost": entry, "python_function": predicts}, ("xgboost", "numpy"))


def _version() -> str:
    """Return the library's version, under whichever name it was installed (``xgboost-cpu`` too)."""
    import xgboost

    return str(xgboost.__version__)


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> Any:
    """Read the model."""
    import xgboost

    name = str(entry["model_class"]).rpartition(".")[2]
    cls = getattr(xgboost, name, None)
    if not isinstance(cls, type) or not hasattr(cls, "load_model"):
        raise InvalidParameter("the class of the model is none of xgboost's", got=name)
    model = cls()
    model.load_model(folder / FILE)
    return model
