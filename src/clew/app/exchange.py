"""What a server answers to clients that use its store as theirs: the ports, and bytes of values."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from clew import __version__
from clew.adapters.blobs.local import framing
from clew.adapters.stores.sql import packing
from clew.adapters.stores.sql.blobs import LIMIT_BYTES
from clew.app.admission import Admission, check_node
from clew.app.leases import ClientLeases
from clew.app.tracking import Tracking
from clew.errors import CorruptValue, InvalidParameter, NotFound, StoreError
from clew.lineage.canonical import DIGEST_BYTES, Digest, NodeId, ValueId
from clew.lineage.ports import BlobStore, StreamStore
from clew.lineage.records import LogEntry, Node, Use, Value
from clew.lineage.values import ValueVault
from clew.steps.runtime import Runtime, Store
from clew.wire.message import Message
from clew.wire.ports import About, Known, Presence

PIECE_BYTES = 1 << 20
_IN_MEMORY_BYTES = 4 << 20
_MOST_AT_ONCE = 10_000


class Exchange:
    """A store as its clients use it. Any thread may call.

    Parameters
    ----------
    runtime : Runtime
        The store.
    tracking : Tracking
        Its ports of tracking and the registry.
    pickles : bool
        Take values in whose reading runs code.
    checked : bool
        False believes every value; for tests of the way there.
    """

    def __init__(
        self, runtime: Runtime, tracking: Tracking, *, pickles: bool = False, checked: bool = True
    ) -> None:
        self._store = runtime.store
        self._streams = runtime.streams
        self._blobs = cast(ValueVault, runtime.vault).blobs
        self._admission = Admission(self._blobs, pickles=pickles) if checked else None
        self.leases = ClientLeases(runtime.claims)
        admission = self._admission
        graph = _Graph(self._store, admission)
        self._ports: Mapping[str, Any] = {
            "steps": _Steps(self._store, self._blobs, admission, self.leases.lease_s),
            "nodes": graph,
            "values": graph,
            "flows": self._store,
            "usage": self._store,
            "blobs": _Blobs(self._blobs, self._streams),
            "leases": self.leases,
            **{name: getattr(tracking, name) for name in tracking.PORTS},
        }

    def call(self, message: Message, arguments: dict[str, Any], actor: str) -> object:
        """Return what a port answers to a message.

        Parameters
        ----------
        actor : str
            Who asks; "" where nobody has to say. It stands in the audit trail whatever the client
            said.
        """
        if actor and "actor" in message.parameters:
            arguments["actor"] = actor
        found = getattr(self._ports[message.port], message.verb)(**arguments)
        return tuple(found) if isinstance(found, Iterator) else found

    def give(self, id: ValueId) -> Iterator[bytes]:
        """Return a value's bytes as they travel, in pieces.

        Raises
        ------
        NotFound
            When they are not there.
        """
        encoded = self._blobs.get(id)
        if encoded is None:
            raise NotFound("the bytes of a value are not in the store", got=id.hex())
        return _cut(framing.pack(id, encoded, compressed=False))

    def take(self, id: ValueId) -> Incoming:
        """Begin a value that comes in pieces."""
        return Incoming(id, self._blobs, self._admission)

    @property
    def streams(self) -> StreamStore:
        """Files."""
        return self._streams


class Incoming:
    """A value on its way in; nothing is seen of it before `commit`."""

    def __init__(self, id: ValueId, blobs: BlobStore, admission: Admission | None) -> None:
        self._id = id
        self._blobs = blobs
        self._admission = admission
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, prefix="clew-")  # noqa: SIM115

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        try:
            self._file.write(chunk)
        except OSError as error:
            raise StoreError("a value on its way cannot be written", got=str(error)) from error

    def commit(self) -> int:
        """Check the value and keep it (once); return its stored size in bytes."""
        self._file.flush()
        size_bytes = self._file.tell()
        if not size_bytes:
            raise InvalidParameter("these bytes are no value", got="0 bytes")
        if size_bytes <= _IN_MEMORY_BYTES:
            self._file.seek(0)
            return self._keep(memoryview(bytearray(self._file.read())))
        mapped = mmap.mmap(self._file.fileno(), size_bytes, access=mmap.ACCESS_COPY)
        return self._keep(memoryview(mapped))

    def abort(self) -> None:
        """Drop what was written; nothing happens after `commit`."""
        self._file.close()

    def _keep(self, file: memoryview) -> int:
        if self._admission is not None:
            encoded = self._admission.opened(self._id, file)
        else:
            found = framing.unpack(self._id, file, verify=True)
            if found is None:
                raise InvalidParameter("the bytes of a value were damaged on their way")
            encoded = found
        return self._blobs.put(self._id, encoded)


class _Graph:
    """The graph's own ports, but for what comes in: that is checked."""

    def __init__(self, store: Store, admission: Admission | None) -> None:
        self._store = store
        self._admission = admission

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def add(self, nodes: Sequence[Node], values: Sequence[Value]) -> None:
        self._store.add(*_checked(self._admission, nodes, values))

    def update(self, values: Sequence[Value]) -> None:
        self._store.update(_checked(self._admission, (), values)[1])


