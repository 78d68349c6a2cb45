"""A store's tracking and registry ports in one hand: what edges (HTTP, CLI, Python) are given."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from clew.adapters.stores import remote
from clew.adapters.stores.sql import SqlStore
from clew.adapters.stores.sql import tracking as sql
from clew.app.guarded import GuardedModels, GuardedVersions
from clew.app.promotion import GuardedAliases
from clew.app.settings import Settings, load
from clew.app.wiring import open_runtime
from clew.entities import LoggedModel
from clew.errors import InvalidParameter, InvalidState, NotFound
from clew.registry.ports import Aliases, RegisteredModels, Removals, Versions
from clew.steps.runtime import Runtime, current
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
    removals: Removals
    transaction: Callable[[], AbstractContextManager[object]]

    PORTS: ClassVar[tuple[str, ...]] = (
        "experiments",
        "runs",
        "logging",
        "histories",
        "search",
        "datasets",
        "models",
        "artifacts",
        "traces",
        "trash",
        "audit",
        "registered",
        "versions",
        "aliases",
        "removals",
    )

    def model_of(self, uri: str) -> LoggedModel:
        """Return the logged model that a URI of the registry names (``models:/adult@champion``).

        Raises
        ------
        NotFound
            When there is no such version, or its files lie elsewhere.
        """
        if match := _ALIAS.fullmatch(uri):
            version = self.aliases.version(match[1], match[2])
        elif match := _VERSION.fullmatch(uri):
            version = self.versions.get(match[1], int(match[2]))
        else:
            raise InvalidParameter(
                "this names no model",
                got=uri,
                expected="models:/m-…, models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN/NAME",
            )
        if version.model_id is None:
            raise NotFound(f"the files of {uri} lie elsewhere", got=version.source)
        return self.models.get(version.model_id)


_ALIAS = re.compile(r"models:/([^/@]+)@([\w\-]+)")
_VERSION = re.compile(r"models:/([^/@]+)/(\d{1,18})")


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


def tracking_here() -> Tracking:
    """Return the tracking of the place where this process stands now."""
    runtime = current()
    known = _known.get(id(runtime))
    if known is None or known[0] is not runtime:
        known = _known[id(runtime)] = (runtime, tracking_of(runtime))
    return known[1]


_known: dict[int, tuple[Runtime, Tracking]] = {}


def tracking_of(runtime: Runtime) -> Tracking:
    """Return the tracking of an open store."""
    if isinstance(runtime.store, remote.RemoteStore):
        return _remote(runtime.store.channel, runtime)
    store = cast(SqlStore, runtime.store)
    database = store.database
    audit, registered = sql.SqlAudit(database), sql.SqlRegistered(database)
    versions = sql.SqlVersions(database)
    return Tracking(
        experiments=sql.SqlExperiments(database),
        runs=sql.SqlRuns(database),
        logging=sql.SqlLogging(database),
        histories=sql.SqlHistories(database),
        search=sql.SqlSearch(database),
        datasets=sql.SqlDatasets(database),
        models=sql.SqlModels(database),
        artifacts=sql.SqlArtifacts(database, runtime.streams),
        traces=sql.SqlTraces(database),
        trash=sql.SqlTrash(database),
        audit=audit,
        registered=GuardedModels(registered, audit),
        versions=GuardedVersions(versions, registered, audit),
        aliases=GuardedAliases(sql.SqlAliases(database), registered, versions, audit),
        removals=sql.SqlRemovals(database),
        transaction=store.transaction,
    )


def _remote(channel: remote.Channel, runtime: Runtime) -> Tracking:
    ports: dict[str, Any] = {name: remote.proxy(name, channel) for name in Tracking.PORTS}
    ports["artifacts"] = remote.RemoteArtifacts(channel, runtime.streams)
    return Tracking(**ports, transaction=lambda: _no_transaction(runtime.location))


def _no_transaction(address: str) -> AbstractContextManager[object]:
    raise InvalidState(
        "many writes as one need the store itself, and this one is a server's",
        got=address,
        hint="run the command on the server's machine, with --store FOLDER",
    )
