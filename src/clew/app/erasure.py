"""Erase rows: drop the tables that hold them and all tables made of these, and say what is left.

Bytes go and a tombstone stays: no call is answered with what was erased, and what was made of it
can still be explained. Models stay, since they may be serving: they are listed, to be made anew
from sources without the rows.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from blake3 import blake3

from clew.app import facts
from clew.app.datasets.versioned import datasets
from clew.app.row_impact import RowImpact, row_impact
from clew.app.serving import journal_of
from clew.app.source_rows import TABLES
from clew.app.store import Store
from clew.app.tracking import tracking_of
from clew.app.trail import tell
from clew.entities import LoggedModel, ModelVersion, Owner
from clew.errors import ClewError, InvalidParameter
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.records import Node
from clew.lineage.values import ValueVault
from clew.serve.journal.frame import Batch
from clew.track.rows import ARRAY, TABLE

ERASURE, SUBJECT = "clew.data:erasure", "erasures"
_CONTAINERS = ("builtins.tuple", "builtins.list", "builtins.dict")
_HOLDS = (*TABLES, "numpy.ndarray", "scipy.sparse", *_CONTAINERS)
_SAMPLES = (TABLE, ARRAY, f"{ARRAY}.json", "input_example.json")


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure drops, and what must be done besides.

    Parameters
    ----------
    rows : tuple of str
        The rows, as they were named.
    values : tuple of str
        Content ids of tables and arrays that hold the rows or were made of some that do.
    size_bytes : int
        What these take.
    samples : tuple of (str, str)
        Rows that are kept beside models: id of the logged model, and file.
    rebuild : tuple of Node
        Calls to repeat, the first first: they made or read what is dropped.
    models, versions
        To be made anew: they have seen the rows.
    predictions : int
        Answers that these versions have given.
    asked : int
        Stored requests that hold the rows themselves; they are not dropped.
    datasets : tuple of str
        Named datasets whose newest version holds the rows: commit one without them. Older versions
        are not dropped.
    sources : tuple of str
        Files that the calls read: the rows come back from there.
    unread : tuple of str
        Content ids of tables that could not be searched.
    done : bool
        Whether it was done; else it only says what would be.
    node : str or None
        The node that records it.
    """

    rows: tuple[str, ...]
    values: tuple[str, ...]
    size_bytes: int
    samples: tuple[tuple[str, str], ...]
    rebuild: tuple[Node, ...]
    models: tuple[LoggedModel, ...]
    versions: tuple[ModelVersion, ...]
    predictions: int
    asked: int
    datasets: tuple[str, ...]
    sources: tuple[str, ...]
    unread: tuple[str, ...]
    done: bool
    node: str | None


def erase(
    store: Store,
    rows: Sequence[tuple[str, str]],
    *,
    apply: bool = False,
    reason: str | None = None,
) -> Erasure:
    """Say what came of rows; with `apply`, drop the tables that hold them.

    Parameters
    ----------
    rows : sequence of (str, str)
        Columns that name rows, with the values that are erased.
    apply : bool, default False
        Do it.
    reason : str, optional
        Why; needed to do it.

    Raises
    ------
    NotFound
        When no table of the store has such a row.
    InvalidParameter
        When no row or no reason is given.
    InvalidState
        When the store is a server's.
    """
    if not rows:
        raise InvalidParameter("rows to erase", expected="COLUMN=VALUE")
    if apply and not reason:
        raise InvalidParameter("an erasure needs a reason", hint="--reason TEXT")
    found = [row_impact(store, column, value) for column, value in rows]
    values, size = _values(store, found)
    nodes = {node.id: node for one in found for node in one.nodes}
    models = {model.id: model for one in found for model in one.models}
    versions = {(v.name, v.version): v for one in found for v in one.versions}
    sources = {f"{read.kind} {read.name}" for node in nodes.values() for read in node.reads}
    samples = tuple(
        (id, artifact.path)
        for id in models
        for artifact in tracking_of(store.runtime).artifacts.list(Owner("model", id))
        if artifact.path in _SAMPLES
    )
    said = Erasure(
        rows=tuple(one.what for one in found),
        values=tuple(id.hex() for id in values),
        size_bytes=size,
        samples=samples,
        rebuild=tuple(nodes.values()),
        models=tuple(models.values()),
        versions=tuple(versions.values()),
        predictions=max((one.predictions for one in found), default=0),
        asked=_asked(store, rows),
        datasets=_datasets(store, rows),
        sources=tuple(sorted(sources)),
        unread=tuple(dict.fromkeys(id for one in found for id in one.unread)),
        done=False,
        node=None,
    )
    if not apply:
        return said
    return replace(said, done=True, node=_done(store, said, values, rows, str(reason)))


