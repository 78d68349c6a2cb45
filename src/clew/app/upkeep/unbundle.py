"""`clew import`: take in a thread from a file that somebody else may have made.

Nothing of the file is believed. Entries must be exactly those of the manifest, uncompressed, with
the sizes and sums that it states; node ids must be the hashes of their fields; a value is decoded
without trust and must have the content id that it is filed under. Values that only a trusted reader
could check (pickles) are left out unless the caller trusts the file: their nodes say how to compute
them again. What a node *claims* (that this code gave that value) cannot be checked without running
it; `clew rebuild` does that.
"""

from __future__ import annotations

import dataclasses
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from blake3 import blake3

from clew.adapters.blobs.local import framing
from clew.adapters.formats import FormatRegistry
from clew.app.frameworks import register_frameworks
from clew.app.upkeep.bundle import FORMAT, MANIFEST, RECORDS, VALUES, VERSION, Bundle, Records
from clew.app.upkeep.collect import Graph
from clew.errors import ClewError, MissingExtra, StoreError, Unhashable, UnsafeLoad
from clew.lineage.canonical import DIGEST_BYTES, Digest, ValueId, file_id
from clew.lineage.ports import BlobStore, Encoded
from clew.lineage.trace import expected_id, in_order, is_event

_MANIFEST_BYTES = 256 << 20
_LEAST_LIMIT_BYTES = 1 << 30
_MOST_RATIO = 256
_PREVIEW = 200
_ID = re.compile(rf"[0-9a-f]{{{2 * DIGEST_BYTES}}}")


def import_thread(
    graph: Graph,
    blobs: BlobStore,
    file: str | Path,
    *,
    trust: bool = False,
    limit_bytes: int | None = None,
) -> Bundle:
    """Add a thread that `export_thread` wrote; what is there already stays.

    Parameters
    ----------
    trust : bool, default False
        Take in values whose reading runs code (pickles), too. Only for files of your own.
    limit_bytes : int, optional
        Refuse a file whose values take more than this, unpacked; by default 256 times its size
        (1 GiB at least), so that a small file cannot fill memory and disk.

    Raises
    ------
    StoreError
        When the file is no thread, is damaged, or does not hold what it says; nothing is added.
    """
    register_frameworks()
    path = Path(file)
    try:
        with zipfile.ZipFile(path) as archive:
            limit = limit_bytes or max(_LEAST_LIMIT_BYTES, _MOST_RATIO * path.stat().st_size)
            values = _Values(archive, _entries(archive, path), path, limit, trust=trust)
            records = _records(values.content(RECORDS), path)
            sound = values.sound()
            sizes = _store(graph, blobs, values, sound)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        if isinstance(error, ClewError):
            raise
        raise refusal(path, f"it cannot be read ({error})") from error
    _add(graph, records, sizes)
    left_out = tuple(id for id in values.ids if id not in sizes)
    return Bundle(path, len(records.nodes), len(sizes), path.stat().st_size, left_out)


def refusal(path: Path, why: str) -> StoreError:
    """Return the error for a file that is not taken in."""
    return StoreError(
        f"{path} was not imported: {why}",
        expected="a file that `clew export` wrote, unchanged",
        hint="export it again; nothing of it was added",
    )


