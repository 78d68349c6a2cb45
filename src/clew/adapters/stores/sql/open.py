"""Open the store that needs a library: PostgreSQL's."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from types import ModuleType

from clew.adapters.stores.sql.postgres.address import parse
from clew.adapters.stores.sql.store import SqlStore
from clew.errors import MissingExtra


def open_postgres(url: str, *, make: bool = True) -> SqlStore:
    """Open the store in a PostgreSQL database.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST/DATABASE``, with ``?schema=NAME`` for another schema than ``clew``.
    make : bool, default True
        Make the store where there is none.

    Raises
    ------
    MissingExtra
        Without psycopg: ``pip install 'clew[postgres]'``.
    InvalidParameter
        When the address is not of that form.
    StoreError
        When the database cannot be reached or used.
    NotFound
        When there is no store, and none is to be made.
    """
    store: SqlStore = _load("store", url).PostgresStore(url, make=make)
    return store


def fresh_postgres(url: str) -> AbstractContextManager[SqlStore]:
    """Lend a new store in a PostgreSQL database; it is there when the block ends well.

    Raises
    ------
    MissingExtra, InvalidParameter, StoreError
        As `open_postgres`; and when there is a store already.
    """
    lent: AbstractContextManager[SqlStore] = _load("fresh", url).fresh(url)
    return lent


def read_file(path: Path, target: SqlStore) -> None:
    """Bring all that a SQLite file holds into a new store in a PostgreSQL database.

    Raises
    ------
    InvalidParameter
        When PostgreSQL cannot keep a text of it.
    """
    import_module("clew.adapters.stores.sql.postgres.carry").read_file(path, target.database)


def _load(module: str, url: str) -> ModuleType:
    parse(url)
    try:
        import_module("psycopg")
    except ImportError as error:
        raise MissingExtra(
            "postgresql:// needs psycopg", got=str(error), hint="pip install 'clew[postgres]'"
        ) from error
    return import_module(f"clew.adapters.stores.sql.postgres.{module}")
