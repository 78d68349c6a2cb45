"""A graph of 100,000 nodes in one store: how large it is, how fast it opens and answers.

A hundred threads of a thousand nodes; each node takes two results of its own thread, so that the
last node of a thread stands on nearly all of it. Times are CPU seconds; answers are compared with
the same graph in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from bench.figure import Figure
from bench.place import fresh_store
from clew.adapters.stores.sqlite import SqliteStore
from clew.app.store import open_store
from clew.lineage.canonical import CodeId, Digest, ValueId, digest
from clew.lineage.records import Cost, Edge, Node, Reason, Run, Use, Value, call_id

THREADS = 100
OPERATIONS = 20
REPEATS = 15


def figures(quick: bool) -> Iterator[Figure]:
    length = 100 if quick else 1_000
    with fresh_store() as folder:
        file = folder / "clew.db"
        threads = [thread(number, length) for number in range(THREADS)]
        write(file, threads)
        size_bytes = sum(path.stat().st_size for path in folder.glob("clew.db*"))
        each = size_bytes / (THREADS * length)
        yield Figure("graph.bytes_per_node", each, "bytes", size_bytes, THREADS * length)
        log(file, threads)
        yield opened(file)
        yield ancestors(file, threads[-1])
        yield why(folder, threads[-1])


def opened(file: Path) -> Figure:
    def open_and_ask() -> int:
        with SqliteStore(file) as store:
            return len(store.runs(limit=1))

    found, median_ms = timed(open_and_ask)
    return Figure("graph.open_ms", median_ms, "ms", median_ms, agrees=found == 1)


def ancestors(file: Path, nodes: Sequence[Node]) -> Figure:
    maker = {node.outputs[0].value: node for node in nodes}
    expected, pending = set(), [nodes[-1]]
    while pending:
        node = pending.pop()
        if node.id not in expected:
            expected.add(node.id)
            pending += [maker[edge.value] for edge in node.inputs if edge.value in maker]
    with SqliteStore(file) as store:
        found, median_ms = timed(lambda: store.closure([nodes[-1].id], "up"))
    agrees = set(found) == expected and len(found) == len(expected)
    return Figure("graph.ancestors_ms", median_ms, "ms", median_ms, agrees=agrees)


def why(folder: Path, nodes: Sequence[Node]) -> Figure:
    store = open_store(folder)
    run, label = run_id(THREADS - 1), f"step{len(nodes) - 1}"
    (found,), median_ms = timed(lambda: store.why(run, label))
    return Figure("graph.why_ms", median_ms, "ms", median_ms, agrees=bool(found.changed))


def thread(number: int, length: int) -> list[Node]:
    """Return the nodes of one thread, in order."""
    random = Random(number)
    nodes: list[Node] = []
    for position in range(length):
        earlier = nodes[-20:]
        taken = random.sample(earlier, 2) if len(earlier) > 1 else []
        inputs = tuple(Edge(f"x{slot}", node.outputs[0].value) for slot, node in enumerate(taken))
        inputs = inputs or (Edge("x0", ValueId(named("leaf", number, position))),)
        nodes.append(call(number, position, inputs))
    return nodes


def call(number: int, position: int, inputs: tuple[Edge, ...]) -> Node:
    operation = f"flow:step{position % OPERATIONS}"
    code, environment = CodeId(named("code", position % OPERATIONS)), named("environment")
    id = call_id(operation, code, environment, None, inputs)
    result = Edge("result", ValueId(named("value", number, position)))
    cost = Cost(0.5, 0.5, 1_000)
    created_ms = 1_700_000_000_000 + position
    return Node(id, id, operation, "step", code, environment, None, inputs, (result,), (), cost,
                created_ms)  # fmt: skip


def write(file: Path, threads: Sequence[Sequence[Node]]) -> None:
    """Store nodes and descriptions of their values, a thread at a time."""
    with SqliteStore(file) as store:
        for nodes in threads:
            ids = [edge.value for node in nodes for edge in node.outputs]
            values = [Value(id, "numpy.ndarray", "float64[1000, 8]", "array", 64) for id in ids]
            store.record(nodes, values)


def log(file: Path, threads: Sequence[Sequence[Node]]) -> None:
    """Store a run for each thread, which computed all its nodes."""
    reason = Reason("first-run", "no valid result of this call is known")
    with SqliteStore(file) as store:
        for number, nodes in enumerate(threads):
            store.start(Run(run_id(number), "flow:many", "running", 1_700_000_000_000 + number))
            uses = [
                Use(seq, f"step{seq}", node.id, "computed", reason, 0.5)
                for seq, node in enumerate(nodes)
            ]
            store.use(run_id(number), uses)


def run_id(number: int) -> str:
    return f"01ARZ3NDEKTSV4RRFFQ69G5{number:03d}"


def named(*parts: object) -> Digest:
    return digest("bench", 1, [str(part).encode() for part in parts])


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result and the median CPU milliseconds of a call."""
    samples = []
    for _ in range(REPEATS):
        began = time.process_time()
        result = function()
        samples.append((time.process_time() - began) * 1000)
    return result, sorted(samples)[len(samples) // 2]
