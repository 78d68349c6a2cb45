"""Content ids: two values share one only when no program can tell them apart.

Facts added: the `ValueId` of any value. A value is walked once; every part is written as a type
tag and framed fields, large leaves as BLAKE3 digests, mutable values that are reached again as
references to the first visit. What cannot be written soundly raises `Unhashable`, and the step
that meets it executes.
"""

from clew.lineage.fingerprint import (  # noqa: F401 (they register their handlers)
    callables,
    containers,
    objects,
    scalars,
    sets,
)
from clew.lineage.fingerprint.memo import Memo
from clew.lineage.fingerprint.registry import register, register_lazy
from clew.lineage.fingerprint.walk import CodeHook, Context, encode, fingerprint, set_code_hook

__all__ = [
    "CodeHook",
    "Context",
    "Memo",
    "encode",
    "fingerprint",
    "register",
    "register_lazy",
    "set_code_hook",
]


def _load_numpy() -> None:
    from clew.lineage.fingerprint import arrays, generators  # noqa: F401 (slow to import)


register_lazy("numpy", _load_numpy)