class _Steps:
    """The port `clew.wire.ports.Steps`."""

    def __init__(
        self, store: Store, blobs: BlobStore, admission: Admission | None, lease_s: float
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._admission = admission
        self._lease_s = lease_s

    def about(self) -> About:
        admission = self._admission
        return About(
            formats=admission.formats if admission is not None else (),
            pickles=admission is None or admission.pickles,
            version=__version__,
            lease_s=self._lease_s,
        )

    def known(self, calls: Sequence[NodeId]) -> Known:
        nodes = dict(self._store.variants(calls))
        given = [e.value for several in nodes.values() for node in several for e in node.outputs]
        return Known(nodes, _presence(self._blobs, given, members=True))

    def record(
        self,
        nodes: Sequence[Node] = (),
        values: Sequence[Value] = (),
        *,
        run: str | None = None,
        uses: Sequence[Use] = (),
        entries: Sequence[LogEntry] = (),
    ) -> None:
        nodes, values = _checked(self._admission, nodes, values)
        self._store.record(nodes, values, run=run, uses=uses, entries=entries)


class _Blobs:
    """The port `clew.wire.ports.Blobs`."""

    def __init__(self, blobs: BlobStore, streams: StreamStore) -> None:
        self._blobs = blobs
        self._streams = streams

    def presence(self, ids: Sequence[ValueId]) -> Mapping[ValueId, Presence]:
        if len(ids) > _MOST_AT_ONCE:
            raise InvalidParameter("values at once", got=str(len(ids)), expected="at most 10,000")
        return _presence(self._blobs, ids, members=False)

    def delete(self, id: ValueId) -> int:
        return self._blobs.delete(id)

    def ids(self) -> tuple[tuple[ValueId, int, float], ...]:
        return tuple(self._blobs.ids())

    def length(self, id: ValueId) -> int | None:
        return self._streams.length(id)


def value_id(text: str) -> ValueId:
    """Return the id that a path names.

    Raises
    ------
    InvalidParameter
        When it is none.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != DIGEST_BYTES or len(text) != 2 * DIGEST_BYTES:
        raise InvalidParameter(
            "no content id", got=repr(text[:60]), expected=f"{2 * DIGEST_BYTES} hexadecimal digits"
        )
    return ValueId(Digest(raw))


def _checked(
    admission: Admission | None, nodes: Sequence[Node], values: Sequence[Value]
) -> tuple[Sequence[Node], Sequence[Value]]:
    for id in [value.id for value in values] + [node.id for node in nodes]:
        if len(id) != DIGEST_BYTES:
            raise InvalidParameter("an id has the wrong length", got=f"{len(id)} bytes")
    if admission is None:
        return nodes, values
    for node in nodes:
        check_node(node)
    return nodes, [admission.described(value) for value in values]


def _presence(
    blobs: BlobStore, ids: Sequence[ValueId], *, members: bool
) -> dict[ValueId, Presence]:
    """Return which values are there, with the bytes of the small ones."""
    found: dict[ValueId, Presence] = {}
    pending = list(dict.fromkeys(ids))
    while pending and len(found) < _MOST_AT_ONCE:
        id = pending.pop()
        try:
            size_bytes, children = blobs.size(id), blobs.children(id)
            if size_bytes is None or children is None:
                continue
            content = None
            if size_bytes <= 2 * LIMIT_BYTES:
                encoded = blobs.get(id)
                if encoded is None:
                    continue
                if encoded.size_bytes <= LIMIT_BYTES and encoded.format != framing.STREAM_FORMAT:
                    content = packing.pack(id, encoded)
        except CorruptValue:
            continue  # It has just been set aside.
        found[id] = Presence(size_bytes, children, content)
        if members:
            pending += [child for child in children if child not in found]
    return found


def _cut(pieces: Sequence[bytes | memoryview]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of one size."""
    held: list[bytes | memoryview] = []
    size_bytes = 0
    for piece in pieces:
        view = memoryview(piece).cast("B")
        while view.nbytes:
            part = view[: PIECE_BYTES - size_bytes]
            held.append(part)
            size_bytes += part.nbytes
            view = view[part.nbytes :]
            if size_bytes == PIECE_BYTES:
                yield b"".join(held)
                held, size_bytes = [], 0
    if held:
        yield b"".join(held)
