"""Datasets that hold the same things: sketches of versions, each made once and kept as a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clew.app import facts
from clew.app.datasets.versioned import Dataset, datasets
from clew.data.related import Join, Likeness, Sketch, joinable, similar, sketched
from clew.errors import NotFound
from clew.lineage.canonical import Digest, ValueId

if TYPE_CHECKING:
    from clew.app.store import Store

OPERATION = "clew.data:sketch"


def sketches(store: Store, name: str, at: str | None = None) -> tuple[Sketch, ...]:
    """Return the sketches of a version's columns, of the newest by default."""
    dataset = Dataset(store, name)
    log = dataset.log(at)
    if not log:
        raise NotFound("there is no such dataset", got=name, hint="clew data log lists them")
    version = log[0]
    inputs = {"version": ValueId(Digest(bytes.fromhex(version.delta))), "of": version.node}
    known = facts.known(store, OPERATION, inputs)
    result = None if known is None else known.output("result")
    if result is not None:
        return tuple(
            Sketch(one, kind, rows, missing, np.asarray(hashes, dtype=np.uint64))
            for one, kind, rows, missing, hashes in store.value(result.hex())
        )
    found = sketched(dataset.checkout(at or "latest"))
    plain = [[one.name, one.kind, one.rows, one.missing, one.hashes] for one in found]
    facts.record(store, OPERATION, "finding", inputs, {"result": facts.stored(store, plain)})
    return found


def similar_to(
    store: Store, name: str, at: str | None = None, *, most: int = 10
) -> tuple[Likeness, ...]:
    """Return the datasets whose newest versions are most like one's."""
    return similar(sketches(store, name, at), _others(store, name), most=most)


def joinable_with(
    store: Store, name: str, at: str | None = None, *, least: float = 0.5, most: int = 20
) -> tuple[Join, ...]:
    """Return on which columns the newest versions of other datasets join with one."""
    return joinable(sketches(store, name, at), _others(store, name), least=least, most=most)


def _others(store: Store, name: str) -> dict[str, tuple[Sketch, ...]]:
    return {other: sketches(store, other) for other in datasets(store) if other != name}
