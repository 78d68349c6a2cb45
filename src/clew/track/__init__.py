"""Experiment tracking: which runs there were, what they logged, and how to find them.

Adds the facts of a run: experiment, params, metrics with their histories, tags, the datasets that
it read, the models and files that it left. `clew.track.ports` says what a store must do.
"""

from clew.track.active import (
    ActiveRun,
    current,
    log_input,
    log_metrics,
    log_params,
    run,
)
from clew.track.find import experiments, runs
from clew.track.flavors.torch import TorchModel
from clew.track.load import load_model

__all__ = [
    "ActiveRun",
    "TorchModel",
    "current",
    "experiments",
    "load_model",
    "log_input",
    "log_metrics",
    "log_params",
    "run",
    "runs",
]
