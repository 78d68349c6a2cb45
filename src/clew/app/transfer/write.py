"""`export`: a model of the store as an ONNX graph, an MLflow folder or a PMML document."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from clew.app.serving import Found
from clew.app.transfer.formats import CHECK, FORMATS, Exported, check_of
from clew.errors import AlreadyExists, InvalidParameter, MissingExtra, UnsupportedValue
from clew.serve import compile_model
from clew.serve.outputs import Answer, asked
from clew.serve.parity import compare
from clew.serve.reference import compared
from clew.track.flavors.onnx import CLASSES
from clew.track.flavors.pmml import PmmlModel
from clew.track.load import read_model
from clew.track.rows import remember, some_rows
from clew.track.save import write_model

_PMML_TARGET = "prediction"


def export(found: Found, format: str, path: Path, *, tolerance: float = 1e-6) -> Exported:
    """Write a model in a format of others, once it is seen to say the same.

    Parameters
    ----------
    found : Found
        The model and rows that it was fitted on (`clew.app.serving.find`).
    format : {"onnx", "pyfunc", "pmml"}
        An ONNX graph and a PMML document are files, an MLflow model is a folder.
    path : Path
        What is there already is not overwritten.
    tolerance : float
        As of `clew.serve.compile_model`.

    Raises
    ------
    UnsupportedValue, InvalidParameter
        When the format cannot hold the model, or what it holds says something else.
    MissingExtra
        When the format's library is not installed.
    """
    if format not in FORMATS:
        raise InvalidParameter("format", got=format, expected=", ".join(FORMATS))
    if path.exists():
        raise AlreadyExists("something is there already", got=str(path))
    write = {"onnx": _onnx, "pyfunc": _pyfunc, "pmml": _pmml}[format]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / "made"
        comparison = write(found, made, tolerance)
        shutil.move(made, path)
    return Exported(path, format, comparison)


def _onnx(found: Found, path: Path, tolerance: float) -> str:
    compiled = compile_model(found.model, found.sample, forms=["graph"], tolerance=tolerance)
    checked = {"clew.content": found.content, CHECK: check_of(found.model, found.sample)}
    path.write_bytes(described(compiled.graph, compiled.classes, checked))
    return compiled.attempts[-1].reason


def described(graph: bytes, classes: Sequence[Any], more: Mapping[str, str]) -> bytes:
    """Return a graph that says what its classes are, and other facts."""
    import onnx

    model = onnx.load_from_string(graph)
    facts = {
        "clew.version": importlib.metadata.version("clew"),
        CLASSES: json.dumps(list(classes)),
        **more,
    }
    for key, value in facts.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    return bytes(model.SerializeToString())


def _pyfunc(found: Found, path: Path, tolerance: float) -> str:
    path.mkdir()
    if not found.few_rows:
        remember(found.model, some_rows(found.sample, "fit"))
    write_model(found.model, path, found.sample)
    flavors = json.loads((path / "MLmodel").read_text())["flavors"]
    if "python_function" not in flavors:
        raise UnsupportedValue(
            "no MLflow flavor holds this model without code",
            got=", ".join(flavors),
            expected="a model of scikit-learn, xgboost or lightgbm, or an ONNX graph",
        )
    sample = found.sample
    answer = asked(found.model, sample)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own, and of columns of whole numbers
        try:
            import mlflow.pyfunc
        except ImportError:
            other, reader = read_model(path, str(path)), "clew, for MLflow is not installed"
        else:
            other = mlflow.pyfunc.load_model(str(path))
            reader = f"mlflow {mlflow.__version__}"
        said = np.asarray(other.predict(sample))
        shares = _probabilities(other, sample)
    given = Answer(said, shares) if answer.labels is not None else Answer(values=said)
    if shares is None:
        answer = replace(answer, probabilities=None)  # MLflow's predict says labels alone
    parity = compare(answer, given, boundary_rows=0, tolerance=tolerance)
    if not parity.passed:
        raise UnsupportedValue("the MLflow model is not equal", got=parity.text)
    return f"read back by {reader}: {parity.text}"


def _probabilities(model: Any, sample: Any) -> Any:
    """Return the probabilities of the estimator that a folder holds, where it has them."""
    inner = model.get_raw_model() if hasattr(model, "get_raw_model") else model
    return asked(inner, sample).probabilities if hasattr(inner, "predict_proba") else None


def _pmml_writer() -> Any:
    """Return nyoka's writer, without the folder that nyoka leaves on the path.

    There its parts for xgboost and others would be found under the names of these libraries.
    """
    path = list(sys.path)
    try:
        from nyoka import skl_to_pmml
    except ImportError as error:
        raise MissingExtra(
            "writing PMML needs nyoka", got=str(error), hint="pip install 'clew[pmml]'"
        ) from error
    finally:
        sys.path[:] = path
    return skl_to_pmml


def _pmml(found: Found, path: Path, tolerance: float) -> str:
    skl_to_pmml = _pmml_writer()
    from sklearn.pipeline import Pipeline

    sample = found.sample
    if not hasattr(sample, "columns"):
        raise UnsupportedValue(
            "PMML names every column", got=type(sample).__name__, expected="a frame's model"
        )
    model: Any = found.model
    pipeline = model if type(model) is Pipeline else Pipeline([("model", model)])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            skl_to_pmml(pipeline, list(sample.columns), _PMML_TARGET, str(path))
    except Exception as error:  # the writer raises whatever comes up in it
        raise UnsupportedValue(
            "this model has no PMML", got=f"{type(error).__name__}: {error}"[:300]
        ) from error
    document = path.read_text("utf-8")
    parity = compared(model, PmmlModel(document), sample, tolerance=tolerance)
    if not parity.passed:
        raise UnsupportedValue("the PMML document is not equal to the model", got=parity.text)
    # PMML's own place for what others know: an extension of the header.
    extension = f"<Extension name={quoteattr(CHECK)} value={quoteattr(check_of(model, sample))}/>"
    start = document.index(">", document.index("<Header")) + 1
    if document[start - 2] == "/":
        document = f"{document[: start - 2]}>{extension}</Header>{document[start:]}"
    else:
        document = document[:start] + extension + document[start:]
    path.write_text(document, "utf-8")
    return f"read back by sklearn-pmml-model: {parity.text}"
