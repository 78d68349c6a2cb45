"""`clew export`: a thread of the graph, with its values, as one file.

The file is a zip archive without compression (values bring their own) of four kinds of entries:
``manifest.json`` names the format and every other entry with its size and BLAKE3 sum;
``records.msgpack`` holds nodes, values, code, environments and the run; ``values/ID`` are the files
of a blob store, byte for byte.
"""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from blake3 import blake3

from clew.adapters.blobs.local import framing
from clew.app.upkeep.collect import Graph, nodes_of
from clew.errors import CorruptValue, NotFound, StoreError
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.ports import BlobStore
from clew.lineage.records import Code, LogEntry, Node, Run, Use, Value

FORMAT = "clew-thread"
VERSION = 1
MANIFEST = "manifest.json"
RECORDS = "records.msgpack"
VALUES = "values/"
_ARTIFACT = re.compile(r"[0-9a-f]{40}")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""One time for all entries: the same thread gives the same file."""


@dataclass(frozen=True, slots=True)
class Records:
    """The facts of a thread.

    Parameters
    ----------
    seeds : dict of str to str
        Seeds by node id (hexadecimal) that MessagePack has no number for, in decimal.
    """

    nodes: tuple[Node, ...] = ()
    values: tuple[Value, ...] = ()
    codes: tuple[Code, ...] = ()
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    run: Run | None = None
    uses: tuple[Use, ...] = ()
    entries: tuple[LogEntry, ...] = ()
    seeds: dict[str, str] = field(default_factory=dict)

    def packed(self) -> bytes:
        """Return the records as MessagePack."""
        big = {n.id: n.seed for n in self.nodes if n.seed is not None and abs(n.seed) >= 1 << 63}
        nodes = (dataclasses.replace(n, seed=None) if n.id in big else n for n in self.nodes)
        seeds = {id.hex(): str(seed) for id, seed in big.items()}
        return msgspec.msgpack.encode(dataclasses.replace(self, nodes=tuple(nodes), seeds=seeds))

    @staticmethod
    def unpacked(content: bytes) -> Records:
        """Return the records of MessagePack; raises `ValueError` for what is none."""
        records = msgspec.msgpack.decode(content, type=Records)
        seeds = {bytes.fromhex(id): int(seed) for id, seed in records.seeds.items()}
        nodes = (
            dataclasses.replace(n, seed=seeds[n.id]) if n.id in seeds else n for n in records.nodes
        )
        return dataclasses.replace(records, nodes=tuple(nodes), seeds={})


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was written or read.

    Parameters
    ----------
    absent : tuple of ValueId
        Values of the thread whose bytes are not in the file (they can be computed again).
    """

    path: Path
    nodes: int
    values: int
    size_bytes: int
    absent: tuple[ValueId, ...]


def export_thread(
    graph: Graph,
    blobs: BlobStore,
    file: str | Path,
    *,
    node: NodeId | None = None,
    value: ValueId | None = None,
    run: str | None = None,
) -> Bundle:
    """Write a node, a value or a run, with all its ancestors and their values, to one file.

    Parameters
    ----------
    file : str or Path
        Where to write; a file of that name is replaced once the new one is whole.
    node, value, run : optional
        What to export: exactly one of them.

    Raises
    ------
    NotFound
        When it is not in the store.
    StoreError
        When the file cannot be written.
    """
    records = _gather(graph, node, value, run)
    path = Path(file)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    ids = _with_members(blobs, _values_of(records, value))
    try:
        stored = _write(temporary, records, blobs, ids)
        temporary.replace(path)
    except OSError as error:
        raise StoreError(
            f"the thread cannot be written to {path}",
            got=str(error),
            hint="choose another place with enough room",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    absent = tuple(id for id in ids if id not in stored)
    return Bundle(path, len(records.nodes), len(stored), path.stat().st_size, absent)


def _gather(graph: Graph, node: NodeId | None, value: ValueId | None, run: str | None) -> Records:
    if (node is not None) + (value is not None) + (run is not None) != 1:
        raise NotFound("nothing to export", expected="exactly one node, value or run")
    found = None if run is None else graph.run(run)
    if run is not None and found is None:
        raise NotFound("no such run", got=run)
    uses = () if run is None else graph.uses(run)
    starts = _starts(graph, node, value, found)
    nodes = tuple(
        known for id in graph.closure(starts, "up") if (known := graph.node(id)) is not None
    )
    records = Records(
        nodes=nodes,
        run=found,
        uses=uses,
        entries=() if run is None else graph.entries(run),
    )
    codes = [graph.code(id) for id in sorted({n.code for n in nodes if n.code is not None})]
    places = sorted({n.environment for n in nodes if n.environment is not None})
    return dataclasses.replace(
        records,
        values=tuple(graph.describe(_values_of(records, value)).values()),
        codes=tuple(code for code in codes if code is not None),
        environments={id.hex(): dict(graph.environment(id) or {}) for id in places},
    )


def _starts(
    graph: Graph, node: NodeId | None, value: ValueId | None, run: Run | None
) -> list[NodeId]:
    if node is not None:
        if graph.node(node) is None:
            raise NotFound("no such node", got=node.hex())
        return [node]
    if value is not None:
        makers = list(graph.linked(value, "up"))
        if not makers and not graph.describe([value]):
            raise NotFound("no such value", got=value.hex())
        return makers
    return [] if run is None else nodes_of(graph, run)


def _values_of(records: Records, value: ValueId | None) -> list[ValueId]:
    """Return the values that the records name, each once."""
    found = [edge.value for n in records.nodes for edge in (*n.inputs, *n.outputs)]
    if value is not None:
        found.append(value)
    if records.run is not None and records.run.result is not None:
        found.append(records.run.result)
    texts = [entry.text or "" for entry in records.entries if entry.kind == "artifact"]
    found += [ValueId(Digest(bytes.fromhex(text))) for text in texts if _ARTIFACT.fullmatch(text)]
    return list(dict.fromkeys(found))


def _with_members(blobs: BlobStore, ids: Iterable[ValueId]) -> list[ValueId]:
    found: dict[ValueId, None] = {}
    todo = list(ids)[::-1]
    while todo:
        id = todo.pop()
        if id not in found:
            found[id] = None
            todo += blobs.children(id) or ()
    return list(found)


def _write(path: Path, records: Records, blobs: BlobStore, ids: Iterable[ValueId]) -> list[ValueId]:
    entries: dict[str, dict[str, object]] = {}
    stored = []
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as archive:
        _add(archive, entries, RECORDS, [records.packed()])
        for id in ids:
            try:
                encoded = blobs.get(id)
            except CorruptValue:
                continue  # Set aside now; the thread says how to compute it.
            if encoded is not None:
                _add(archive, entries, VALUES + id.hex(), framing.pack(id, encoded))
                stored.append(id)
        manifest = {"format": FORMAT, "version": VERSION, "entries": entries}
        _add(archive, {}, MANIFEST, [json.dumps(manifest, indent=1).encode()])
    return stored


def _add(
    archive: zipfile.ZipFile,
    entries: dict[str, dict[str, object]],
    name: str,
    pieces: Iterable[bytes | memoryview],
) -> None:
    hasher = blake3()
    size = 0
    info = zipfile.ZipInfo(name, _EPOCH)
    with archive.open(info, "w", force_zip64=True) as entry:
        for piece in pieces:
            hasher.update(piece)
            entry.write(piece)
            size += len(piece)
    entries[name] = {"size": size, "blake3": hasher.hexdigest()}
