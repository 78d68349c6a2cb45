"""scikit-learn estimators, by skops: state as data. MLflow's clients read these files too."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from clew.errors import MissingExtra, UnsafeLoad
from clew.track.flavors import Saved, is_from
from clew.track.flavors.archive import canonical

FILE = "model.skops"
_LIBRARIES = ("sklearn.", "numpy.", "scipy.", "clew.")


def accepts(model: Any) -> bool:
    """Tell whether it is an estimator of which skops can hold all."""
    if not (is_from(model, ("sklearn",)) and hasattr(model, "get_params")):
        return False
    try:
        import skops.io

        unknown = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    except ImportError as error:
        raise _missing(error) from error
    except Exception:  # skops raises whatever a member's class raises: another flavor may do.
        return False
    return all(map(_is_known, unknown))


def save(model: Any, folder: Path, example: Any = None) -> Saved:
    """Write the archive."""
    import skops.io

    content = canonical(skops.io.dumps(model))
    (folder / FILE).write_bytes(content)
    entry: dict[str, Any] = {
        "pickled_model": FILE,
        "serialization_format": "skops",
        "sklearn_version": importlib.metadata.version("scikit-learn"),
        "skops_trusted_types": sorted(skops.io.get_untrusted_types(data=content)),
        "code": None,
    }
    predicts = {"loader_module": "mlflow.sklearn", "model_path": FILE, "predict_fn": "predict"}
    entries = {"sklearn": entry}
    if hasattr(model, "predict"):
        entries["python_function"] = predicts
    return Saved(entries, ("scikit-learn", "skops", "numpy", "scipy"))


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> Any:
    """Read the archive; types of the libraries are believed, others where the caller says so."""
    try:
        import skops.io
    except ImportError as error:
        raise _missing(error) from error
    path = folder / FILE
    unknown = skops.io.get_untrusted_types(file=path)
    strange = [name for name in unknown if not _is_known(name)]
    if strange and not trust:
        raise UnsafeLoad(
            "the model holds types that no library of clew's knows",
            got=", ".join(strange[:5]),
            hint="load_model(..., trust=True), if you trust who logged it",
        )
    return skops.io.load(path, trusted=unknown)


def _is_known(name: str) -> bool:
    return name.startswith(_LIBRARIES)


def _missing(error: ImportError) -> MissingExtra:
    return MissingExtra(
        "models of scikit-learn need skops", got=str(error), hint="pip install 'clew[sklearn]'"
    )
