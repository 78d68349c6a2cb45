"""ONNX graphs as models: what was exported elsewhere, run by ONNX Runtime."""

from __future__ import annotations

import importlib.metadata
import json
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, MissingExtra
from clew.track.flavors import Saved

FILE = "model.onnx"
CLASSES = "clew.classes"
"""Key of the graph's own description under which a classifier's classes stand, as JSON."""

_LABELS = ("label", "output_label")
_SHARES = ("probabilities", "output_probability")
_TYPES = {
    "tensor(string)": object,
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class OnnxModel:
    """A graph with ``predict``, and ``predict_proba`` where it gives probabilities.

    It reads a frame where it has an input for each column, else a matrix. May be used from several
    threads.

    Parameters
    ----------
    graph : bytes
        A serialised ONNX model.
    """

    graph: bytes

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the inputs, where there are several."""
        names = [item.name for item in _session(self).get_inputs()]
        if len(names) == 1 and _width(_session(self).get_inputs()[0]) != 1:
            raise AttributeError("a graph of a matrix has no names of features")
        return np.array(names, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many columns it reads; an error where the graph does not say."""
        inputs = _session(self).get_inputs()
        width = _width(inputs[0])
        if len(inputs) == 1 and width is None:
            raise AttributeError("the graph does not say how many features it reads")
        return len(inputs) if len(inputs) > 1 or width is None else width

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes; an error for a graph that does not name them."""
        found = _session(self).get_modelmeta().custom_metadata_map.get(CLASSES)
        if not found or not json.loads(found):
            raise AttributeError("the graph does not name classes")
        return np.array(json.loads(found))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label or value of each row."""
        outputs = self._run(X)
        name = next((name for name in _LABELS if name in outputs), next(iter(outputs)))
        found = np.asarray(outputs[name])
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities (n_rows, n_classes).

        Raises
        ------
        InvalidParameter
            When the graph has none.
        """
        outputs = self._run(X)
        name = next((name for name in _SHARES if name in outputs), None)
        if name is None:
            raise InvalidParameter("this graph gives no probabilities", got=", ".join(outputs))
        shares = outputs[name]
        if isinstance(shares, list):  # a mapping for each row, as converters write by default
            return np.array([list(row.values()) for row in shares], dtype=np.float64)
        return np.asarray(shares, dtype=np.float64)

    def inputs_of(self, X: Any) -> dict[str, NDArray[Any]]:
        """Return rows as the graph's inputs, by name."""
        inputs = _session(self).get_inputs()
        if len(inputs) == 1 and not hasattr(X, "columns"):
            return {inputs[0].name: np.asarray(X, dtype=_type(inputs[0]))}
        if len(inputs) == 1 and inputs[0].name not in X.columns:
            return {inputs[0].name: X.to_numpy(dtype=_type(inputs[0]))}
        return {item.name: _column(item, X[item.name]) for item in inputs}

    def _run(self, X: Any) -> dict[str, Any]:
        session = _session(self)
        names = [item.name for item in session.get_outputs()]
        return dict(zip(names, session.run(None, self.inputs_of(X)), strict=True))


def _type(item: Any) -> Any:
    if item.type not in _TYPES:
        raise InvalidParameter(
            f"input {item.name!r} of the graph", got=item.type, expected=", ".join(_TYPES)
        )
    return _TYPES[item.type]


def _width(item: Any) -> int | None:
    width = item.shape[-1] if item.shape else None
    return width if isinstance(width, int) else None


def _column(item: Any, values: Any) -> NDArray[Any]:
    kind = _type(item)
    if kind is object:
        texts = ["" if value is None or value != value else str(value) for value in values]
        return np.array(texts, dtype=object)[:, None]
    return np.asarray(values.to_numpy(dtype=kind))[:, None]


_sessions: weakref.WeakKeyDictionary[OnnxModel, Any] = weakref.WeakKeyDictionary()


def _session(model: OnnxModel) -> Any:
    """Return the prepared graph; it is no part of the model, whose content is the graph alone."""
    found = _sessions.get(model)
    if found is None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtra(
                "running a graph needs ONNX Runtime",
                got=str(error),
                hint="pip install 'clew[onnx]'",
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            found = onnxruntime.InferenceSession(
                model.graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises its own classes, without a common base
            raise InvalidParameter(
                "ONNX Runtime cannot run this graph", got=str(error)[:300]
            ) from error
        _sessions[model] = found
    return found


def accepts(model: Any) -> bool:
    """Tell whether it is a graph."""
    return isinstance(model, OnnxModel)


def save(model: OnnxModel, folder: Path, example: Any = None) -> Saved:
    """Write the graph."""
    (folder / FILE).write_bytes(model.graph)
    version = importlib.metadata.version("onnxruntime")
    entry = {"data": FILE, "onnx_version": version, "providers": ["CPUExecutionProvider"]}
    predicts = {"loader_module": "mlflow.onnx", "data": FILE}
    needs = ("onnx", "onnxruntime", "numpy")
    return Saved({"onnx": entry, "python_function": predicts}, needs)


def load(folder: Path, entry: dict[str, Any], *, trust: bool, into: Any) -> OnnxModel:
    """Read the graph."""
    return OnnxModel((folder / FILE).read_bytes())