def _values(store: Store, found: Sequence[RowImpact]) -> tuple[list[ValueId], int]:
    """Return the tables and arrays that hold the rows, or that were made of those."""
    blobs = cast(ValueVault, store.runtime.vault).blobs
    holders = {ValueId(Digest(bytes.fromhex(t.value))) for one in found for t in one.tables}
    direct = set(holders)
    for id in holders:
        direct |= {edge.value for node in _nodes(store, id) for edge in node.outputs}
    below = [node for one in found for node in _below(one, holders)]
    made = {edge.value for node in below for edge in node.outputs}
    known = store.runtime.store.describe(list(direct | made))
    chosen = [
        id for id, value in known.items() if id in holders or value.type_name.startswith(_HOLDS)
    ]
    tainted = {node.id for node in below} | {node.id for id in direct for node in _nodes(store, id)}
    whole, todo = dict.fromkeys(chosen), list(chosen)
    while todo:  # What lies inside a tuple of tables is stored by itself.
        parent = todo.pop()
        is_table = parent in known and known[parent].type_name.startswith(TABLES)
        for child in blobs.children(parent) or ():
            if child not in whole and (is_table or _came_of(store, child, tainted)):
                whole[child] = None
                todo.append(child)
    stored = [id for id in whole if blobs.has(id)]
    return stored, sum(blobs.size(id) or 0 for id in stored)


def _came_of(store: Store, id: ValueId, tainted: set[NodeId]) -> bool:
    """Tell whether a part of a container came of the rows, and is neither model nor other table."""
    value = store.runtime.store.describe([id]).get(id)
    if value is None:
        try:
            if hasattr(store.runtime.vault.get(id), "predict"):
                return False
        except ClewError:
            pass  # It cannot be read: it may hold the rows.
    elif not value.type_name.startswith(_HOLDS):
        return False
    makers = {node.id for node in _nodes(store, id) if node.kind != "run"}
    return not makers or bool(makers & tainted)


def _nodes(store: Store, id: ValueId) -> list[Node]:
    found = [store.runtime.store.node(one) for one in store.runtime.store.linked(id, "up")]
    return [node for node in found if node is not None]


def _below(one: RowImpact, holders: set[ValueId]) -> list[Node]:
    """Return the calls that read a table with the rows, and all that came of these."""
    tainted, found = set(holders), []
    seen: set[NodeId] = set()
    grew = True
    while grew:
        grew = False
        for node in one.nodes:
            if node.id not in seen and any(edge.value in tainted for edge in node.inputs):
                seen.add(node.id)
                found.append(node)
                tainted |= {edge.value for edge in node.outputs}
                grew = True
    return found


def _asked(store: Store, rows: Sequence[tuple[str, str]]) -> int:
    wanted, count = dict(rows), 0
    for entry in journal_of(store):
        if isinstance(entry, Batch) and wanted.keys() & set(entry.columns):
            at = [(n, wanted[c]) for n, c in enumerate(entry.columns) if c in wanted]
            count += sum(any(str(row[n]) == value for n, value in at) for row in entry.rows)
    return count


def _datasets(store: Store, rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    found = []
    for name in datasets(store):
        try:
            table = store.dataset(name).checkout().to_pandas()
        except ClewError:
            continue  # A name without versions.
        if any(c in table.columns and (table[c].astype(str) == v).any() for c, v in rows):
            found.append(name)
    return tuple(found)


def _done(
    store: Store,
    said: Erasure,
    values: Sequence[ValueId],
    rows: Sequence[tuple[str, str]],
    reason: str,
) -> str:
    """Drop the values, leave tombstones, and record that it was done, but not of whom."""
    blobs = cast(ValueVault, store.runtime.vault).blobs
    for id in values:
        blobs.delete(id)
    known = store.runtime.store.describe(list(values)).values()
    gone = [replace(v, state="erased", preview="", size_bytes=0) for v in known]
    store.runtime.store.update(gone)
    artifacts = tracking_of(store.runtime).artifacts
    for model, path in said.samples:
        artifacts.delete(Owner("model", model), path)
    key = secrets.token_bytes(32)
    hashes = [blake3(f"{c}={v}".encode(), key=key).hexdigest() for c, v in rows]
    plain = {
        "columns": sorted({column for column, _ in rows}),
        "rows": hashes,
        "key": key.hex(),
        "values": list(said.values),
        "versions": [f"{one.name}/{one.version}" for one in said.versions],
        "reason": reason,
    }
    result = facts.stored(store, plain)
    inputs = {"rows": hashes, "key": key.hex()}
    node = facts.record(store, ERASURE, "erasure", inputs, {"result": result})
    tell(
        tracking_of(store.runtime).audit,
        facts.user(),
        "rows.erased",
        f"{SUBJECT}/{node.hex()[:12]}",
        after={"values": len(values), "columns": plain["columns"]},
        reason=reason,
    )
    return node.hex()
