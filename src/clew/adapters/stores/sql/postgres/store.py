"""The store in a PostgreSQL database: the one that several machines share."""

from __future__ import annotations

from pathlib import Path

from clew.adapters.stores.sql.postgres import carry
from clew.adapters.stores.sql.postgres.database import PostgresDatabase
from clew.adapters.stores.sql.store import SqlStore


class PostgresStore(SqlStore):
    """The graph of one place, in a schema of a PostgreSQL database.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST/DATABASE``, with ``?schema=NAME`` for another schema than ``clew``.
    lock_timeout_s : float, default 60
        How long to wait for another process's write.
    make : bool, default True
        Make the store where there is none.

    Raises
    ------
    StoreError
        When the database cannot be reached or used, the schema is no clew store, or was written by
        a newer clew.
    NotFound
        When there is none, and none is to be made.
    """

    def __init__(self, url: str, *, lock_timeout_s: float = 60.0, make: bool = True) -> None:
        self.server = PostgresDatabase(url, lock_timeout_s, make=make)
        super().__init__(self.server)

    def copy_to(self, path: Path) -> None:
        """Write one state of the store into a SQLite file, while others may write."""
        carry.write_file(self.server, path)
