"""Global random generators: seen, seeded and put where they would be.

A step that draws from a global generator has read its state and moves it: the state before is
part of what the step read, the state after is one of its effects.
"""

from __future__ import annotations

import ctypes
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

STATES = dict[str, Any]
_MT19937_BYTES = 625 * 4


def snapshot() -> STATES:
    """Return the state of each global generator (torch's only when torch is loaded)."""
    import numpy

    states: STATES = {
        "random": random.getstate(),
        "numpy.random": numpy.random.get_state(legacy=True),
    }
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def mark() -> bytes | None:
    """Return what tells quickly that NumPy's global generator did not move; None if nothing does.

    `get_state` builds its answer number by number, which costs more than a small step. The bytes
    of the Mersenne Twister's state are those of ``mt19937_state`` (key and position).
    """
    import numpy

    bits: Any = numpy.random.get_bit_generator()  # type: ignore[attr-defined]
    if type(bits) is not numpy.random.MT19937:
        return None
    return ctypes.string_at(bits.ctypes.state_address, _MT19937_BYTES)


def stands_at(marked: bytes | None, states: STATES) -> bool:
    """Tell whether surely no global generator moved since `mark` and `snapshot` were taken."""
    # With a spare normal draw kept, a draw may leave the bits as they are.
    spare = states["numpy.random"][3]
    if marked is None or spare or set(states) != {"random", "numpy.random"}:
        return False
    return mark() == marked and random.getstate() == states["random"] and "torch" not in sys.modules


def restore(states: STATES) -> None:
    """Put the generators into the given states."""
    for name, state in states.items():
        if name == "random":
            random.setstate(state)
        elif name == "numpy.random":
            import numpy

            numpy.random.set_state(state)
        elif name == "torch":
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
    return bool(one == two)


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
    before = snapshot()
    random.seed(seed)
    import numpy

    numpy.random.seed(seed % 2**32)
    if "torch" in before:
        import torch

        torch.manual_seed(seed)
    fresh = snapshot()
    try:
        yield lambda: bool(moved(fresh, snapshot()))
    finally:
        restore(before)
