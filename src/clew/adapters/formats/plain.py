"""Builtin containers, nested as they are: types, order and aliasing come back exactly.

A container is written as tagged bytes in one pass. Every object whose identity a program could
notice gets a number at its first visit and is referred to by it afterwards, so that a list that
appears twice is one list again, and two equal lists are two. Members that are neither builtin nor
container (*leaves*: arrays, tables, …) are left to the other formats: small ones lie inline, large
ones are children, stored under their own content id.
"""

from __future__ import annotations

import sys
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clew.adapters.formats import atoms
from clew.adapters.formats.atoms import Reader, block, count

_RUN_LENGTH = 16
"""From this length on, members of one type are written as one block."""

SPLIT_BYTES = 16 << 10
"""Leaves from this size on are children: stored once, whatever contains them."""

_TAGS: dict[type, bytes] = {
    tuple: b"(", list: b"[", dict: b"{", OrderedDict: b"o", set: b"S", frozenset: b"Z",
    bytearray: b"y",
}  # fmt: skip
_FROZEN = (tuple, frozenset)

WriteLeaf = Callable[[object], bytes]
ReadLeaf = Callable[[Reader], object]


def is_plain(value: object) -> bool:
    """Tell whether the value itself (not its members) is of a builtin type that is written here."""
    return type(value) in _TAGS or type(value) in atoms.WRITE


class Writer:
    """Writes one value.

    Parameters
    ----------
    leaf : callable
        Returns the bytes of a member that is no builtin.
    """

    def __init__(self, leaf: WriteLeaf) -> None:
        self._leaf = leaf
        self._numbers: dict[int, int] = {}
        self._alive: list[object] = []  # A freed object's address would be given to another.

    def write(self, value: object) -> bytes:
        """Return the bytes of a value."""
        out: list[bytes] = []
        self._write(value, out)
        return b"".join(out)

    def _write(self, value: Any, out: list[bytes]) -> None:
        kind = type(value)
        atom = atoms.WRITE.get(kind)
        if atom is not None and not (kind is bytes and len(value) >= SPLIT_BYTES):
            try:
                out.append(atom(value))
                return
            except TypeError:
                kind = object  # A leaf after all: a time in a zone with rules of its own.
        known = self._numbers.get(id(value))
        if known is not None:
            out.append(b"r" + count(known))
            return
        if kind not in _FROZEN:  # A frozen container cannot be met inside itself.
            self._number(value)
        self._write_new(value, kind, out)
        if kind in _FROZEN:
            self._number(value)

    def _write_new(self, value: Any, kind: type, out: list[bytes]) -> None:
        tag = _TAGS.get(kind)
        if tag is None:
            out.append(b"L" + self._leaf(value))
        elif kind is bytearray:
            out.append(tag + block(value))
        elif kind is dict or kind is OrderedDict:
            out.append(tag)
            self._members(list(value.keys()), out)
            self._members(list(value.values()), out)
        else:
            out.append(tag)
            self._members(value, out)

    def _members(self, members: Any, out: list[bytes]) -> None:
        if len(members) >= _RUN_LENGTH:
            run = _run(members)
            if run is not None:
                out.append(run)
                return
        out.append(b"m" + count(len(members)))
        for member in members:
            self._write(member, out)

    def _number(self, value: object) -> None:
        self._numbers[id(value)] = len(self._alive)
        self._alive.append(value)


def read(content: memoryview, leaf: ReadLeaf) -> Any:
    """Return the value that `Writer` wrote.

    Raises
    ------
    ValueError, KeyError
        When the bytes are not what a writer writes.
    """
    reader = Reader(content)
    value = _read(reader, leaf, [])
    if reader.at != content.nbytes:
        raise ValueError("bytes left over")
    return value


def _read(reader: Reader, leaf: ReadLeaf, seen: list[Any]) -> Any:
    tag = bytes(reader.take(1))
    atom = atoms.READ.get(tag)
    if atom is not None:
        return atom(reader)
    if tag == b"r":
        return seen[reader.count()]
    if tag in b"(Z":
        members = _read_members(reader, leaf, seen)
        frozen = tuple(members) if tag == b"(" else frozenset(members)
        seen.append(frozen)
        return frozen
    place = len(seen)
    seen.append(None)
    return _read_mutable(tag, reader, leaf, seen, place)


def _read_mutable(tag: bytes, reader: Reader, leaf: ReadLeaf, seen: list[Any], place: int) -> Any:
    made: Any
    if tag == b"L":
        made = seen[place] = leaf(reader)
    elif tag == b"y":
        made = seen[place] = bytearray(reader.block())
    elif tag in (b"{", b"o"):
        made = seen[place] = {} if tag == b"{" else OrderedDict()
        keys = _read_members(reader, leaf, seen)
        values = _read_members(reader, leaf, seen)
        made.update(zip(keys, values, strict=True))
    elif tag == b"[":
        made = seen[place] = []
        made.extend(_read_members(reader, leaf, seen))
    elif tag == b"S":
        made = seen[place] = set()
        made.update(_read_members(reader, leaf, seen))
    else:
        raise ValueError(f"unknown tag {tag!r}")
    return made


def _read_members(reader: Reader, leaf: ReadLeaf, seen: list[Any]) -> Iterable[Any]:
    tag = bytes(reader.take(1))
    if tag != b"m":
        return _read_run(tag, reader)
    size = reader.count()
    if size > reader.view.nbytes - reader.at:
        raise ValueError("more members than bytes")
    return [_read(reader, leaf, seen) for _ in range(size)]


def _run(members: Any) -> bytes | None:
    """Return members of one type as one block, or None."""
    kinds = set(map(type, members))
    if len(kinds) != 1 or sys.byteorder != "little":
        return None
    kind = kinds.pop()
    if kind is float:
        return b"1" + block(array("d", members).tobytes())
    if kind is int:
        try:
            return b"2" + block(array("q", members).tobytes())
        except OverflowError:
            return None
    if kind is str:
        texts = [text.encode("utf-8", "surrogatepass") for text in members]
        return b"3" + block(array("Q", map(len, texts)).tobytes()) + block(b"".join(texts))
    return None


def _read_run(tag: bytes, reader: Reader) -> Sequence[Any]:
    if tag == b"1":
        return array("d", bytes(reader.block())).tolist()
    if tag == b"2":
        return array("q", bytes(reader.block())).tolist()
    if tag != b"3":
        raise ValueError(f"unknown tag {tag!r}")
    sizes = array("Q", bytes(reader.block()))
    texts = Reader(reader.block())
    return [str(texts.take(size), "utf-8", "surrogatepass") for size in sizes]
