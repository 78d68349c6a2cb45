"""A graph as a function, run by ONNX Runtime on one thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, MissingExtra

FINITE = "clew.finite"
"""Key of a graph's own description: what it answers with no finite number, the model refuses."""

LABEL = "label"


class OnnxSession:
    """A prepared graph: weights are read and pinned once, runs share them.

    May be called from several threads at once.

    Parameters
    ----------
    graph : bytes
        A serialised ONNX model.
    threads : int, default 1
        Threads within one run. One is best for rows that come singly or in small batches.

    Raises
    ------
    MissingExtra
        When ONNX Runtime is not installed.
    InvalidParameter
        When the bytes are no graph that it can run.
    """

    def __init__(self, graph: bytes, *, threads: int = 1) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtra(
                "running a graph needs ONNX Runtime",
                got=str(error),
                hint="pip install 'clew[onnx]'",
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises its own classes, without a common base
            raise InvalidParameter(
                "ONNX Runtime cannot run this graph", got=str(error)[:400]
            ) from error
        self.inputs: Sequence[str] = [item.name for item in self._session.get_inputs()]
        self.outputs: Sequence[str] = [item.name for item in self._session.get_outputs()]
        self._outputs = list(self.outputs)
        described = self._session.get_modelmeta().custom_metadata_map
        self._finite = [name for name in self._outputs if name != LABEL and FINITE in described]

    def run(self, feed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return every output by name for the inputs by name."""
        found = dict(zip(self._outputs, self._session.run(None, feed), strict=True))
        for name in self._finite:
            if not np.isfinite(found[name]).all():
                raise InvalidParameter(
                    "the network's answer to some row is no finite number",
                    expected="rows that it can read",
                )
        return found
