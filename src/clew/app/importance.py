"""Which params of a study mattered: computed once for equal results, then a node like others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from clew.app.store import Store
from clew.errors import ClewError, MissingExtra, NotFound, StoreError
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Cost, Edge, Node, call_id

if TYPE_CHECKING:
    from clew.select.mattered import Importance

STUDY = "clew.select:study"
OPERATION = "clew.select:importance"


def study_importance(store: Store, id: str, metric: str | None = None) -> Importance:
    """Return how much each param of a study explains of the spread of a score.

    What was computed before for equal results, by this format and this scikit-learn, is loaded.

    Raises
    ------
    NotFound
        When there is no such study, or its results were collected.
    InvalidParameter
        When it has no such score, or too few trials to tell.
    MissingExtra
        Without scikit-learn.
    """
    node = store.node(id)
    if node.operation != STUDY:
        raise NotFound(f"{id!r} is no study", hint="`clew study list` lists studies")
    result = node.output("result")
    if result is None:
        raise NotFound(f"study {id} has no results")
    try:
        import sklearn

        from clew.select.mattered import FORMAT, Importance, importance
    except ImportError as error:
        raise MissingExtra(
            "the importance of params needs scikit-learn", hint="pip install 'clew[sklearn]'"
        ) from error
    runtime = store.runtime
    how = {"format": FORMAT, "metric": metric or "", "sklearn": sklearn.__version__}
    inputs = (Edge("results", result), Edge("how", fingerprint(how)))
    call = call_id(OPERATION, None, runtime.environment[0], None, inputs)
    for known in runtime.store.variants([call]).get(call, ()):
        told = known.output("importance")
        # Where its bytes were collected, it is computed again.
        with suppress(ClewError):
            if told is not None:
                return msgspec.json.decode(runtime.vault.get(told), type=Importance)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    found = importance(runtime.vault.get(result), metric)
    cost = Cost(time.perf_counter() - began_s, time.process_time() - began_cpu_s)
    # A store that may only be read cannot keep it; it is right all the same.
    with suppress(StoreError):
        _remember(store, call, inputs, how, msgspec.json.encode(found).decode(), cost)
    return found


def _remember(
    store: Store,
    call: NodeId,
    inputs: tuple[Edge, ...],
    how: Mapping[str, object],
    text: str,
    cost: Cost,
) -> None:
    runtime = store.runtime
    output: ValueId = fingerprint(text)
    _, size_bytes = runtime.vault.put(text, output)
    node = Node(
        id=call,
        call=call,
        operation=OPERATION,
        kind="step",
        code=None,
        environment=runtime.environment[0],
        seed=None,
        inputs=inputs,
        outputs=(Edge("importance", output),),
        created_ms=time.time_ns() // 1_000_000,
        cost=replace(cost, size_bytes=size_bytes),
    )
    kept = replace(describe(output, text), size_bytes=size_bytes, state="stored")
    runtime.store.record([node], [describe(inputs[1].value, how), kept])
