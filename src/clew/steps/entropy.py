"""Fresh entropy that a step draws through NumPy, wherever that happens.

``default_rng(seed)`` with a seed that is None, in a library or in an estimator among the
arguments, cannot be seen in the step's code. NumPy takes such entropy from one function, which is
wrapped, once and for good.
"""

from __future__ import annotations

from typing import Any

from clew.steps.observe import note_unsound

REASON = "draws fresh entropy for a NumPy generator without a seed"

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
        note_unsound(REASON)
        return fresh(bits)

    source.randbits = observed  # type: ignore[attr-defined]
