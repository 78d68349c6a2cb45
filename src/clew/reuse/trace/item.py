"""Lineage items: opcode, ordered inputs, literal data, and the hash of all three.

Items are hash-consed: as long as one lives, making it again gives the same object, so equal
lineage is one object and comparing two traces is comparing two ids (LIMA, section 3.1).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from blake3 import blake3

from clew.lineage.canonical import DIGEST_BYTES, Digest, frame

_RECORD = frame(b"trace-item") + (1).to_bytes(4, "little")
_ID_LENGTH = DIGEST_BYTES.to_bytes(8, "little")

READ = "read"
"""Opcode of a leaf: an array known by its content id."""
SEED = "seed"
"""Opcode of a leaf: a random generator made from a seed."""


class Folded(Protocol):
    """What an item was folded into: an application of a patch."""

    inputs: tuple[Item, ...]

    def expand(self) -> list[Item]:
        """Give the items back their inputs."""


class Item:
    """One line of lineage.

    Attributes
    ----------
    opcode : str
        What was done: the importable name of the function (``"numpy.matmul"``), or ``"read"``.
    data : str
        Canonical text of the literal arguments, with holes where the inputs stand.
    id : Digest
        Hash of opcode, data and the ids of the inputs: computed once, when the item is made.
    value : numpy.ndarray or None
        For a leaf, its (read-only) bytes while they are at hand.
    """

    __slots__ = (
        "__weakref__",
        "_cell",
        "_inputs",
        "_origin",
        "_scope",
        "data",
        "framed",
        "id",
        "opcode",
        "value",
    )

    def __init__(self, opcode: str, inputs: tuple[Item, ...], data: str, id: Digest) -> None:
        self.opcode = opcode
        self.data = data
        self.id = id
        self.framed = _ID_LENGTH + id
        self.value: np.ndarray[Any, Any] | None = None
        self._inputs: tuple[Item, ...] | None = inputs
        self._origin: tuple[Folded, int] | None = None
        self._cell: weakref.ref[Any] | None = None
        self._scope = 0

    @property
    def inputs(self) -> tuple[Item, ...]:
        """Ordered inputs; those of a de-duplicated item are rebuilt from its patch."""
        if self._inputs is None:
            assert self._origin is not None
            self._origin[0].expand()
            assert self._inputs is not None
        return self._inputs

    def __repr__(self) -> str:
        return f"<Item {self.opcode}{self.data} {self.id.hex()[:12]}>"


class _Reference(weakref.ref[Item]):
    """A weak reference that knows its place in the table."""

    __slots__ = ("id",)
    id: bytes


_table: dict[bytes, _Reference] = {}
_heads: dict[str, bytes] = {}


def _forget(reference: _Reference) -> None:
    if _table.get(reference.id) is reference:
        _table.pop(reference.id, None)


class _Recording(threading.local):
    """Items made since the innermost iteration or function of this thread began."""

    made: list[Item] | None = None


recording = _Recording()


def item_id(opcode: str, inputs: Sequence[Item], data: str) -> Digest:
    """Return the id that an item of these parts has: a canonical digest of them."""
    head = _heads.get(opcode)
    if head is None:
        head = _heads[opcode] = _RECORD + frame(opcode.encode())
    text = data.encode()
    body = [head, len(text).to_bytes(8, "little"), text]
    body.extend([source.framed for source in inputs])
    return Digest(blake3(b"".join(body)).digest(length=DIGEST_BYTES))


def make(opcode: str, inputs: tuple[Item, ...], data: str) -> Item:
    """Return the item of these parts: the living one when there is one."""
    id = item_id(opcode, inputs, data)
    known = _table.get(id)
    if known is not None:
        found = known()
        if found is not None:
            return found
    item = Item(opcode, inputs, data, id)
    reference = _Reference(item, _forget)
    reference.id = id
    # Two threads may both come here: one object wins, unless it died meanwhile.
    winner = _table.setdefault(id, reference)
    if winner is not reference:
        found = winner()
        if found is not None:
            return found
        _table[id] = reference
    if recording.made is not None and opcode != READ:
        recording.made.append(item)
    return item


def peek(id: bytes) -> Item | None:
    """Return the living item of an id, or None."""
    known = _table.get(id)
    return None if known is None else known()


def walk(roots: Sequence[Item]) -> Iterator[Item]:
    """Yield every item that the roots stand on, inputs first, each once, without recursion."""
    seen: set[bytes] = set()
    for root in roots:
        stack: list[tuple[Item, bool]] = [(root, False)]
        while stack:
            item, ready = stack.pop()
            if ready:
                yield item
            elif item.id not in seen:
                seen.add(item.id)
                stack.append((item, True))
                stack.extend((source, False) for source in reversed(item.inputs))


def same(left: Item, right: Item) -> bool:
    """Tell whether two traces are the same computation."""
    return left.id == right.id


def first_difference(left: Item, right: Item) -> tuple[Item, Item] | None:
    """Return the first pair of items, inputs first, at which two traces part, or None.

    A pair parts where opcode, literals or number of inputs differ although all that stands
    below it in both traces agrees; leaves part where their content does.
    """
    seen: set[tuple[bytes, bytes]] = set()
    stack = [(left, right)]
    found: tuple[Item, Item] | None = None
    while stack:
        a, b = stack.pop()
        if a.id == b.id or (a.id, b.id) in seen:
            continue
        seen.add((a.id, b.id))
        if a.opcode != b.opcode or a.data != b.data or len(a.inputs) != len(b.inputs):
            found = (a, b)
            if not a.inputs or not b.inputs:
                return found
            continue
        stack.extend(reversed(list(zip(a.inputs, b.inputs, strict=True))))
    return found
