"""The store in one file: the one that needs nothing installed and no server."""

from __future__ import annotations

from pathlib import Path

from clew.adapters.stores.sql.sqlite.database import Durability, SqliteDatabase
from clew.adapters.stores.sql.sqlite.salvage import Salvaged, salvage
from clew.adapters.stores.sql.store import SqlStore


class SqliteStore(SqlStore):
    """The graph of one place, in one SQLite file.

    Parameters
    ----------
    path : str or Path
        The database file; it is made when it is absent, and brought to the newest schema.
    durability : {"process", "power-loss"}, default "process"
        What an acknowledged write survives: the death of every process, or of the machine (each
        write then waits for the disk).
    lock_timeout_s : float, default 60
        How long to wait for another process's write.

    Raises
    ------
    StoreError
        When the file lies on a network file system, cannot be opened or written, is no clew
        store, or was written by a newer clew.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        durability: Durability = "process",
        lock_timeout_s: float = 60.0,
    ) -> None:
        self.path = Path(path)
        self.file = SqliteDatabase(self.path, durability, lock_timeout_s)
        super().__init__(self.file)

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the database, while others may write."""
        self.file.copy_to(path)

    def salvage(self) -> Salvaged:
        """Put a fresh database with all that can be read in the place of this damaged one."""
        with self._database.aside():
            return salvage(self.path)
