"""Fresh entropy that a step draws through NumPy, wherever that happens.

``default_rng(seed)`` with a seed that is None, in a library or in an estimator among the
arguments, cannot be seen in the step's code. NumPy takes such entropy from one function, which is
wrapped, once and for good. A `RandomState` takes some even when it is given a seed, which it then
does not use, and so does every generator that is copied; those do not count. Nor does what a
library takes while it is loaded (see `loading`).
"""

from __future__ import annotations

import dis
import functools
import sys
from types import CodeType
from typing import Any

from clew.steps.loading import loads_library
from clew.steps.observe import note_unsound

REASON = "draws fresh entropy for a NumPy generator without a seed"

_MAKERS = {"default_rng", "SeedSequence", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}
_COPIES = "numpy.random._pickle"

_watching = False


def watch() -> None:
    """Let the running step's observer know when NumPy asks for fresh entropy."""
    global _watching
    if _watching:
        return
    _watching = True
    import numpy.random.bit_generator as source

    fresh: Any = getattr(source, "randbits", None)
    if fresh is None:
        return

    def observed(bits: int) -> Any:
        caller = sys._getframe(1)
        if (
            not loads_library()
            and caller.f_globals.get("__name__") != _COPIES
            and not _makes_random_state(caller.f_code, caller.f_lasti)
        ):
            note_unsound(REASON)
        return fresh(bits)

    source.randbits = observed  # type: ignore[attr-defined]


@functools.lru_cache(maxsize=256)
def _makes_random_state(code: CodeType, position: int) -> bool:
    """Tell whether the call at `position` is one of `RandomState`, by the name before it."""
    found = False
    for instruction in dis.get_instructions(code):
        if instruction.offset > position:
            break
        name = str(instruction.argval)
        if name == "RandomState" or name in _MAKERS:
            found = name == "RandomState"
    return found
