"""clew: the machine-learning lifecycle on one lineage graph.

Every fact is a node; a node's id is the hash of what produced it. In the order of the lifecycle:

- `step`, `flow`: functions whose calls are nodes; a flow is planned as a whole before it runs.
- `env`: what a step reads from its surroundings; in `clew.steps` the `checkpoint` of a long one.
- `reuse`, `Search`, `trace`: nothing is computed twice in scikit-learn and NumPy code.
- `automl`: a model for a table, within a budget of seconds.
- `run`, `autolog`: tracked runs of any code; in `clew.track` how to find them and to load models.
- `log_metric`, `log_param`, `log_artifact`, `log_model`: what a run, or a flow, says about itself;
  in `clew.registry` names of models, versions, promotion.
- `assertion`: what must not be wrong with a model's answers.
- `open`: the store: runs, lineage, why, diff, rebuild, impact, sql, gc, fsck.

The content id of any value is `clew.lineage.fingerprint.fingerprint`. Errors are in `clew.errors`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.app.automl import automl
    from clew.app.store import open_store as open
    from clew.debug.assertions import assertion
    from clew.reuse.context import reuse
    from clew.reuse.trace import trace
    from clew.select.search import Search
    from clew.steps.env import env
    from clew.steps.flow import flow
    from clew.steps.log import log_artifact, log_metric, log_param
    from clew.steps.step import step
    from clew.track.active import run
    from clew.track.autolog import autolog
    from clew.track.save import log_model

__version__ = "0.1.0"

_HOMES = {
    "Search": "clew.select.search:Search",
    "assertion": "clew.debug.assertions:assertion",
    "autolog": "clew.track.autolog:autolog",
    "automl": "clew.app.automl:automl",
    "env": "clew.steps.env:env",
    "flow": "clew.steps.flow:flow",
    "log_artifact": "clew.steps.log:log_artifact",
    "log_metric": "clew.steps.log:log_metric",
    "log_model": "clew.track.save:log_model",
    "log_param": "clew.steps.log:log_param",
    "open": "clew.app.store:open_store",
    "reuse": "clew.reuse",
    "run": "clew.track.active:run",
    "step": "clew.steps.step:step",
    "trace": "clew.reuse.trace:trace",
}

__all__ = [
    "Search",
    "assertion",
    "autolog",
    "automl",
    "env",
    "flow",
    "log_artifact",
    "log_metric",
    "log_model",
    "log_param",
    "open",
    "reuse",
    "run",
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
