"""The ports of the core: what it asks of stores, and nothing more.

Every port is small, and `clew.testing` ships a conformance suite for each: an adapter is done when
it passes. All methods may be called from several threads at once; several processes may hold
adapters on the same place at once. What a method returned stays valid after the store is closed.
Failures are `StoreError` (or a subclass), never a backend's own exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from clew.lineage.canonical import CodeId, Digest, NodeId, ValueId
from clew.lineage.records import Code, LogEntry, Node, Run, Use, Value

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as bytes: what a codec makes of it and what a blob store keeps.

    Parameters
    ----------
    format : str
        Name of the codec that can read it (``"array"``, ``"arrow"``, ``"json"``, …).
    meta : bytes
        Small header of the codec (dtype and shape, a manifest of children, …).
    buffers : tuple of buffer
        Payload, zero-copy where the value allows it.
    children : tuple of ValueId
        Values that this one refers to by id (a tuple's large members), stored on their own. An id
        appears as often as there are distinct objects with that content.
    trusted_only : bool
        Reading it may run code (pickle): only from a store that this machine's user owns.
    """

    format: str
    meta: bytes
    buffers: tuple[bytes | memoryview, ...] = ()
    children: tuple[ValueId, ...] = ()
    trusted_only: bool = False

    @property
    def size_bytes(self) -> int:
        """Size of the payload and its header."""
        return len(self.meta) + sum(memoryview(b).nbytes for b in self.buffers)


