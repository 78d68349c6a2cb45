"""The adapter: `BlobStore` and `StreamStore` over a bucket.

An object holds what a local file would (`clew.adapters.blobs.local.framing`) under the same kind of
name, so that a bucket can be filled by copying a folder. S3 shows an object only when it is whole,
so writing one is atomic. The time of last use is that of the last write: S3 keeps no other.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

from blake3 import blake3

from clew.adapters.blobs.local import framing
from clew.errors import CorruptValue, InvalidParameter, MissingExtra, NotFound, StoreError
from clew.lineage.canonical import DIGEST_BYTES, Digest, ValueId, file_id
from clew.lineage.ports import Encoded

PIECE_BYTES = 8 << 20
_VALUES, _QUARANTINE = "values", "quarantine"
_OPTIONS = ("endpoint", "region")


def open_s3(url: str) -> S3Blobs:
    """Open the objects below an address.

    Parameters
    ----------
    url : str
        ``s3://BUCKET/PREFIX``, with ``?endpoint=URL`` for another server than Amazon's and
        ``&region=NAME``. Credentials come from the environment (``AWS_ACCESS_KEY_ID``,
        ``AWS_SECRET_ACCESS_KEY``, …) and never stand in the address.

    Raises
    ------
    MissingExtra
        Without obstore: ``pip install 'clew[s3]'``.
    InvalidParameter
        When the address is not of that form.
    """
    try:
        library = importlib.import_module("obstore")
        stores = importlib.import_module("obstore.store")
    except ImportError as error:
        raise MissingExtra("s3:// needs obstore", hint="pip install 'clew[s3]'") from error
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = options.keys() - set(_OPTIONS)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or unknown:
        raise InvalidParameter(
            "address of an object store",
            got=url if "@" not in parts.netloc else "credentials in the address",
            expected="s3://BUCKET/PREFIX?endpoint=URL&region=NAME",
        )
    try:
        store = stores.S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            virtual_hosted_style_request="endpoint" not in options,
            client_options={"allow_http": options.get("endpoint", "").startswith("http://")},
            **options,
        )
    except Exception as error:
        raise StoreError(f"{url} cannot be opened", got=str(error)) from error
    return S3Blobs(store, library, url)


class S3Blobs:
    """Bytes of values, one object each, named by content id.

    Parameters
    ----------
    store : obstore.store.S3Store
        The bucket, its prefix included.
    library : module
        ``obstore``.
    url : str
        How messages call it.
    """

    def __init__(self, store: Any, library: Any, url: str) -> None:
        self._store = store
        self._library = library
        self.url = url

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes."""
        known = self.size(id)
        if known is not None:
            return known
        content = b"".join(framing.pack(id, encoded))
        self._call("put", _name(id), content)
        return len(content)

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None.

        Raises
        ------
        CorruptValue
            When they do not match their checksum; they are moved to quarantine first.
        """
        found = self._call("get", _name(id), missing=None)
        if found is None:
            return None
        encoded = framing.unpack(id, memoryview(bytearray(found.bytes())), verify=True)
        if encoded is None:
            raise self._set_aside(id)
        return encoded

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""
        return self.size(id) is not None

    def size(self, id: ValueId) -> int | None:
        """Return the stored size of a value in bytes; None when absent."""
        found = self._call("head", _name(id), missing=None)
        return None if found is None else int(found["size"])

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to, from its header; None when absent."""
        head = self._head(id, framing.HEAD_BYTES)
        if head is None:
            return None
        found = framing.children(id, head)
        if found is None:  # A long header, or a damaged one: reading it all will tell.
            encoded = self.get(id)
            return None if encoded is None else encoded.children
        return found

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""
        size = self.size(id)
        if size is None:
            return 0
        self._call("delete", _name(id), missing=None)
        return size

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of the last write)``."""
        try:
            for chunk in self._library.list(self._store, prefix=_VALUES):
                for found in chunk:
                    name = PurePosixPath(found["path"]).name
                    if len(name) == 2 * DIGEST_BYTES:
                        id = ValueId(Digest(bytes.fromhex(name)))
                        yield id, int(found["size"]), found["last_modified"].timestamp()
        except (OSError, self._library.exceptions.BaseError) as error:
            self._fail(error)

    def is_intact(self, id: ValueId) -> bool:
        """Read a value's object and tell whether it matches its checksum."""
        found = self._call("get", _name(id), missing=None)
        return (
            found is None or framing.unpack(id, memoryview(found.bytes()), verify=True) is not None
        )

    def leftovers(self) -> Iterator[Any]:
        """Yield nothing: an upload that was cut off leaves no object."""
        return iter(())

    def receive(self) -> S3Receiver:
        """Begin a file that comes in pieces."""
        return S3Receiver(self)

    def stream(self, id: ValueId, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a file from `start` up to (not including) `stop`, in pieces.

        A whole file is verified, its last piece held back until then; a part is not: reading all of
        a large object for a part of it would cost more than the part.
        """
        size_bytes = self.length(id)
        if size_bytes is None:
            raise NotFound("no file with this content is stored", got=id.hex())
        first, last, _ = slice(start, stop).indices(size_bytes)
        if (first, last) == (0, size_bytes):
            return self._verifying(id, size_bytes)
        return self._pieces(id, first, last)

    def length(self, id: ValueId) -> int | None:
        """Return a file's size in bytes; None when there is none with this content."""
        head = self._head(id, framing.STREAM_HEAD)
        return None if head is None else framing.stream_size(id, head)

    def holds(self, id: ValueId) -> bool:
        """Tell whether a file with this content is there."""
        return self.length(id) is not None

    def keep(self, id: ValueId, file: Any) -> None:
        """Upload an open file as the object of an id, in parts, unless it is there."""
        if self.length(id) is None:
            self._call("put", _name(id), file)

    def _pieces(self, id: ValueId, first: int, last: int) -> Iterator[bytes]:
        while first < last:
            end = min(first + PIECE_BYTES, last)
            shift = framing.STREAM_HEAD
            got = bytes(self._call("get_range", _name(id), start=shift + first, end=shift + end))
            if len(got) != end - first:
                raise self._set_aside(id)
            yield got
            first = end

    def _verifying(self, id: ValueId, size_bytes: int) -> Iterator[bytes]:
        hasher, held = blake3(), b""
        for piece in self._pieces(id, 0, size_bytes):
            if held:
                yield held
            hasher.update(piece)
            held = piece
        if file_id(size_bytes, hasher.digest()) != id:
            raise self._set_aside(id)
        if held:
            yield held

    def _head(self, id: ValueId, size: int) -> memoryview | None:
        known = self.size(id)
        if known is None:
            return None
        found = self._call("get_range", _name(id), start=0, end=min(size, known), missing=None)
        return None if found is None else memoryview(bytes(found))

    def _set_aside(self, id: ValueId) -> CorruptValue:
        self._call("rename", _name(id), f"{_QUARANTINE}/{id.hex()}", missing=None)
        return CorruptValue(
            f"the stored bytes of value {id.hex()} do not match their checksum",
            got=self.url,
            hint=f"they were moved to {_QUARANTINE}/; compute the value again, or store it again",
        )

    def _call(self, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask the object store; with `missing` given, that is the answer where nothing is."""
        optional = "missing" in options
        missing = options.pop("missing", None)
        try:
            return getattr(self._library, verb)(self._store, *arguments, **options)
        except FileNotFoundError as error:
            if optional:
                return missing
            self._fail(error)
        except (OSError, self._library.exceptions.BaseError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        raise StoreError(
            f"the object store {self.url} cannot be read or written",
            got=str(error)[:500],
            hint="is it running, and are the credentials (AWS_…) those of the bucket?",
        ) from error


class S3Receiver:
    """A file on its way in: the port `clew.lineage.ports.Receiver`.

    Its name is known only at its end, so it waits in a temporary file of this machine.
    """

    def __init__(self, blobs: S3Blobs) -> None:
        self._blobs = blobs
        self._hasher = blake3()
        self._size_bytes = 0
        self._file = tempfile.TemporaryFile(prefix="clew-")  # noqa: SIM115
        self._file.write(bytes(framing.STREAM_HEAD))
        self._done: tuple[ValueId, int] | None = None

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        if self._file.closed:
            raise StoreError("the file is complete or was dropped", hint="begin another one")
        try:
            self._file.write(chunk)
        except OSError as error:
            self.abort()
            raise StoreError("a file on its way cannot be written", got=str(error)) from error
        self._hasher.update(chunk)
        self._size_bytes += memoryview(chunk).nbytes

    def commit(self) -> tuple[ValueId, int]:
        """Keep the file; return its content id and size in bytes."""
        if self._done is None:
            if self._file.closed:
                raise StoreError("the file was dropped", hint="begin another one")
            content = self._hasher.digest()
            id = file_id(self._size_bytes, content)
            with self._file:
                self._file.seek(0)
                self._file.write(framing.stream_head(self._size_bytes, content))
                self._file.seek(0)
                self._blobs.keep(id, self._file)
            self._done = id, self._size_bytes
        return self._done

    def abort(self) -> None:
        """Drop what was written."""
        self._file.close()


def _name(id: ValueId) -> str:
    name = id.hex()
    return f"{_VALUES}/{name[:2]}/{name}"
