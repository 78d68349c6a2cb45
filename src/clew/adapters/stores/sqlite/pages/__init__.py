"""The ports of `clew.track.ports.pages`: few queries for much, by numbers of runs."""

from clew.adapters.stores.sqlite.pages.runs import SqliteRunPages
from clew.adapters.stores.sqlite.pages.store import SqliteStorePages

__all__ = ["SqliteRunPages", "SqliteStorePages"]
