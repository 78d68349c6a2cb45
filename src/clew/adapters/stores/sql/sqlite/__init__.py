"""The graph in one SQLite file: the store that needs nothing installed and no server.

Facts added: none. Module by noun: `place` (where a file may lie), `database` (connections and
transactions), `failures` (SQLite's errors in clew's words), `version` (of the schema), `salvage`
(what is left of a damaged file), `store` (the adapter itself).
"""

from clew.adapters.stores.sql.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
