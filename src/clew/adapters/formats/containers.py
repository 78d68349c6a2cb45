"""The format of builtin values and containers: plain bytes, with leaves inline or as children."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from clew.adapters.formats import plain
from clew.adapters.formats.atoms import Reader, block, count
from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

VERSION = b"1"
_INLINE, _CHILD = b"\x00", b"\x01"


class Leaves(Protocol):
    """What the format asks of the registry for the members that it cannot write itself."""

    fingerprint: Callable[[object], ValueId]

    def splits(self, value: object) -> bool:
        """Tell whether a leaf is stored on its own."""

    def encode_leaf(self, value: object) -> Encoded:
        """Return the bytes of a leaf; raises `UnsupportedValue` where only pickle would do."""

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return a leaf."""


class PlainCodec:
    """Builtins, nested, with exact types, order and aliasing."""

    name = "plain"
    exact = True

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves

    def accepts(self, value: object) -> bool:
        """Tell whether the value is a builtin or a builtin container."""
        return plain.is_plain(value)

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the bytes, and the large leaves."""
        order: list[ValueId] = []
        children: dict[ValueId, object] = {}

        def leaf(member: object) -> bytes:
            if not self._leaves.splits(member):
                return _INLINE + _write_encoded(self._leaves.encode_leaf(member))
            id = self._leaves.fingerprint(member)
            order.append(id)
            children[id] = member
            return _CHILD + count(len(order) - 1)

        try:
            content = plain.Writer(leaf).write(value)
        except RecursionError as error:
            raise UnsupportedValue("the value is nested too deeply to be stored") from error
        return Encoded(self.name, VERSION, (content,), tuple(order)), children

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the value; every leaf is private."""

        def leaf(reader: Reader) -> object:
            if bytes(reader.take(1)) == _CHILD:
                return children[reader.count()]
            return self._leaves.decode(_read_encoded(reader), ())

        (content,) = encoded.buffers
        return plain.read(memoryview(content), leaf)


class BytesCodec:
    """Long bytes: their own payload, so that equal ones are stored once and load mapped."""

    name = "bytes"
    exact = True

    def accepts(self, value: object) -> bool:
        """Tell whether the value is long bytes."""
        return type(value) is bytes and len(value) >= plain.SPLIT_BYTES

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Return the bytes as they are."""
        assert isinstance(value, bytes)
        return Encoded(self.name, VERSION, (value,)), {}

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the bytes."""
        (content,) = encoded.buffers
        return bytes(content)


def _write_encoded(encoded: Encoded) -> bytes:
    if encoded.children or encoded.trusted_only:
        raise UnsupportedValue("only self-contained values can lie inside another")
    parts = [block(encoded.format.encode()), block(encoded.meta), count(len(encoded.buffers))]
    return b"".join(parts + [block(memoryview(buffer).cast("B")) for buffer in encoded.buffers])


def _read_encoded(reader: Reader) -> Encoded:
    form = str(reader.block(), "utf-8")
    meta = bytes(reader.block())
    buffers = tuple(reader.block().toreadonly() for _ in range(reader.count()))
    return Encoded(form, meta, buffers)
