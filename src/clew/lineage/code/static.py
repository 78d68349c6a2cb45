"""The part of a function's fingerprint that cannot change while its code object lives."""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass
from types import CodeType

from clew.lineage.canonical import Digest, digest, frame
from clew.lineage.code.bytecode import canonical_bytecode
from clew.lineage.code.reads import Read, reads_of
from clew.lineage.code.source import text_of
from clew.lineage.code.tree import normal_form
from clew.lineage.code.walk import key
from clew.lineage.code.writes import only_written

FORMAT = 1
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}".encode()
_OPTIMIZE = bytes([sys.flags.optimize])  # `assert` and `__debug__` depend on it


@dataclass(frozen=True, slots=True)
class Static:
    """What a code object says by itself.

    Attributes
    ----------
    digest : Digest
        Of the normal form of its text, or of its bytecode where no text is proven to be it.
    reads : tuple of (bytes, Read)
        What it takes from globals, imports and its closure, each with the key of its edge.
    free : tuple of str
        Free variables in the order in which the digest numbers them.
    source : str
        The proven text, else empty.
    written : frozenset of str
        Names from outside that it only writes to.
    """

    digest: Digest
    reads: tuple[tuple[bytes, Read], ...]
    free: tuple[str, ...]
    source: str
    written: frozenset[str]


_known: dict[int, tuple[weakref.ref[CodeType], Static]] = {}


def static_of(code: CodeType, namespace: dict[str, object]) -> Static:
    """Return the static part of a function's fingerprint, computed once per code object."""
    known = _known.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    static = _read(code, namespace)
    key = id(code)
    _known[key] = (weakref.ref(code, lambda _: _known.pop(key, None)), static)
    return static


def _read(code: CodeType, namespace: dict[str, object]) -> Static:
    reads = reads_of(code)
    text = text_of(code, namespace)
    if text is None:
        content, free = canonical_bytecode(code)
        fields = [content, _PYTHON]
        return Static(
            digest("code-bytecode", FORMAT, fields), _keyed(reads, free), free, "", frozenset()
        )
    form = normal_form(text.node, code.co_freevars)
    fields = [form.content, _OPTIMIZE]
    return Static(
        digest("code-tree", FORMAT, fields),
        _keyed(reads, form.free),
        form.free,
        text.source,
        only_written(text.node),
    )


def _keyed(reads: tuple[Read, ...], free: tuple[str, ...]) -> tuple[tuple[bytes, Read], ...]:
    """Give each read its key; a free variable is its number, so that it can be renamed."""

    def name(read: Read) -> str:
        return str(free.index(read.name)) if read.root == "free" else "." * read.level + read.name

    return tuple(
        (key(read.root, name(read)) + frame(".".join(read.attributes).encode()), read)
        for read in reads
    )