class _Values:
    """The values of an archive, each checked before it is believed."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        entries: Mapping[str, Entry],
        path: Path,
        limit_bytes: int,
        *,
        trust: bool,
    ) -> None:
        self.ids = [_value_id(name) for name in entries if name.startswith(VALUES)]
        self._archive = archive
        self._entries = entries
        self._path = path
        self._left_bytes = limit_bytes
        self._codecs = FormatRegistry(trusted=trust)
        self._trust = trust

    def content(self, name: str) -> bytes:
        """Return an entry that has the size and sum that the manifest states."""
        if name not in self._entries:
            raise refusal(self._path, f"{name} is missing")
        content = self._archive.read(name)
        if blake3(content).hexdigest() != self._entries[name].blake3:
            raise refusal(self._path, f"{name} does not have the sum that the manifest states")
        return content

    def encoded(self, id: ValueId) -> Encoded:
        """Return a value's bytes; its frame is checked, its content id is not."""
        file = memoryview(self.content(VALUES + id.hex()))
        size_bytes = framing.raw_bytes(file)
        if size_bytes is None:
            raise refusal(self._path, f"value {id.hex()} is damaged")
        if size_bytes > self._left_bytes:
            raise refusal(self._path, "its values unpack to more than the limit")
        encoded = framing.unpack(id, file, verify=True)
        if encoded is None:
            raise refusal(self._path, f"value {id.hex()} is damaged")
        return encoded

    def sound(self) -> list[ValueId]:
        """Return the values that have the content id under which they are filed."""
        known: dict[ValueId, bool] = {}
        for id in self.ids:
            self._check(id, known, ())
        return [id for id in self.ids if known[id]]

    def _check(self, id: ValueId, known: dict[ValueId, bool], above: tuple[ValueId, ...]) -> bool:
        if id in above:
            raise refusal(self._path, f"value {id.hex()} contains itself")
        if id not in known:
            encoded = self.encoded(id)
            self._left_bytes -= encoded.size_bytes
            whole = all(
                child in self.ids and self._check(child, known, (*above, id))
                for child in set(encoded.children)
            )
            known[id] = whole and self._has_its_id(id, encoded)
        return known[id]

    def _has_its_id(self, id: ValueId, encoded: Encoded) -> bool:
        if encoded.trusted_only and not self._trust:
            return False
        if encoded.format == framing.STREAM_FORMAT:
            content = b"".join(map(bytes, encoded.buffers))
            if file_id(len(content), blake3(content).digest()) != id:
                raise refusal(self._path, f"file {id.hex()} has another content id")
            return True
        try:
            found = self._codecs.fingerprint(self._decode(encoded))
        except (MissingExtra, UnsafeLoad, Unhashable):
            return False  # It cannot be checked here, so it is left out and can be computed.
        if found != id:
            raise refusal(self._path, f"value {id.hex()} has another content id, {found.hex()}")
        return True

    def _decode(self, encoded: Encoded) -> object:
        members = [self._decode(self.encoded(child)) for child in encoded.children]
        return self._codecs.decode(encoded, members)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the manifest says of an entry."""

    size: int
    blake3: str


class _Manifest(msgspec.Struct, frozen=True):
    format: str
    version: int
    entries: dict[str, Entry]


def _entries(archive: zipfile.ZipFile, path: Path) -> Mapping[str, Entry]:
    """Return what the manifest states, when the archive holds exactly that."""
    infos = archive.infolist()
    by_name = {info.filename: info for info in infos}
    if len(by_name) != len(infos):
        raise refusal(path, "an entry is there twice")
    if MANIFEST not in by_name or by_name[MANIFEST].file_size > _MANIFEST_BYTES:
        raise refusal(path, "it has no manifest")
    if any(info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 for info in infos):
        raise refusal(path, "its entries are compressed or encrypted")
    if sum(info.file_size for info in infos) > path.stat().st_size:
        raise refusal(path, "its entries claim more bytes than the file has")
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=_Manifest)
    except msgspec.MsgspecError as error:
        raise refusal(path, f"its manifest is not readable ({error})") from error
    if manifest.format != FORMAT or manifest.version > VERSION:
        raise refusal(path, f"it is {manifest.format!r} of version {manifest.version}")
    if {*manifest.entries, MANIFEST} != by_name.keys():
        raise refusal(path, "its entries are not those of its manifest")
    for name, entry in manifest.entries.items():
        if name != RECORDS and not _ID.fullmatch(name.removeprefix(VALUES)):
            raise refusal(path, f"it has an entry that no thread has, {name[:80]!r}")
        if by_name[name].file_size != entry.size:
            raise refusal(path, f"{name} does not have the size that the manifest states")
    return manifest.entries


def _value_id(name: str) -> ValueId:
    return ValueId(Digest(bytes.fromhex(name.removeprefix(VALUES))))


def _records(content: bytes, path: Path) -> Records:
    """Return the facts of a thread, when every id is what its fields hash to."""
    try:
        records = Records.unpacked(content)
    except ValueError as error:  # msgspec's own errors are of this kind, too.
        raise refusal(path, f"its records are not readable ({error})") from error
    for node in records.nodes:
        named_by_chance = is_event(node) and node.call == node.id
        if not named_by_chance and node.id != expected_id(node):
            raise refusal(path, f"node {node.id.hex()[:40]} is not what its id says")
    ids = [edge.value for node in records.nodes for edge in (*node.outputs, *node.inputs)]
    ids += [value.id for value in records.values]
    if any(len(id) != DIGEST_BYTES for id in ids):
        raise refusal(path, "it holds an id of the wrong length")
    if not all(_ID.fullmatch(id) for id in records.environments):
        raise refusal(path, "it holds an id of the wrong length")
    if any(abs(number) >= 1 << 63 for number in _numbers(records)):
        raise refusal(path, "it holds a number that no store takes")
    return records


def _numbers(records: Records) -> Iterator[int]:
    """Yield every whole number but seeds, which may be of any size."""
    yield from (value.size_bytes for value in records.values)
    for node in records.nodes:
        yield from (node.created_ms, node.cost.size_bytes)
    yield from (use.seq for use in records.uses)
    for entry in records.entries:
        yield from (entry.step, entry.time_ms)
    if records.run is not None:
        yield from (records.run.started_ms, records.run.ended_ms or 0)


def _store(
    graph: Graph, blobs: BlobStore, values: _Values, sound: Sequence[ValueId]
) -> dict[ValueId, int]:
    """Store the bytes of sound values, but not of those that were erased here; return sizes."""
    known = graph.describe(sound)
    erased = {id for id, value in known.items() if value.state == "erased"}
    return {id: blobs.put(id, values.encoded(id)) for id in sound if id not in erased}


def _add(graph: Graph, records: Records, sizes: Mapping[ValueId, int]) -> None:
    values = [
        dataclasses.replace(
            value,
            preview=value.preview[:_PREVIEW],
            state="stored" if value.id in sizes else "absent",
            size_bytes=value.size_bytes if value.id in sizes else 0,
            content=None,
        )
        for value in records.values
    ]
    for code in records.codes:
        graph.put_code(code)
    for id, record in records.environments.items():
        graph.put_environment(Digest(bytes.fromhex(id)), record)
    graph.add(in_order(records.nodes), values)
    if records.run is not None and graph.run(records.run.id) is None:
        graph.start(records.run)
        graph.use(records.run.id, records.uses, records.entries)
