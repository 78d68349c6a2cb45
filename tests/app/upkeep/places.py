"""A store of its own with a small thread in it: raw → clean → model, made by one run."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clew.adapters.blobs.local import LocalBlobs
from clew.adapters.blobs.split import SplitBlobs
from clew.adapters.formats import FormatRegistry
from clew.adapters.stores.sql import SqliteStore
from clew.lineage.canonical import ValueId, digest
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import (
    Code,
    Cost,
    Edge,
    LogEntry,
    Node,
    Reason,
    Run,
    Use,
    Value,
    call_id,
)
from clew.lineage.values import ValueVault

RAW: Any = np.arange(10_000.0)
CLEAN: Any = (np.arange(5_000.0), {"dropped": 3})
MODEL: Any = {"coef": [1.5, 2.5], "classes": ("no", "yes")}


@dataclass
class Place:
    store: SqliteStore
    files: LocalBlobs
    blobs: SplitBlobs
    vault: ValueVault

    def put(self, value: object) -> Value:
        id, size = self.vault.put(value)
        return Value(id, type(value).__name__, "…", "any", size, "stored")

    def step(self, operation: str, inputs: list[ValueId], output: Value, wall_s: float) -> Node:
        edges = tuple(
            Edge(f"argument_{n}", value, next(iter(self.store.linked(value, "up")), None))
            for n, value in enumerate(inputs)
        )
        code = Code(digest("code", 1, [operation.encode()]), operation, b"{}")  # type: ignore
        environment = digest("environment", 1, [b"here"])
        call = call_id(operation, code.id, environment, None, edges)
        outputs = (Edge("result", output.id),)
        node = Node(
            call, call, operation, "step", code.id, environment, None, edges, outputs,
            cost=Cost(wall_s, wall_s, output.size_bytes), created_ms=1,
        )  # fmt: skip
        self.store.put_code(code)
        self.store.put_environment(environment, {"python": "3"})
        self.store.add([node], [output])
        return node

    def thread(self, run: str = "01RUN", started_ms: int = 1000) -> list[Node]:
        raw, clean, model = (self.put(value) for value in (RAW, CLEAN, MODEL))
        nodes = [
            self.step("m:load", [], raw, 1.0),
            self.step("m:clean", [raw.id], clean, 0.001),
            self.step("m:fit", [clean.id], model, 60.0),
        ]
        context = {"pid": os.getpid(), "host": socket.gethostname()}
        self.store.start(
            Run(run, "adult", "finished", started_ms, started_ms + 5, context=json.dumps(context),
                result=model.id)
        )  # fmt: skip
        reason = Reason("first-run", "never ran before")
        uses = [
            Use(n, node.operation, node.id, "computed", reason, 1.0) for n, node in enumerate(nodes)
        ]
        self.store.use(run, uses, [LogEntry("metric", "auc", number=0.9, node=nodes[2].id)])
        return nodes


def make_place(root: Path, *, trusted: bool = True) -> Place:
    store, files = SqliteStore(root / "clew.db"), LocalBlobs(root / "values")
    blobs = SplitBlobs(store.blobs, files)
    codecs = FormatRegistry(trusted=trusted)
    return Place(store, files, blobs, ValueVault(blobs, codecs, fingerprint, blobs.pack))