class NodeStore(Protocol):
    """Nodes and the edges between them. Append-only, but for the irreproducible mark."""

    def add(self, nodes: Sequence[Node], values: Sequence[Value]) -> None:
        """Add nodes with the values they touch, atomically; what is there already stays."""

    def node(self, id: NodeId) -> Node | None:
        """Return one node."""

    def variants(self, calls: Sequence[NodeId]) -> Mapping[NodeId, tuple[Node, ...]]:
        """Return the nodes of each call, newest first; calls never seen are left out."""

    def linked(self, value: ValueId, direction: Direction) -> tuple[NodeId, ...]:
        """Return the nodes that made a value ("up") or that read it ("down")."""

    def closure(
        self, start: Sequence[NodeId], direction: Direction, depth: int | None = None
    ) -> tuple[NodeId, ...]:
        """Return `start` and all its ancestors ("up") or descendants ("down"), nearest first."""

    def mark_irreproducible(self, id: NodeId) -> None:
        """Remember that a node gave two different results."""

    def history(
        self, operation: str, limit: int, *, until_ms: int | None = None
    ) -> tuple[Node, ...]:
        """Return the newest nodes of an operation, made no later than `until_ms` if given."""

    def match(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """Return up to 20 ``(kind, id)`` of runs, nodes and values that begin with `prefix`."""


class ValueIndex(Protocol):
    """What is known of values besides their bytes, and the code and environments of nodes."""

    def describe(self, ids: Sequence[ValueId]) -> Mapping[ValueId, Value]:
        """Return what is known of each value."""

    def update(self, values: Sequence[Value]) -> None:
        """Insert or replace descriptions (state, format, size)."""

    def put_code(self, code: Code) -> None:
        """Remember a code fingerprint's record."""

    def code(self, id: CodeId) -> Code | None:
        """Return a code fingerprint's record."""

    def put_environment(self, id: Digest, record: Mapping[str, str]) -> None:
        """Remember an environment (name to version)."""

    def environment(self, id: Digest) -> Mapping[str, str] | None:
        """Return an environment."""


class RunStore(Protocol):
    """Runs, how they used nodes, and what they logged."""

    def start(self, run: Run) -> None:
        """Add a run."""

    def finish(self, run: Run) -> None:
        """Replace a run's status, end, result and error."""

    def use(self, run: str, uses: Sequence[Use], entries: Sequence[LogEntry] = ()) -> None:
        """Add uses of nodes and log entries to a run, atomically."""

    def run(self, id: str) -> Run | None:
        """Return one run."""

    def runs(self, *, flow: str | None = None, limit: int = 100) -> tuple[Run, ...]:
        """Return the newest runs first."""

    def uses(self, run: str) -> tuple[Use, ...]:
        """Return the uses of a run in order; a later use of a label replaces an earlier one."""

    def entries(self, run: str) -> tuple[LogEntry, ...]:
        """Return what a run logged: metrics, params, tags, artifacts; each by name.

        Of a metric every point, by step, then time (the same point twice is one); of a param, tag
        or artifact what was logged last.
        """


class UsageIndex(Protocol):
    """Who uses a file, a path, a library: the questions behind impact."""

    def readers(self, kind: str, name: str) -> tuple[NodeId, ...]:
        """Return the nodes that were seen to read a file, variable or generator by name."""

    def paths_called(self, text: str) -> tuple[ValueId, ...]:
        """Return the values that are paths and read `text`."""

    def codes(self) -> Iterator[Code]:
        """Yield every code fingerprint that the store has a record of."""

    def nodes_of_code(self, ids: Sequence[CodeId]) -> tuple[NodeId, ...]:
        """Return the nodes that ran one of the codes."""


class BlobStore(Protocol):
    """Bytes of values by content id. Writes are atomic, reads are verified."""

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes."""

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None.

        Raises
        ------
        CorruptValue
            When they do not match their checksum; they are moved to quarantine first.
        """

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""

    def size(self, id: ValueId) -> int | None:
        """Return the stored size of a value in bytes; None when absent."""

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to, without reading it; None when absent."""

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of last use)``."""


class SmallBlobs(BlobStore, Protocol):
    """A blob store beside the records: small values are written with them, in one transaction."""

    def pack(self, id: ValueId, encoded: Encoded) -> bytes | None:
        """Return a value's bytes as `Value.content` takes them; None when they are too many."""


class Receiver(Protocol):
    """A file on its way into a store of streams; nothing is seen of it before `commit`."""

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes; they are hashed and written at once, never held."""

    def commit(self) -> tuple[ValueId, int]:
        """Keep the file (once, however often it comes); return its content id and size in bytes."""

    def abort(self) -> None:
        """Drop what was written; nothing happens after `commit`."""


class StreamStore(Protocol):
    """Files by content id, too large to hold in memory.

    The content id is that of a file with these bytes (`clew.adapters.files.content`), wherever it
    lies. A file is a value among others: `BlobStore` deletes, lists and checks it.
    """

    def receive(self) -> Receiver:
        """Begin a file."""

    def stream(self, id: ValueId, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a file from `start` up to (not including) `stop`, in pieces.

        Raises
        ------
        NotFound
            When there is no file with this content.
        CorruptValue
            When its bytes are damaged; before the last piece at the latest.
        """

    def length(self, id: ValueId) -> int | None:
        """Return a file's size in bytes; None when there is none with this content."""

    def holds(self, id: ValueId) -> bool:
        """Tell whether a file with this content is there."""


class Claims(Protocol):
    """Placeholders: who computes a node holds its claim; others wait, never compute it twice."""

    def hold(self, id: NodeId, *, wait: bool = True) -> AbstractContextManager[bool]:
        """Hold a node's claim for the length of a ``with`` block.

        The context gives True when the claim was free, False when another thread or process held
        it meanwhile (its result may be there now: look again). A holder that dies frees its
        claim. With ``wait=False`` the context gives False at once and holds nothing.
        """


class Codec(Protocol):
    """One storage format.

    Attributes
    ----------
    name : str
        Name of the format, as stored.
    exact : bool
        Whether every value that it accepts comes back indistinguishable by construction. Where
        that is not so, `Codecs` decodes what was encoded and compares content ids.
    """

    name: str
    exact: bool

    def accepts(self, value: object) -> bool:
        """Tell whether this format can hold the value."""

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the bytes, and the children that are to be stored on their own."""

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return a private value: nobody else sees what the caller does to it."""


class Codecs(Protocol):
    """All storage formats: the first that accepts a value holds it.

    Decoding gives a value with the content id of the one that was encoded.
    """

    def encode(
        self, value: object, id: ValueId | None = None
    ) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the bytes of a value, and its children.

        Parameters
        ----------
        id : ValueId, optional
            Its content id, where it is known.

        Raises
        ------
        UnsupportedValue
            When no format can hold it.
        """

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the value.

        Parameters
        ----------
        children : sequence
            One private value for each of ``encoded.children``, in that order. An id that appears
            there twice stands for two equal values, not for one.

        Raises
        ------
        UnsafeLoad
            When reading would run code from a place that is not trusted.
        MissingExtra
            When the library of its format is not installed.
        CorruptValue
            When the bytes are not what the format demands.
        """
