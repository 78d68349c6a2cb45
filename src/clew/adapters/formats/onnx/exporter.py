"""ONNX as the format that models are exported to."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from clew.adapters.formats.onnx import convert
from clew.adapters.formats.onnx.adopt import adopted
from clew.adapters.formats.onnx.session import OnnxSession
from clew.track.flavors.onnx import OnnxModel

_DECIDE = (
    *("onnx", "onnxruntime", "skl2onnx", "scikit-learn", "xgboost", "xgboost-cpu", "lightgbm"),
    *("torch", "onnxscript"),
)


class OnnxExporter:
    """Exports to ONNX and runs the graphs with ONNX Runtime."""

    name = "onnx"

    def versions(self) -> Mapping[str, str]:
        """Return the versions of what writes and runs the graphs."""
        found = {}
        for package in _DECIDE:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                continue
        return found

    def of_matrix(self, model: Any, n_features: int) -> bytes:
        """Return a model that reads (n_rows, n_features) doubles called ``X``."""
        if isinstance(model, OnnxModel):
            return adopted(model, {"X": "numbers"})
        return convert.of_matrix(model, n_features)

    def of_frame(self, model: Any, columns: Mapping[str, str]) -> bytes:
        """Return a pipeline that reads named columns."""
        if isinstance(model, OnnxModel):
            return adopted(model, columns)
        return convert.of_frame(model, columns)

    def open(self, exported: bytes) -> OnnxSession:
        """Prepare a graph to run."""
        return OnnxSession(exported)
