"""Random generators as recorded leaves.

A draw's lineage is its seed and the draws before it, so the same draws from the same seed are one
item wherever they are made. Values are those of ``numpy.random.default_rng(seed)``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from clew.errors import WrongType
from clew.reuse.trace.bind import bind
from clew.reuse.trace.cell import Cell
from clew.reuse.trace.item import SEED, Item, make
from clew.reuse.trace.link import wrap
from clew.reuse.trace.literal import encode
from clew.reuse.trace.opcode import DRAW, DRAWS
from clew.reuse.trace.outputs import spread
from clew.reuse.trace.session import Session, current


class TracedGenerator:
    """A random generator whose draws have lineage.

    Attributes
    ----------
    item : Item
        The generator's state: its seed, or the last draw.
    draws : int
        How many draws were made.
    """

    def __init__(self, seed: int | tuple[int, ...], session: Session) -> None:
        self.item: Item = make(SEED, (), f"({encode(seed)})")
        self.draws = 0
        self._session = session
        self._generator: Any = np.random.default_rng(seed)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in DRAWS:
            raise AttributeError(
                f"traced generators have no {name!r}: methods that shuffle in place or reach the "
                "bit generator leave no lineage"
            )
        return lambda *args, **kwargs: self._draw(name, args, kwargs)

    def __deepcopy__(self, memo: Any) -> TracedGenerator:
        twin = object.__new__(TracedGenerator)
        twin.item, twin.draws, twin._session = self.item, self.draws, self._session
        twin._generator = copy.deepcopy(self._generator)
        return twin

    def _draw(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if kwargs.get("out") is not None:
            raise WrongType("A traced generator does not draw into an array.", got="out=")
        session = self._session
        state = _state_cell(self.item)
        # The state is input 0 of the draw, so the holes of its arguments move on by one.
        shifted = bind(session, (state, self.draws, *args), kwargs)
        generator = self._generator

        def run(_: Any, __: Any, *values: Any, **named: Any) -> tuple[Any, ...]:
            result = getattr(generator, method)(*values, **named)
            return result, _frozen_state(generator)

        cells, arrangement, reason = session.evaluate(
            f"{DRAW}{method}", run, shifted.text, shifted.cells, shifted.args, shifted.kwargs
        )
        tree = arrangement.tree
        generator.bit_generator.state = _thawed(tree[1])
        self.item = make(f"{DRAW}{method}", tuple(c.item for c in shifted.cells), shifted.text)
        self.draws += 1
        drawn = type(arrangement)(tree[0])
        return spread(cells, drawn, lambda cell: wrap(session, cell, reason))


def _state_cell(item: Item) -> Any:
    return Cell(item, np.empty(0))


def _frozen_state(generator: Any) -> tuple[Any, ...]:
    return _freeze(generator.bit_generator.state)


def _freeze(state: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        (name, _freeze(value) if isinstance(value, dict) else value)
        for name, value in state.items()
    )


def _thawed(frozen: tuple[Any, ...]) -> dict[str, Any]:
    return {name: _thawed(value) if isinstance(value, tuple) else value for name, value in frozen}


def rng(seed: int | tuple[int, ...], *, session: Session | None = None) -> TracedGenerator:
    """Return a generator whose draws are recorded and reused.

    Parameters
    ----------
    seed : int or tuple of int
        Never None: a draw that cannot be repeated has no lineage.

    Raises
    ------
    WrongType
        When the seed is not made of integers.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.reuse.trace import rng
    >>> bool(np.all(rng(3).normal(size=4) == np.random.default_rng(3).normal(size=4)))
    True
    """
    parts = seed if isinstance(seed, tuple) else (seed,)
    if not all(type(part) is int for part in parts):
        raise WrongType(
            "A traced generator needs a seed.", got=type(seed).__name__, expected="int, or a tuple"
        )
    return TracedGenerator(seed, current() if session is None else session)
