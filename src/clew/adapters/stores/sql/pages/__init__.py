"""The ports of `clew.track.ports.pages`: few queries for much, by numbers of runs."""

from clew.adapters.stores.sql.pages.runs import SqlRunPages
from clew.adapters.stores.sql.pages.store import SqlStorePages

__all__ = ["SqlRunPages", "SqlStorePages"]
