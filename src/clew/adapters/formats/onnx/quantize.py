"""Graphs with smaller numbers: weights of matrix products and convolutions in 32 or 8 bits.

Trees and linear models of the ``ai.onnx.ml`` operators hold their numbers otherwise, and have
nothing that could be quantised.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.errors import MissingExtra, UnsupportedValue

Method = Literal["float32", "dynamic", "static", "static-per-channel"]
METHODS: tuple[Method, ...] = ("float32", "dynamic", "static", "static-per-channel")
"""32-bit weights; 8-bit weights, with inputs scaled as they come; with inputs scaled as calibrated;
the same with a scale for each column of a weight."""

_QUANTISED = ("MatMul", "Gemm", "Conv")
_DOUBLE, _FLOAT = 11, 1
Feed = Mapping[str, NDArray[Any]]


def narrowed(graph: bytes) -> bytes:
    """Return a graph whose products and convolutions have 32-bit weights; all else stays.

    Raises
    ------
    UnsupportedValue
        When it has no such weights.
    """
    onnx = _onnx()
    model = onnx.load_from_string(graph)
    weights = {item.name: item for item in model.graph.initializer}
    found, changed = 0, set()
    nodes = []
    for node in model.graph.node:
        held = [name for name in node.input if name in weights]
        if node.op_type not in _QUANTISED or not held:
            nodes.append(node)
            continue
        found += 1
        if weights[held[0]].data_type != _DOUBLE:
            nodes.append(node)
            continue
        changed.update(held)
        nodes += _with_casts(onnx, node, held)
    if not found:
        raise UnsupportedValue(
            "nothing in this model can be quantised",
            got=", ".join(sorted({node.op_type for node in model.graph.node})),
            expected="products of matrices or convolutions: a neural network",
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    for name in changed:
        values = onnx.numpy_helper.to_array(weights[name]).astype(np.float32)
        weights[name].CopyFrom(onnx.numpy_helper.from_array(values, name))
    return bytes(model.SerializeToString())


def _with_casts(onnx: Any, node: Any, held: list[str]) -> list[Any]:
    """Return a node that computes in 32 bits between two casts."""
    make = onnx.helper.make_node
    before = []
    for place, name in enumerate(node.input):
        if name and name not in held:
            node.input[place] = f"{name}_{node.output[0]}_float"
            before.append(make("Cast", [name], [node.input[place]], to=_FLOAT))
    wide = node.output[0]
    node.output[0] = f"{wide}_float"
    return [*before, node, make("Cast", [node.output[0]], [wide], to=_DOUBLE)]


def quantized(graph: bytes, method: Method, feeds: Iterable[Feed]) -> bytes:
    """Return a graph in fewer bits.

    Parameters
    ----------
    graph : bytes
        With 32-bit weights (`narrowed`).
    feeds : iterable of mappings
        Batches of rows as the graph's inputs, which tell the ranges of what is computed; read by
        the static methods alone.

    Raises
    ------
    UnsupportedValue
        When ONNX Runtime cannot quantise this graph.
    MissingExtra
        When ``onnx`` or ``onnxruntime`` is not installed.
    """
    if method == "float32":
        return graph
    onnx = _onnx()
    from onnxruntime import quantization as q

    model = onnx.load_from_string(graph)
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder, "model.onnx")
        common = {"op_types_to_quantize": list(_QUANTISED), "weight_type": q.QuantType.QInt8}
        try:
            if method == "dynamic":
                q.quantize_dynamic(model, path, **common)
            else:
                q.quantize_static(
                    model,
                    path,
                    _reader(q, feeds),
                    per_channel=method == "static-per-channel",
                    activation_type=q.QuantType.QUInt8,
                    **common,
                )
        except Exception as error:  # the quantiser's own, without a common base
            raise UnsupportedValue(
                f"this graph cannot be quantised ({method})",
                got=f"{type(error).__name__}: {error}"[:300],
            ) from error
        return path.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser's advice on how to prepare a graph out of the root logger."""
    logger = logging.getLogger()
    logger.addFilter(_nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False


def seconds_of(graph: bytes, feed: Feed, *, runs: int = 30) -> float:
    """Return the median seconds in which one thread computes a batch."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    taken = []
    for _ in range(runs + 1):
        before = time.perf_counter()
        session.run(None, dict(feed))
        taken.append(time.perf_counter() - before)
    return statistics.median(taken[1:])


def _reader(q: Any, feeds: Iterable[Feed]) -> Any:
    class Reader(q.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left: Iterator[Feed] = iter(feeds)

        def get_next(self) -> Any:
            found = next(self._left, None)
            return None if found is None else dict(found)

    return Reader()


def _onnx() -> Any:
    try:
        import onnx
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "quantising needs onnx and ONNX Runtime",
            got=str(error),
            hint="pip install 'clew[onnx]'",
        ) from error
    return onnx
