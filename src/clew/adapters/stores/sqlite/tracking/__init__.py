"""Tracking and the registry over one SQLite file: an adapter for each of their ports."""

from clew.adapters.stores.sqlite.tracking.aliases import SqliteAliases
from clew.adapters.stores.sqlite.tracking.artifacts import SqliteArtifacts
from clew.adapters.stores.sqlite.tracking.datasets import SqliteDatasets
from clew.adapters.stores.sqlite.tracking.events import SqliteAudit
from clew.adapters.stores.sqlite.tracking.experiments import SqliteExperiments
from clew.adapters.stores.sqlite.tracking.histories import SqliteHistories
from clew.adapters.stores.sqlite.tracking.models import SqliteModels
from clew.adapters.stores.sqlite.tracking.record import SqliteLogging
from clew.adapters.stores.sqlite.tracking.registered import SqliteRegistered
from clew.adapters.stores.sqlite.tracking.removals import SqliteRemovals
from clew.adapters.stores.sqlite.tracking.runs import SqliteRuns
from clew.adapters.stores.sqlite.tracking.search import SqliteSearch
from clew.adapters.stores.sqlite.tracking.traces import SqliteTraces
from clew.adapters.stores.sqlite.tracking.trash import SqliteTrash
from clew.adapters.stores.sqlite.tracking.versions import SqliteVersions

__all__ = [
    "SqliteAliases",
    "SqliteArtifacts",
    "SqliteAudit",
    "SqliteDatasets",
    "SqliteExperiments",
    "SqliteHistories",
    "SqliteLogging",
    "SqliteModels",
    "SqliteRegistered",
    "SqliteRemovals",
    "SqliteRuns",
    "SqliteSearch",
    "SqliteTraces",
    "SqliteTrash",
    "SqliteVersions",
]
