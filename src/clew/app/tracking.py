"""A store's tracking and registry ports in one hand: what edges (HTTP, CLI, Python) are given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import cast

from clew.adapters.blobs.split import SplitBlobs
from clew.adapters.stores.sqlite import SqliteStore
from clew.adapters.stores.sqlite import tracking as sqlite
from clew.app.settings import Settings, load
from clew.app.wiring import open_runtime
from clew.lineage.cache.tiers import TieredBlobs
from clew.lineage.ports import StreamStore
from clew.lineage.values import ValueVault
from clew.registry.ports import Aliases, RegisteredModels, Versions
from clew.steps.runtime import Runtime
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
    transaction: Callable[[], AbstractContextManager[object]]


def open_tracking(settings: Settings | None = None) -> Tracking:
    """Return the tracking of a store, opened once in each process.

    Parameters
    ----------
    settings : Settings, optional
        Which store; by default the one of the place where this process stands.

    Raises
    ------
    StoreError
        When it cannot be opened or written.
    """
    return tracking_of(open_runtime(load() if settings is None else settings))


def tracking_of(runtime: Runtime) -> Tracking:
    """Return the tracking of an open store."""
    store = cast(SqliteStore, runtime.store)
    split = cast(SplitBlobs, cast(ValueVault, runtime.vault).blobs)
    blobs = cast(TieredBlobs, split.large).blobs
    database = store.database
    return Tracking(
        experiments=sqlite.SqliteExperiments(database),
        runs=sqlite.SqliteRuns(database),
        logging=sqlite.SqliteLogging(database),
        histories=sqlite.SqliteHistories(database),
        search=sqlite.SqliteSearch(database),
        datasets=sqlite.SqliteDatasets(database),
        models=sqlite.SqliteModels(database),
        artifacts=sqlite.SqliteArtifacts(database, cast(StreamStore, blobs)),
        traces=sqlite.SqliteTraces(database),
        trash=sqlite.SqliteTrash(database),
        audit=sqlite.SqliteAudit(database),
        registered=sqlite.SqliteRegistered(database),
        versions=sqlite.SqliteVersions(database),
        aliases=sqlite.SqliteAliases(database),
        transaction=store.transaction,
    )
