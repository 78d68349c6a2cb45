"""The graph in a SQL database: one body of SQL, in SQLite's words.

Facts added: none. Module by noun: `connection` (what the adapters speak to), `database`
(connections and transactions), `schema` (tables and migrations), `words` (interned strings),
`nodes`, `values`, `runs`, `blobs` and `packing` (bytes of small values), `graph` (what is
reachable), `usage` (who uses what), `views` (the graph as tables), `audit` (is it whole), `store`
(the adapter itself). `sqlite` opens a file; what only a file has is there.
"""

from clew.adapters.stores.sql.sqlite import SqliteStore
from clew.adapters.stores.sql.store import SqlStore

__all__ = ["SqlStore", "SqliteStore"]
