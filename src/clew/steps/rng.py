"""Global random generators: seen, seeded and put where they would be.

A step that draws from a global generator has read its state and moves it: the state before is
part of what the step read, the state after is one of its effects.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from clew.steps import marks

STATES = dict[str, Any]
_TORCH = "torch"
_NO_GENERATORS = frozenset({bool, int, float, str, type(None), list, tuple, dict})


def snapshot() -> STATES:
    """Return the state of each global generator (torch's only when torch is loaded)."""
    import numpy

    states: STATES = {
        "random": random.getstate(),
        "numpy.random": numpy.random.get_state(legacy=True)
        if _is_legacy()
        else numpy.random.get_state(legacy=False),
    }
    if torch_is_loaded():
        torch: Any = sys.modules[_TORCH]
        states[_TORCH] = torch.get_rng_state().numpy().tobytes()
    return states


def _is_legacy() -> bool:
    """Tell whether NumPy's global generator is what it is unless somebody chose another."""
    import numpy

    found = numpy.random.get_bit_generator()  # type: ignore[attr-defined]
    return type(found) is numpy.random.MT19937


class Standing:
    """Where the global generators stand now, noted at little cost."""

    __slots__ = ("_mark", "_states")

    def __init__(self) -> None:
        self._mark = marks.take()
        self._states = snapshot() if self._mark is None else None

    @property
    def states(self) -> STATES:
        """The states that were noted."""
        if self._states is None:
            assert self._mark is not None
            self._states = marks.states(self._mark)
        return self._states

    def moved(self) -> dict[str, Any]:
        """Return the states, as they are now, of the generators that do not stand there."""
        if self._mark is not None and marks.take() == self._mark:
            return {}
        now = snapshot()
        if _TORCH in now and _TORCH not in self.states:
            self.states[_TORCH] = _at_load.get(_TORCH) or _seeded_torch()
        return {name: now[name] for name in moved(self.states, now)}

    def put_back(self) -> None:
        """Put the generators that moved since to where they stood."""
        changed = self.moved()
        restore({name: self.states[name] for name in changed})


def torch_is_loaded() -> bool:
    """Tell whether torch is there, as a whole."""
    return hasattr(sys.modules.get(_TORCH), "get_rng_state")


def torch_was_loaded() -> None:
    """Note where torch's generator stands, now that torch has just been loaded.

    It begins with fresh entropy; in a step that has a seed, with that seed.
    """
    _at_load[_TORCH] = snapshot()[_TORCH]
    _seed_torch()


_at_load: STATES = {}


def _seeded_torch() -> bytes:
    """Return where torch's generator stood after it was seeded last."""
    import torch

    seed = torch.default_generator.initial_seed()
    state: bytes = torch.Generator().manual_seed(seed).get_state().numpy().tobytes()
    return state


def state_now(name: str) -> Any:
    """Return the state of one global generator; torch is loaded for it."""
    if name == _TORCH:
        import torch  # noqa: F401
    return snapshot()[name]


def restore(states: STATES) -> None:
    """Put the generators into the given states."""
    for name, state in states.items():
        if name == "random":
            random.setstate(state)
        elif name == "numpy.random":
            import numpy

            numpy.random.set_state(state)
        elif name == _TORCH:
            import numpy
            import torch

            torch.set_rng_state(torch.from_numpy(numpy.frombuffer(state, dtype="uint8").copy()))


def moved(before: STATES, after: STATES) -> tuple[str, ...]:
    """Return the names of the generators whose state changed."""
    return tuple(name for name, state in before.items() if not _same(state, after[name]))


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, tuple) and hasattr(one[1], "tobytes"):
        # NumPy's legacy state: name, keys, position, and the spare normal draw.
        return bool(one[2:] == two[2:] and one[1].tobytes() == two[1].tobytes())
    return bool(plain(one) == plain(two))


def plain(state: Any) -> Any:
    """Return a state as plain Python values, ready to be stored."""
    if hasattr(state, "tobytes"):
        return {"dtype": str(state.dtype), "bytes": state.tobytes()}
    if isinstance(state, tuple):
        return [plain(item) for item in state]
    if isinstance(state, dict):
        return {"fields": {name: plain(item) for name, item in state.items()}}
    return state


def parse(stored: Any) -> Any:
    """Return the state that `plain` stored."""
    if isinstance(stored, dict) and "fields" in stored:
        return {name: parse(item) for name, item in stored["fields"].items()}
    if isinstance(stored, dict):
        import numpy

        return numpy.frombuffer(stored["bytes"], dtype=stored["dtype"]).copy()
    if isinstance(stored, list):
        return tuple(parse(item) for item in stored)
    return stored


def is_generator(value: object) -> bool:
    """Tell whether an argument is a random generator, which a step may advance."""
    if type(value) in _NO_GENERATORS:
        return False
    import numpy

    kinds = (random.Random, numpy.random.Generator, numpy.random.RandomState)
    return isinstance(value, kinds) and not isinstance(value, random.SystemRandom)


def state_of(generator: Any) -> Any:
    """Return a generator's state as plain values."""
    if isinstance(generator, random.Random):
        return plain(generator.getstate())
    if hasattr(generator, "bit_generator"):
        return plain(generator.bit_generator.state)
    return plain(generator.get_state(legacy=True))


def advance(generator: Any, stored: Any) -> None:
    """Put a generator into a state that `state_of` gave."""
    if isinstance(generator, random.Random):
        generator.setstate(parse(stored))
    elif hasattr(generator, "bit_generator"):
        generator.bit_generator.state = parse(stored)
    else:
        generator.set_state(parse(stored))


def advance_all(states: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Put the generators among a call's arguments where the call left them."""
    for name, state in states.items():
        advance(arguments[name], state)


@contextmanager
def seeded(seed: int | None) -> Iterator[Callable[[], bool]]:
    """Seed the global generators for the length of the block, then put them back.

    Gives a function that tells whether one of them was drawn from since.
    """
    if seed is None:
        yield lambda: False
        return
    before = Standing()
    random.seed(seed)
    import numpy

    numpy.random.seed(seed % 2**32)
    in_force = _seed.set(seed)
    _seed_torch()
    fresh = Standing()
    try:
        yield lambda: bool(fresh.moved())
    finally:
        _seed.reset(in_force)
        before.put_back()


def _seed_torch() -> None:
    """Seed torch's generator with the seed in force, where there are both."""
    seed = _seed.get()
    if seed is not None and torch_is_loaded():
        import torch

        torch.manual_seed(seed)


_seed: ContextVar[int | None] = ContextVar("clew_seed", default=None)
