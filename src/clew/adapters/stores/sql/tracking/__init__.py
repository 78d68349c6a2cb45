"""Tracking and the registry over one SQLite file: an adapter for each of their ports."""

from clew.adapters.stores.sql.tracking.aliases import SqlAliases
from clew.adapters.stores.sql.tracking.artifacts import SqlArtifacts
from clew.adapters.stores.sql.tracking.datasets import SqlDatasets
from clew.adapters.stores.sql.tracking.events import SqlAudit
from clew.adapters.stores.sql.tracking.experiments import SqlExperiments
from clew.adapters.stores.sql.tracking.histories import SqlHistories
from clew.adapters.stores.sql.tracking.models import SqlModels
from clew.adapters.stores.sql.tracking.record import SqlLogging
from clew.adapters.stores.sql.tracking.registered import SqlRegistered
from clew.adapters.stores.sql.tracking.removals import SqlRemovals
from clew.adapters.stores.sql.tracking.runs import SqlRuns
from clew.adapters.stores.sql.tracking.search import SqlSearch
from clew.adapters.stores.sql.tracking.traces import SqlTraces
from clew.adapters.stores.sql.tracking.trash import SqlTrash
from clew.adapters.stores.sql.tracking.versions import SqlVersions

__all__ = [
    "SqlAliases",
    "SqlArtifacts",
    "SqlAudit",
    "SqlDatasets",
    "SqlExperiments",
    "SqlHistories",
    "SqlLogging",
    "SqlModels",
    "SqlRegistered",
    "SqlRemovals",
    "SqlRuns",
    "SqlSearch",
    "SqlTraces",
    "SqlTrash",
    "SqlVersions",
]
