"""A store's tracking and registry ports in one hand: what edges (HTTP, CLI, Python) are given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from clew.registry.ports import Aliases, RegisteredModels, Versions
from clew.track.ports import (
    Artifacts,
    Audit,
    Datasets,
    Experiments,
    Histories,
    LoggedModels,
    Logging,
    Runs,
    Search,
    Traces,
    Trash,
)


@dataclass(frozen=True, slots=True)
class Tracking:
    """The ports of one store.

    Parameters
    ----------
    transaction : callable
        ``with tracking.transaction():`` makes all writes of this thread within the block one
        transaction (group commit); a write that fails inside undoes itself alone.
    """

    experiments: Experiments
    runs: Runs
    logging: Logging
    histories: Histories
    search: Search
    datasets: Datasets
    models: LoggedModels
    artifacts: Artifacts
    traces: Traces
    trash: Trash
    audit: Audit
    registered: RegisteredModels
    versions: Versions
    aliases: Aliases
    transaction: Callable[[], AbstractContextManager[None]]
