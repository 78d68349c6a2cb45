"""Calls and slices as drafts of nodes: operation, code, inputs with sources, outputs, cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from clew.errors import ClewError
from clew.lineage.canonical import CodeId, Digest, ValueId
from clew.lineage.code import code_record
from clew.lineage.code.origin import release
from clew.lineage.code.record import CodeRecord
from clew.lineage.records import Cost, Edge, call_id
from clew.reuse.estimators.call import Call
from clew.reuse.estimators.classes import is_user_class
from clew.reuse.estimators.graph import Draft, Graph
from clew.reuse.estimators.identity import name, scalar_bytes
from clew.reuse.estimators.request import Request, operation_of
from clew.reuse.estimators.results import Result
from clew.reuse.estimators.session import Session

SLICE = "sklearn.utils:_safe_indexing"
_SHOWN = 8


def outputs_of(key: Digest) -> tuple[Digest, Digest]:
    """Return the names of what a call gives: its result, and the estimator as a fit left it."""
    return name("output", key), name("fitted", key)


def record(call: Call, request: Request, result: Result, cost: Cost) -> None:
    """Add a call that was computed to the graph of its session."""
    graph, estimator = call.session.graph, call.estimator
    if graph is None:
        return
    output, fitted = outputs_of(request.key)
    outputs = [Edge("estimator", ValueId(fitted))] if request.fits else []
    if request.method != "fit":
        outputs.insert(0, Edge("result", ValueId(output)))
    inputs = tuple(_edge(graph, label, made) for label, made in request.inputs)
    graph.describe(inputs[0].value, estimator, _text(estimator, request.before))
    for edge in inputs[1:]:
        graph.describe(edge.value, request.arguments[edge.name])
    for edge in outputs:
        if edge.name == "estimator":
            graph.describe(edge.value, estimator, f"fitted {type(estimator).__name__}")
        else:
            graph.describe(edge.value, _shown(call, result))
    _describe_code(graph, request.code, type(estimator))
    if not graph.knows_environment(request.environment):
        graph.describe_environment(request.environment, call.session.environment.record())
    graph.add(
        Draft(
            key=request.key,
            operation=operation_of(estimator, request.method),
            kind="fit" if request.fits else "call",
            code=request.code,
            environment=request.environment,
            seed=request.seed,
            inputs=inputs,
            outputs=tuple(outputs),
            cost=cost,
            result=result,
        )
    )


def record_slice(
    session: Session, made: Digest, parent: tuple[Any, Digest], index: tuple[Any, bytes], axis: int
) -> None:
    """Add a slice to the graph: it is written when something dear was made from it."""
    graph = session.graph
    if graph is None or graph.knows(made):
        return
    rows = Digest(index[1]) if len(index[1]) == len(made) else name("index", index[1])
    edges = (
        _edge(graph, "X", parent[1]),
        _edge(graph, "indices", rows),
        Edge("axis", ValueId(name("scalar", scalar_bytes(axis) or b""))),
    )
    for edge, value in zip(edges, (parent[0], index[0], axis), strict=True):
        graph.describe(edge.value, value)
    key = call_id(SLICE, None, None, None, edges)
    outputs = (Edge("result", ValueId(made)),)
    graph.add(Draft(key, SLICE, "slice", None, None, None, edges, outputs))


def _edge(graph: Graph, label: str, made: Digest) -> Edge:
    return Edge(label, ValueId(made), graph.source(made))


def _shown(call: Call, result: Result) -> Any:
    value = result.output.value
    return call.estimator if result.output.kind == "slot" else value


def _text(estimator: Any, before: Mapping[str, Any]) -> str:
    """Return an estimator as it was given to a call, with its first plain attributes."""
    plain = [
        f"{key}={value!r}"
        for key, value in before.items()
        if scalar_bytes(value) is not None and not key.startswith("_") and len(repr(value)) < 40
    ]
    return f"{type(estimator).__name__}({', '.join(plain[:_SHOWN])})"


def _describe_code(graph: Graph, code: CodeId, cls: type) -> None:
    if graph.knows_code(code):
        return
    try:
        if is_user_class(cls):
            found = dataclasses.replace(code_record(cls), id=code)
        else:
            used = (release(cls.__module__),)
            found = CodeRecord(code, cls.__module__, cls.__qualname__, "", (), used, (), (), ())
    except ClewError:  # it has an id, and no record that could be shown
        return
    graph.describe_code(code, found)
