"""De-duplication of loops and functions by control path (LIMA, section 3.2).

The items of one iteration (or of one call of a function) form a *patch*: a small graph with
numbered external inputs. An iteration that takes the same path again is kept as one *application*:
the patch, its external inputs, and the literals in which it differs. The ids of items are those of
the plain trace, since every item was hashed before it was folded away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from clew.reuse.trace.item import Item, make, recording

T = TypeVar("T")
_SMALLEST = 2
"""An iteration of fewer items than this is kept as it is."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The graph of one control path.

    Parameters
    ----------
    opcodes : tuple of str
        Opcode of each item, inputs first.
    refs : tuple of tuple of int
        Inputs of each item: ``n >= 0`` is the patch's own item n, ``-1 - n`` external input n.
    data : tuple of str
        Literals of each item at the first application.
    """

    opcodes: tuple[str, ...]
    refs: tuple[tuple[int, ...], ...]
    data: tuple[str, ...]


_patches: dict[tuple[tuple[str, ...], tuple[tuple[int, ...], ...]], Patch] = {}


class Application:
    """One iteration: a patch with its external inputs and its own literals."""

    __slots__ = ("inputs", "patch", "varied")

    def __init__(
        self, patch: Patch, inputs: tuple[Item, ...], varied: tuple[tuple[int, str], ...]
    ) -> None:
        self.patch = patch
        self.inputs = inputs
        self.varied = varied

    def expand(self) -> list[Item]:
        """Return the items of this iteration, with their inputs."""
        data = list(self.patch.data)
        for position, text in self.varied:
            data[position] = text
        items: list[Item] = []
        with _recorded(None):
            for opcode, refs, text in zip(self.patch.opcodes, self.patch.refs, data, strict=True):
                inputs = tuple(items[ref] if ref >= 0 else self.inputs[-1 - ref] for ref in refs)
                item = make(opcode, inputs, text)
                item._inputs = inputs
                items.append(item)
        return items


def fold(items: list[Item]) -> Application | None:
    """Replace the items of one iteration by one application; return it, or None if too few.

    The items themselves stay valid: those that something else refers to (an array, the cache)
    point to the application, the others are freed.
    """
    if len(items) < _SMALLEST:
        return None
    place: dict[bytes, int] = {item.id: position for position, item in enumerate(items)}
    outside: dict[bytes, int] = {}
    external: list[Item] = []
    refs = tuple(
        tuple(_ref(source, place, outside, external) for source in item.inputs) for item in items
    )
    opcodes = tuple(item.opcode for item in items)
    data = tuple(item.data for item in items)
    patch = _patches.setdefault((opcodes, refs), Patch(opcodes, refs, data))
    varied = tuple(
        (position, text)
        for position, (text, usual) in enumerate(zip(data, patch.data, strict=True))
        if text != usual
    )
    application = Application(patch, tuple(external), varied)
    for position, item in enumerate(items):
        item._origin = (application, position)
        item._inputs = None
    return application


def _ref(
    source: Item, place: dict[bytes, int], outside: dict[bytes, int], external: list[Item]
) -> int:
    position = place.get(source.id)
    if position is not None:
        return position
    if source.id not in outside:
        outside[source.id] = len(external)
        external.append(source)
    return -1 - outside[source.id]


class Frame(list[Item]):
    """The items of one iteration, and whether a block inside it was folded already."""

    nested = False


@contextmanager
def _recorded(frame: Frame | None) -> Iterator[Frame | None]:
    outer = recording.made
    recording.made = frame
    try:
        yield outer if isinstance(outer, Frame) else None
    finally:
        recording.made = outer


@contextmanager
def dedup() -> Iterator[None]:
    """Fold what is traced in this block into one application of a patch.

    Only innermost blocks are folded: the iteration around one stays plain, as LIMA de-duplicates
    loops and functions of the last level.
    """
    frame = Frame()
    with _recorded(frame) as outer:
        yield
    folded = not frame.nested and fold(frame) is not None
    if outer is not None and (folded or frame.nested):
        outer.nested = True


def loop(values: Iterable[T]) -> Iterator[T]:
    """Iterate over `values`, de-duplicating the trace of each iteration.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.reuse.trace import loop, trace
    >>> x = trace(np.ones(3))
    >>> for _ in loop(range(100)):
    ...     x = x * 0.5 + 1.0
    >>> float(x[0])
    2.0
    """
    for value in values:
        with dedup():
            yield value
