"""Marks of the global generators: copies of their bytes, which cost a microsecond.

`random.getstate` and `numpy.random.get_state` build their answers number by number, which takes
longer than a small step. Their states lie in memory as plain bytes. Where exactly is no promise of
CPython or NumPy: it is found out on generators of our own, and believed only when the global ones,
read in this way, give what their own functions say. Otherwise there are no marks, and states are
taken as ever.
"""

from __future__ import annotations

import ctypes
import random
import struct
import sys
from functools import cache
from typing import Any, NamedTuple

_WORDS = 624
_PYTHON = struct.Struct(f"=i{_WORDS}I")
_POSITION = struct.Struct("=i")
_NUMPY_BYTES = 4 * _WORDS + _POSITION.size
_SPARE = struct.Struct("=i4xd")
_PYTHON_VERSION = 3
"""What `random.getstate` begins with."""


class Mark(NamedTuple):
    """Where the global generators of `random` and NumPy stand."""

    words: bytes
    gauss_next: float | None
    bits: bytes
    spare: bytes


class _Layout(NamedTuple):
    """Where the state lies inside of the generators' objects, in bytes from their beginnings."""

    words: int
    spare: int


def take() -> Mark | None:
    """Return a mark of now, or None where there is none (another bit generator, torch, …)."""
    layout = _layout()
    return None if layout is None or "torch" in sys.modules else _take(layout)


def states(mark: Mark) -> dict[str, Any]:
    """Return what `random.getstate` and `numpy.random.get_state` said when the mark was taken."""
    import numpy

    index, *words = _PYTHON.unpack(mark.words)
    (position,) = _POSITION.unpack(mark.bits[-_POSITION.size :])
    keys = numpy.frombuffer(mark.bits[: -_POSITION.size], dtype=numpy.uint32).copy()
    has_spare, spare = _SPARE.unpack(mark.spare)
    return {
        "random": (_PYTHON_VERSION, (*words, index), mark.gauss_next),
        "numpy.random": ("MT19937", keys, position, has_spare, spare),
    }


def _take(layout: _Layout) -> Mark | None:
    import numpy

    bits: Any = numpy.random.get_bit_generator()  # type: ignore[attr-defined]
    if type(bits) is not numpy.random.MT19937:
        return None
    generator: Any = random._inst
    legacy = numpy.random.mtrand._rand
    return Mark(
        ctypes.string_at(id(generator) + layout.words, _PYTHON.size),
        generator.gauss_next,
        ctypes.string_at(bits.ctypes.state_address, _NUMPY_BYTES),
        ctypes.string_at(id(legacy) + layout.spare, _SPARE.size),
    )


@cache
def _layout() -> _Layout | None:
    """Return where states lie in this interpreter, or None where that cannot be proven."""
    if sys.implementation.name != "cpython":
        return None
    import numpy

    python, legacy = random.Random(1), numpy.random.RandomState(1)
    legacy.standard_normal()  # leaves the second of a pair behind
    *words, index = python.getstate()[1]
    spare: Any = legacy.get_state(legacy=True)
    layout = _Layout(
        _memory(python).find(_PYTHON.pack(index, *words)),
        _memory(legacy).find(_SPARE.pack(1, spare[4])),
    )
    mark = None if -1 in layout else _take(layout)
    return layout if mark is not None and _is_true(states(mark)) else None


def _memory(thing: object) -> bytes:
    return ctypes.string_at(id(thing), type(thing).__basicsize__)


def _is_true(found: dict[str, Any]) -> bool:
    import numpy

    said: Any = numpy.random.get_state(legacy=True)
    name, keys, *rest = found["numpy.random"]
    return (
        found["random"] == random.getstate()
        and [name, *rest] == [said[0], *said[2:]]
        and keys.tobytes() == said[1].tobytes()
    )
