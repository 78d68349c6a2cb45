"""Serving: from a model to predictions. Adds exports, each with the comparison that admits it.

- `compile_model`: the fastest form of a model that is proven equal to it.
- `Endpoint`: scores rows within this process.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.serve.compile import Attempt, Compiled, compile_model
    from clew.serve.endpoint import Endpoint
    from clew.serve.outputs import Answer
    from clew.serve.parity import Parity
    from clew.serve.signature import Column, Signature

__all__ = [
    "Answer",
    "Attempt",
    "Column",
    "Compiled",
    "Endpoint",
    "Parity",
    "Signature",
    "compile_model",
]

_HOMES = {
    "Answer": "outputs",
    "Attempt": "compile",
    "Column": "signature",
    "Compiled": "compile",
    "Endpoint": "endpoint",
    "Parity": "parity",
    "Signature": "signature",
    "compile_model": "compile",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: the wiring names a port of this package only."""
    if name not in _HOMES:
        raise AttributeError(f"module 'clew.serve' has no attribute {name!r}")
    found = getattr(importlib.import_module(f"clew.serve.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
