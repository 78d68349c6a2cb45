"""`quantize`: a network in fewer bits, registered only if it loses no more than it may.

What it loses is counted on rows that took no part in the calibration, and bounded from above with
a stated confidence, so that a lucky sample does not pass. Every method that was tried stands in a
table with size, latency and loss, which is kept as a node with the model and the rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.adapters.formats.onnx.quantize import METHODS, Method, narrowed, quantized, seconds_of
from clew.app import facts
from clew.app.serving import Found
from clew.app.store import Store
from clew.app.transfer.write import described
from clew.errors import InvalidParameter, UnsupportedValue
from clew.registry import register
from clew.serve import compile_model
from clew.serve.boundary import boundary_rows
from clew.serve.cascade.choose import upper_bound
from clew.track import run as tracked_run
from clew.track.flavors.onnx import OnnxModel
from clew.track.save import log_model

_CALIBRATED, _BATCH, _MANY = 1000, 100, 256
_FEWEST = 40


@dataclass(frozen=True, slots=True)
class Line:
    """What came of a method.

    Parameters
    ----------
    size_bytes : int
        Of the graph.
    one_ms, many_ms : float
        Milliseconds for one row, and for each of 256 at once, on one thread.
    loss : float or None
        Of a classifier: the share of held rows that it gets wrong and the model right; rows that
        get another label, where true labels are not known. Of a regressor: the root mean square of
        what changes, in standard deviations of the model's predictions. None: it does not run.
    loss_bound : float or None
        What the loss is below, with the confidence asked for (one-sided Clopper-Pearson; a
        regressor's loss itself).
    boundary : float or None
        Share of rows at the model's decision boundary that get another label.
    accuracy : float or None
        On the held rows, where true labels are known.
    told : str
        Whether it was accepted, or why not.
    """

    method: str
    size_bytes: int
    one_ms: float | None = None
    many_ms: float | None = None
    loss: float | None = None
    loss_bound: float | None = None
    boundary: float | None = None
    accuracy: float | None = None
    accepted: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class Quantized:
    """The table, and what was registered.

    Parameters
    ----------
    lines : tuple of Line
        The model as it was exported first.
    chosen : str or None
        The method of what was registered: the smallest that was accepted.
    node : str
        Id of the node that keeps the table.
    """

    lines: tuple[Line, ...]
    chosen: str | None
    node: str
    name: str = ""
    version: int | None = None


def quantize(
    store: Store,
    found: Found,
    name: str,
    *,
    alias: str | None = None,
    max_loss: float = 0.005,
    confidence: float = 0.95,
    test: tuple[Any, Any] | None = None,
    methods: Sequence[Method] = METHODS,
) -> Quantized:
    """Register a model in 8-bit or 32-bit weights, if it loses no more than it may.

    Parameters
    ----------
    found : Found
        The model and rows that it was fitted on (`clew.app.serving.find`): a network, or a pipeline
        around one. Half of the rows calibrate, the other half judge.
    name : str
        Under which it is registered.
    max_loss : float
        See `Line.loss`: what its bound must not exceed.
    test : (rows, labels), optional
        Rows that judge instead, with their true labels.

    Raises
    ------
    UnsupportedValue
        When nothing in the model can be quantised (trees, linear models).
    InvalidParameter
        When there are too few rows to say anything.
    """
    if not 0 < max_loss < 1:
        raise InvalidParameter("max_loss", got=str(max_loss), expected="between 0 and 1")
    calibrating, held = _parted(found, test)
    compiled = compile_model(found.model, found.sample, forms=["graph"])
    narrow = narrowed(compiled.graph)
    judge = _Judge(found, held, test, max_loss, confidence)
    graphs: dict[str, bytes] = {"as exported": compiled.graph}
    lines = [judge.line("as exported", compiled.graph)]
    for method in methods:
        try:
            graphs[method] = quantized(narrow, method, _feeds(narrow, calibrating))
        except UnsupportedValue as error:
            lines.append(Line(method, 0, told=str(error)))
            continue
        lines.append(judge.line(method, graphs[method]))
    accepted = [line for line in lines[1:] if line.accepted]
    best = min(accepted, key=lambda line: (line.size_bytes, line.one_ms), default=None)
    model = None
    if best is not None:
        model = OnnxModel(described(graphs[best.method], compiled.classes, {}))
    how = {"max_loss": max_loss, "confidence": confidence, "methods": list(methods)}
    node = _recorded(store, found, calibrating, how, lines, model)
    if best is None or model is None:
        return Quantized(tuple(lines), None, node)
    with tracked_run(name=f"quantize {found.name}") as run:
        run.log_params({"method": best.method, "max_loss": max_loss, "of": found.content})
        run.log_text("quantization.json", json.dumps([asdict(line) for line in lines], indent=1))
        logged = log_model(
            model, name, input_example=found.sample, tags={"clew.quantization": node}
        )
    version = register(logged, name, alias=alias)
    return Quantized(tuple(lines), best.method, node, name, version.version)


def _parted(found: Found, test: tuple[Any, Any] | None) -> tuple[Any, Any]:
    rows = found.sample
    if isinstance(rows, list):
        raise UnsupportedValue("a model of texts has nothing to quantise", got=found.name)
    n_rows = len(rows)
    if found.few_rows or n_rows < _FEWEST:
        raise InvalidParameter(
            "so few rows say nothing of what is lost",
            got=str(n_rows),
            expected=f"{_FEWEST} rows as the model was fitted on, or --sample FILE",
        )
    order = np.random.default_rng(0).permutation(n_rows)
    half = n_rows // 2
    calibrating = _at(rows, np.sort(order[:half][:_CALIBRATED]))
    if test is None:
        return calibrating, _at(rows, np.sort(order[half:]))
    names = list(getattr(rows, "columns", ()))
    missing = [name for name in names if name not in test[0].columns]
    if missing:
        raise InvalidParameter(
            "columns that the model reads", got=f"without {', '.join(map(str, missing[:5]))}"
        )
    return calibrating, test[0][names] if names else test[0]


def _at(rows: Any, places: NDArray[np.intp]) -> Any:
    return rows.iloc[places] if hasattr(rows, "iloc") else np.asarray(rows)[places]


def _feeds(graph: bytes, rows: Any) -> Iterator[dict[str, NDArray[Any]]]:
    model = OnnxModel(graph)
    for start in range(0, len(rows), _BATCH):
        yield model.inputs_of(_at(rows, np.arange(start, min(start + _BATCH, len(rows)))))


class _Judge:
    """Compares graphs with the model, on held rows and on rows at its boundary."""

    def __init__(
        self,
        found: Found,
        held: Any,
        test: tuple[Any, Any] | None,
        max_loss: float,
        confidence: float,
    ) -> None:
        self.held, self.max_loss, self.confidence = held, max_loss, confidence
        self.said = np.asarray(found.model.predict(held))
        self.truth = None if test is None else np.asarray(test[1])
        if self.truth is not None and self.truth.shape != self.said.shape:
            raise InvalidParameter(
                "labels of the test rows", got=str(self.truth.shape), expected=str(self.said.shape)
            )
        self.classifies = hasattr(found.model, "predict_proba") or self.said.dtype.kind not in "f"
        if self.said.ndim > 1:
            raise UnsupportedValue("a model of several outputs is not quantised", got=found.name)
        predict = found.model.predict
        self.edge = boundary_rows(found.sample, lambda rows: np.asarray(predict(rows)))
        self.edge_said = np.asarray(predict(self.edge)) if len(self.edge) else None

    def line(self, method: str, graph: bytes) -> Line:
        """Return what a graph costs and loses."""
        model = OnnxModel(graph)
        try:
            said = np.asarray(model.predict(self.held))
        except Exception as error:  # the runtime's own
            return Line(method, len(graph), told=f"does not run: {error}"[:300])
        loss, bound = self._loss(said)
        feed = model.inputs_of(_at(self.held, np.arange(min(_MANY, len(self.held)))))
        one = {name: values[:1] for name, values in feed.items()}
        n_many = len(next(iter(feed.values())))
        boundary = None
        if self.classifies and self.edge_said is not None:
            boundary = float(np.mean(np.asarray(model.predict(self.edge)) != self.edge_said))
        accuracy = None
        if self.truth is not None and self.classifies:
            accuracy = float(np.mean(said == self.truth))
        accepted = bound <= self.max_loss
        return Line(
            method,
            len(graph),
            seconds_of(graph, one) * 1e3,
            seconds_of(graph, feed) / n_many * 1e3,
            loss,
            bound,
            boundary,
            accuracy,
            accepted,
            "accepted" if accepted else f"may lose {bound:.4f}, more than {self.max_loss:g}",
        )

    def _loss(self, said: NDArray[Any]) -> tuple[float, float]:
        if not self.classifies:
            spread = float(np.std(self.said)) or 1.0
            loss = float(np.sqrt(np.mean((said - self.said) ** 2))) / spread
            return loss, loss
        wrong = said != self.said
        if self.truth is not None:
            wrong &= self.said == self.truth
        errors = int(wrong.sum())
        return errors / len(said), upper_bound(errors, len(said), self.confidence)


def _recorded(
    store: Store,
    found: Found,
    rows: Any,
    how: dict[str, Any],
    lines: Sequence[Line],
    model: OnnxModel | None,
) -> str:
    """Keep the table as a node: which model, which rows calibrated it, what came of it."""
    table = [asdict(line) for line in lines]
    outputs = {"table": facts.stored(store, table)}
    if model is not None:
        outputs["model"] = facts.stored(store, model)
    inputs = {"model": bytes.fromhex(found.content), "rows": rows, "how": how}
    return facts.record(store, "clew.app:quantize", "quantization", inputs, outputs).hex()
