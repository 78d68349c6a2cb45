"""The vault: values by content id, whatever they are made of.

A value is stored as what its format makes of it; members that a format splits off (a tuple's large
arrays) are values of their own, stored once however many values contain them. The vault works on
the ports alone, and measures how fast they are: what is worth storing depends on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from clew.errors import CorruptValue, NotFound
from clew.lineage.cache.bandwidth import Bandwidth
from clew.lineage.canonical import ValueId
from clew.lineage.ports import BlobStore, Codecs, Encoded

_PLAIN = frozenset({bool, int, float, type(None)})
_FEW, _SHORT = 8, 64

CALL_S = 1e-4
"""What reading a value takes whatever its size."""


class ValueVault:
    """Values by content id over a blob store and the formats.

    Parameters
    ----------
    blobs : BlobStore
        Keeps the bytes.
    codecs : Codecs
        Make bytes of values, and values of bytes.
    fingerprint : callable
        Gives the content id of a value.
    pack : callable, optional
        Gives a small value's bytes as `Value.content` takes them, None for others
        (`SmallBlobs.pack`); without it no value is small.
    verify : bool, default False
        Others write here, too: what is read must have the content id under which it was kept.

    Attributes
    ----------
    bandwidth : Bandwidth
        Measured while the vault is used.
    """

    def __init__(
        self,
        blobs: BlobStore,
        codecs: Codecs,
        fingerprint: Callable[[object], ValueId],
        pack: Callable[[ValueId, Encoded], bytes | None] | None = None,
        *,
        verify: bool = False,
    ) -> None:
        self.blobs = blobs
        self.codecs = codecs
        self.bandwidth = Bandwidth()
        self._fingerprint = fingerprint
        self._pack = pack
        self._verify = verify

    def put(self, value: object, id: ValueId | None = None) -> tuple[ValueId, int]:
        """Store a value and its members; return its id and the stored size in bytes.

        Parameters
        ----------
        id : ValueId, optional
            Its content id, where the caller knows it.

        Raises
        ------
        Unhashable
            When it has no content id.
        UnsupportedValue
            When no format can hold it.
        StoreError
            When it cannot be written.
        """
        known = self._fingerprint(value) if id is None else id
        stored_bytes = self.stored_bytes(known)
        if stored_bytes is not None:
            return known, stored_bytes
        encoded, children = self.codecs.encode(value, known)
        # Members first: a value that is there has all of its members, whatever dies meanwhile.
        size_bytes = sum(self.put(member, child)[1] for child, member in children.items())
        started = time.perf_counter()
        size_bytes += self.blobs.put(known, encoded)
        self.bandwidth.saw_write(encoded.size_bytes, time.perf_counter() - started)
        return known, size_bytes

    def prepare(self, value: object, id: ValueId) -> tuple[int, bytes | None]:
        """Store a value, unless it is small: then give its bytes, to be recorded with it.

        Returns
        -------
        size_bytes : int
            Stored size.
        content : bytes or None
            `Value.content` of a small value.

        Raises
        ------
        UnsupportedValue
            When no format can hold it.
        StoreError
            When it cannot be written.
        """
        # Encoding a little costs less than looking whether it is there.
        plain = self._pack is not None and _is_little(value)
        if plain or (self._pack is not None and self.stored_bytes(id) is None):
            encoded, children = self.codecs.encode(value, id)
            content = self._packed(id, encoded)
            if content is not None:
                for child, member in children.items():
                    self.put(member, child)
                return len(content), content
        return self.put(value, id)[1], None

    def _packed(self, id: ValueId, encoded: Encoded) -> bytes | None:
        return None if self._pack is None else self._pack(id, encoded)

    def get(self, id: ValueId) -> object:
        """Return a value that is the caller's own.

        Raises
        ------
        NotFound
            When its bytes, or those of a member, are not there.
        CorruptValue, UnsafeLoad, MissingExtra
            When they are there and cannot be used.
        """
        started = time.perf_counter()
        value, size_bytes = self._get(id)
        if self._verify:
            self._check(id, value)
        self.bandwidth.saw_read(size_bytes, time.perf_counter() - started)
        return value

    def _check(self, id: ValueId, value: object) -> None:
        # Bytes of a file stand for the file, whose id their sum has proven already.
        if self._fingerprint(value) != id and not self._is_file(id):
            raise CorruptValue(
                f"what is stored as value {id.hex()} is another value",
                got=self._fingerprint(value).hex(),
                hint="it is computed again; whoever may write to the store may have changed it",
            )

    def _is_file(self, id: ValueId) -> bool:
        encoded = self.blobs.get(id)
        return encoded is not None and encoded.format == "file"

    def has(self, id: ValueId) -> bool:
        """Tell whether a value could be read: its bytes are there, and those of its members."""
        return self.stored_bytes(id) is not None

    def stored_bytes(self, id: ValueId) -> int | None:
        """Return what a value takes with its members; None when not all of it is there."""
        total = self.blobs.size(id)
        try:
            children = None if total is None else self.blobs.children(id)
        except CorruptValue:
            return None  # It has just been set aside.
        if total is None or children is None:
            return None
        for child in set(children):
            size_bytes = self.stored_bytes(child)
            if size_bytes is None:
                return None
            total += size_bytes
        return total

    def load_s(self, size_bytes: int) -> float:
        """Return the seconds that reading a value of this size takes, as measured so far."""
        return CALL_S + self.bandwidth.load_s(size_bytes)

    def encoded(self, id: ValueId) -> Encoded | None:
        """Return the stored form of a value, or None."""
        return self.blobs.get(id)

    def _get(self, id: ValueId) -> tuple[object, int]:
        encoded = self.blobs.get(id)
        if encoded is None:
            raise NotFound(
                "the bytes of a value are not in the store",
                got=id.hex(),
                hint="they were never stored or `clew gc` dropped them; run its step again",
            )
        members = [self._get(child) for child in encoded.children]
        value = self.codecs.decode(encoded, [member for member, _ in members])
        return value, encoded.size_bytes + sum(size for _, size in members)


def _is_little(value: object) -> bool:
    """Tell whether a value is a number, a short text, or a few of them."""
    if type(value) in (list, tuple):
        parts: list[object] | tuple[object, ...] = value  # type: ignore[assignment]
        return len(parts) <= _FEW and all(map(_is_atom, parts))
    return _is_atom(value)


def _is_atom(value: object) -> bool:
    kind = type(value)
    return kind in _PLAIN or (kind in (str, bytes) and len(value) <= _SHORT)  # type: ignore[arg-type]
