"""Open the store that needs a library: PostgreSQL's."""

from __future__ import annotations

from importlib import import_module

from clew.adapters.stores.sql.postgres.address import parse
from clew.adapters.stores.sql.store import SqlStore
from clew.errors import MissingExtra


def open_postgres(url: str) -> SqlStore:
    """Open the store in a PostgreSQL database.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST/DATABASE``, with ``?schema=NAME`` for another schema than ``clew``.

    Raises
    ------
    MissingExtra
        Without psycopg: ``pip install 'clew[postgres]'``.
    InvalidParameter
        When the address is not of that form.
    StoreError
        When the database cannot be reached or used.
    """
    parse(url)
    try:
        import_module("psycopg")
    except ImportError as error:
        raise MissingExtra(
            "postgresql:// needs psycopg", got=str(error), hint="pip install 'clew[postgres]'"
        ) from error
    store: SqlStore = import_module("clew.adapters.stores.sql.postgres.store").PostgresStore(url)
    return store
