"""What a server takes in of what clients say is a value: only what it can check.

As with an imported file, nothing is believed: a value's bytes must be whole, and what they decode
to must have the content id that they came under. What could only be checked by running code (a
pickle) is refused, unless whoever started the server takes pickles; those are kept unread, and
each client decides for itself whether it trusts them. What a *node* claims (that this code gave
that value) cannot be checked without running it: who may log may say so.
"""

from __future__ import annotations

from dataclasses import replace

from blake3 import blake3

from clew.adapters.blobs.local import framing
from clew.adapters.formats import FormatRegistry
from clew.adapters.stores.sql import packing
from clew.errors import (
    ClewError,
    InvalidParameter,
    MissingExtra,
    NotFound,
    Unhashable,
    UnsafeLoad,
    UnsupportedValue,
)
from clew.lineage.canonical import ValueId, file_id
from clew.lineage.ports import BlobStore, Encoded
from clew.lineage.records import Node, Value
from clew.lineage.trace import expected_id, is_event
from clew.lineage.values import ValueVault

_LEAST_LIMIT_BYTES = 1 << 30
_MOST_RATIO = 256
_PREVIEW = 200
_NAMED_OTHERWISE = ("operation",)
"""Kinds of nodes whose ids are made of more than their fields (`clew.reuse.trace.tier`)."""


class Admission:
    """The checks of one server.

    Parameters
    ----------
    blobs : BlobStore
        Where the members of a value are.
    pickles : bool
        Keep pickles, unread.
    """

    def __init__(self, blobs: BlobStore, *, pickles: bool) -> None:
        self.pickles = pickles
        self._blobs = blobs
        self._codecs = FormatRegistry(trusted=False)
        self._vault = ValueVault(blobs, self._codecs, self._codecs.fingerprint)

    @property
    def formats(self) -> tuple[str, ...]:
        """Storage formats that can be checked here."""
        return (*self._codecs.readable(), *(("pickle",) if self.pickles else ()))

    def opened(self, id: ValueId, file: memoryview) -> Encoded:
        """Return the value of a file as it travels, checked.

        Raises
        ------
        InvalidParameter
            When it is not what its id says.
        UnsupportedValue, UnsafeLoad
            When that cannot be checked here, or only by running code.
        NotFound
            When a member of it is not there yet.
        """
        limit = max(_LEAST_LIMIT_BYTES, _MOST_RATIO * file.nbytes)
        size_bytes = framing.raw_bytes(file)
        if size_bytes is None or size_bytes > limit:
            raise InvalidParameter("these bytes are no value", got=f"{file.nbytes} bytes")
        encoded = framing.unpack(id, file, verify=True)
        if encoded is None:
            raise InvalidParameter(
                "the bytes of a value were damaged on their way",
                got="a checksum or an id that does not match",
                hint="send them again",
            )
        self.check(id, encoded)
        return encoded

    def check(self, id: ValueId, encoded: Encoded) -> None:
        """Let a value pass that is what its id says (see `opened`)."""
        if encoded.format == framing.STREAM_FORMAT:
            hasher, size_bytes = blake3(), 0
            for buffer in encoded.buffers:
                hasher.update(buffer)
                size_bytes += memoryview(buffer).nbytes
            if file_id(size_bytes, hasher.digest()) != id:
                raise _another(id)
            return
        absent = [child for child in set(encoded.children) if not self._blobs.has(child)]
        if absent:
            raise NotFound("a member of the value is not there", got=absent[0].hex())
        if encoded.trusted_only and self.pickles:
            return
        try:
            members = [self._vault.get(child) for child in encoded.children]
            found = self._codecs.fingerprint(self._codecs.decode(encoded, members))
        except UnsafeLoad:
            if self.pickles:
                return  # A member is a pickle.
            raise UnsafeLoad(
                "this server takes no values whose reading runs code (pickles)",
                got=f"value {id.hex()}",
                hint="return plain data, arrays, tables or estimators, or start the server with "
                "--accept-pickles if all who may log are trusted",
            ) from None
        except (MissingExtra, Unhashable) as error:
            raise UnsupportedValue(
                f"this server cannot check a value of format {encoded.format!r}",
                got=error.message,
                hint=error.hint or "the client keeps it for itself",
            ) from error
        if found != id:
            raise _another(id)

    def described(self, value: Value) -> Value:
        """Return a value's record as it may be written: its bytes, where they came, are checked.

        Bytes that cannot be checked here are left out: the value can be computed again.
        """
        value = replace(value, preview=value.preview[:_PREVIEW])
        if value.content is None:
            if value.state == "stored" and not self._blobs.has(value.id):
                return replace(value, state="absent", size_bytes=0)
            return value
        encoded = packing.unpack(value.id, value.content)
        if encoded is None:
            raise InvalidParameter("the bytes of a value were damaged on their way")
        try:
            self.check(value.id, encoded)
        except (UnsafeLoad, UnsupportedValue, NotFound):
            return replace(value, state="absent", size_bytes=0, content=None)
        return value


def _another(id: ValueId) -> ClewError:
    return InvalidParameter(
        "a value has another content id than the one it came under", expected=id.hex()
    )


def check_node(node: Node) -> None:
    """Let a node pass whose id is the hash of its fields, or that chance named.

    Raises
    ------
    InvalidParameter
        When it is neither.
    """
    named_by_chance = is_event(node) and node.call == node.id
    if not named_by_chance and node.kind not in _NAMED_OTHERWISE and node.id != expected_id(node):
        raise InvalidParameter(
            "a node is not what its id says", got=node.id.hex(), expected=expected_id(node).hex()
        )
