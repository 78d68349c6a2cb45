"""Serving: from a model to predictions. Adds exports, each with the comparison that admits it.

- `compile_model`: the fastest form of a model that is proven equal to it.
- `Endpoint`: scores rows within this process.
- `Service`: code of one's own around models.
- `Fleet`, `Shelf`: many similar models in one process, and compiled ones in a folder.
- `Deployment`, `deploy`, `promote`, `roll_back`, `deployed`: versions behind one name.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.serve.compile import Attempt, Compiled, compile_model
    from clew.serve.deployment.config import Canary, Deployment
    from clew.serve.deployment.deploy import deploy, deployed, promote, roll_back
    from clew.serve.endpoint import Endpoint
    from clew.serve.fleet import Fleet
    from clew.serve.outputs import Answer
    from clew.serve.parity import Parity
    from clew.serve.service import Service
    from clew.serve.shelf import Shelf
    from clew.serve.signature import Column, Signature

__all__ = [
    "Answer",
    "Attempt",
    "Canary",
    "Column",
    "Compiled",
    "Deployment",
    "Endpoint",
    "Fleet",
    "Parity",
    "Service",
    "Shelf",
    "Signature",
    "compile_model",
    "deploy",
    "deployed",
    "promote",
    "roll_back",
]

_HOMES = {
    "Answer": "outputs",
    "Attempt": "compile",
    "Canary": "deployment.config",
    "Column": "signature",
    "Compiled": "compile",
    "Deployment": "deployment.config",
    "Endpoint": "endpoint",
    "Fleet": "fleet",
    "Parity": "parity",
    "Service": "service",
    "Shelf": "shelf",
    "Signature": "signature",
    "compile_model": "compile",
    "deploy": "deployment.deploy",
    "deployed": "deployment.deploy",
    "promote": "deployment.deploy",
    "roll_back": "deployment.deploy",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: the wiring names a port of this package only."""
    if name not in _HOMES:
        raise AttributeError(f"module 'clew.serve' has no attribute {name!r}")
    found = getattr(importlib.import_module(f"clew.serve.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
