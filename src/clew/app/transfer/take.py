"""`take`: a model of another system becomes a version of a registered model."""

from __future__ import annotations

import json
import warnings
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clew.app.transfer.formats import CHECK, checked
from clew.errors import InvalidParameter, MissingExtra, NotFound, UnsafeLoad
from clew.registry import register
from clew.serve.outputs import asked
from clew.track import run as tracked_run
from clew.track.flavors.onnx import OnnxModel
from clew.track.flavors.pmml import PmmlModel
from clew.track.load import load_model, read_model
from clew.track.rows import ARRAY, TABLE, read
from clew.track.save import log_model


@dataclass(frozen=True, slots=True)
class Taken:
    """A model that came in.

    Parameters
    ----------
    comparison : str
        By which rows it was checked.
    """

    name: str
    version: int
    format: str
    comparison: str


def take(
    path: Path, name: str, *, alias: str | None = None, sample: Any = None, trust: bool = False
) -> Taken:
    """Register a model from a file or folder, once it is seen to say the same as there.

    Parameters
    ----------
    path : Path
        An ONNX graph (``.onnx``), a PMML document (``.pmml``, ``.xml``), or a folder of MLflow's.
    name : str
        Under which it is registered.
    alias : str, optional
        That points to the new version.
    sample : frame or array, optional
        Rows to compare on, and to serve with; by default those that the file carries.
    trust : bool, default False
        Read models that run code (pickles).

    Raises
    ------
    NotFound
        When there is no such file, or nothing to compare on.
    InvalidParameter
        When it is no model, or says something else than the file says.
    UnsafeLoad
        When reading it would run code that nobody said is trusted.
    """
    model, format, carried, rows = _read(path, trust=trust)
    n_carried = checked(model, carried)
    if sample is None:
        sample = rows if rows is not None else _rows_in(carried)
    if sample is None:
        raise NotFound(
            "the file carries no rows to compare on",
            got=str(path),
            hint="give some with --sample FILE (Parquet or CSV)",
        )
    with tracked_run(name=f"import {path.name}") as run:
        logged = log_model(model, name, input_example=sample, tags={"clew.format": format})
        run.log_params({"path": path.name, "format": format})
    back = load_model(logged, trust=trust)
    if not _same(asked(model, sample), asked(back, sample)):
        raise InvalidParameter("the model does not come back from the store as it went in")
    version = register(logged, name, alias=alias)
    comparison = f"{n_carried} rows that the file carries, {len(sample)} rows after storing: equal"
    return Taken(name, version.version, format, comparison)


def _read(path: Path, *, trust: bool) -> tuple[Any, str, str | None, Any]:
    """Return the model, its format, the rows and answers that it carries, and rows of its fit."""
    if path.is_dir():
        return *_folder(path, trust=trust), _fitted(path)
    if not path.is_file():
        raise NotFound("there is no such model", got=str(path))
    if path.suffix == ".onnx":
        graph = path.read_bytes()
        return OnnxModel(graph), "onnx", _metadata(graph).get(CHECK), None
    if path.suffix in (".pmml", ".xml"):
        document = path.read_text("utf-8")
        return PmmlModel(document), "pmml", _extension(document), None
    raise InvalidParameter("a model's format", got=path.suffix, expected=".onnx, .pmml or a folder")


def _folder(path: Path, *, trust: bool) -> tuple[Any, str, str | None]:
    try:
        model = read_model(path, str(path), trust=trust)
    except (UnsafeLoad, NotFound):
        raise
    except (InvalidParameter, FileNotFoundError) as error:
        model = _by_mlflow(path, error, trust=trust)
    return model, "pyfunc", None


def _by_mlflow(path: Path, error: Exception, *, trust: bool) -> Any:
    """Read a folder that MLflow wrote in its own way: its models are pickles by default."""
    if not trust:
        raise UnsafeLoad(
            "this folder was written by MLflow, whose models run code when they are read",
            got=str(path),
            hint="--trust, if you trust who wrote it",
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's own
            import mlflow.sklearn
    except ImportError as missing:
        raise MissingExtra(
            "reading this folder needs MLflow", got=str(missing), hint="pip install mlflow"
        ) from missing
    try:
        return mlflow.sklearn.load_model(str(path))
    except Exception as other:  # MLflow's own
        raise InvalidParameter(
            "MLflow does not read this folder as a model of scikit-learn", got=str(other)[:300]
        ) from other


def _fitted(path: Path) -> Any:
    names = (TABLE, ARRAY, f"{ARRAY}.json")
    files = {name: (path / name).read_bytes() for name in names if (path / name).is_file()}
    found = read(files)
    if found is not None:
        return found.data
    example = path / "input_example.json"
    if not example.is_file():
        return None
    content = json.loads(example.read_text("utf-8"))
    if "columns" in content:
        import pandas as pd

        return pd.DataFrame(content["data"], columns=content["columns"])
    return np.asarray(content["inputs"]) if "inputs" in content else None


def _metadata(graph: bytes) -> dict[str, str]:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtra(
            "reading a graph needs onnx", got=str(error), hint="pip install 'clew[onnx]'"
        ) from error
    try:
        found = onnx.load_from_string(graph)
    except Exception as error:  # protobuf's
        raise InvalidParameter("this is no ONNX graph", got=str(error)[:200]) from error
    return {entry.key: entry.value for entry in found.metadata_props}


def _extension(document: str) -> str | None:
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise InvalidParameter("this is no PMML document", got=str(error)) from None
    for node in root.iter():
        if node.tag.rpartition("}")[2] == "Extension" and node.get("name") == CHECK:
            return node.get("value")
    return None


def _rows_in(carried: str | None) -> Any:
    if carried is None:
        return None
    rows = json.loads(carried)["rows"]
    if rows and isinstance(rows[0], dict):
        import pandas as pd

        return pd.DataFrame(rows)
    return np.asarray(rows)


def _same(left: Any, right: Any) -> bool:
    for one, other in ((left.labels, right.labels), (left.values, right.values)):
        if (one is None) != (other is None):
            return False
        if one is not None and not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            return False
    return True
