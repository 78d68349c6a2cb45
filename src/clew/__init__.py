"""clew: the machine-learning lifecycle on one lineage graph.

Every fact is a node; a node's id is the hash of what produced it. In the order of the lifecycle:

- `step`, `flow`: functions whose calls are nodes; a flow is planned as a whole before it runs.
- `env`, `checkpoint`: what a step reads from its surroundings, and where a long one goes on.
- `log_metric`, `log_param`, `log_artifact`: what a run says about itself, replayed on reuse.
- `reuse`, `Search`, `trace`: nothing is computed twice in scikit-learn and NumPy code.
- `fingerprint`: the content id of any value.
- `open`: the store: runs, lineage, why, diff, rebuild, impact, sql, gc, fsck.

Errors are in `clew.errors`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.app.store import open_store as open
    from clew.lineage.fingerprint import fingerprint
    from clew.reuse.context import reuse
    from clew.reuse.trace import trace
    from clew.select.search import Search
    from clew.steps.checkpoint import checkpoint
    from clew.steps.env import env
    from clew.steps.flow import flow
    from clew.steps.log import log_artifact, log_metric, log_param
    from clew.steps.step import step

__version__ = "0.1.0"

_HOMES = {
    "Search": "clew.select.search:Search",
    "checkpoint": "clew.steps.checkpoint:checkpoint",
    "env": "clew.steps.env:env",
    "fingerprint": "clew.lineage.fingerprint:fingerprint",
    "flow": "clew.steps.flow:flow",
    "log_artifact": "clew.steps.log:log_artifact",
    "log_metric": "clew.steps.log:log_metric",
    "log_param": "clew.steps.log:log_param",
    "open": "clew.app.store:open_store",
    "reuse": "clew.reuse",
    "step": "clew.steps.step:step",
    "trace": "clew.reuse.trace:trace",
}

__all__ = [
    "Search",
    "checkpoint",
    "env",
    "fingerprint",
    "flow",
    "log_artifact",
    "log_metric",
    "log_param",
    "open",
    "reuse",
    "step",
    "trace",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'clew' has no attribute {name!r}")
    _wire()
    module, _, attribute = home.partition(":")
    found = importlib.import_module(module)
    if attribute:
        found = getattr(found, attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def _wire() -> None:
    """Connect the adapters, at the first use of anything that needs them."""
    importlib.import_module("clew.app.wiring").install()
