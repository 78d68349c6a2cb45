"""Reuse below steps: whole fits and transforms, single array operations, and what derives both.

Facts added: estimator calls (`estimators`) and array operations (`trace`) as nodes, and results
that follow from others by a rewrite (`rewrites`). The package can be called: `with clew.reuse():`
enters `clew.reuse.context.reuse`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.reuse.context import reuse


class _Callable(ModuleType):
    """Makes `clew.reuse` one thing: importing a submodule must not hide the function."""

    def __call__(self, **options: Any) -> reuse:
        from clew.reuse.context import reuse

        return reuse(**options)


sys.modules[__name__].__class__ = _Callable
