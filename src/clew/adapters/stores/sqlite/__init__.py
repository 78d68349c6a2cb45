"""The graph in one SQLite file: the store that needs nothing installed and no server.

Facts added: none. Module by noun: `schema` (tables and migrations), `place` (where a database may
lie), `database` (connections and transactions), `failures` (SQLite's errors in clew's words),
`words` (interned strings), `nodes`, `values`, `runs`, `blobs` and `packing` (bytes of small
values), `graph` (what is reachable), `usage` (who uses what), `views` (the graph as tables),
`audit` (is it whole), `salvage` (what is left of a
damaged one), `store` (the adapter itself).
"""

from clew.adapters.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
