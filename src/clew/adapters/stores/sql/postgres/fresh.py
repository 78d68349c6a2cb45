"""A new store in PostgreSQL that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg

from clew.adapters.stores.sql.postgres.address import Address, parse, with_schema
from clew.adapters.stores.sql.postgres.connection import PostgresConnection
from clew.adapters.stores.sql.postgres.database import lock_number
from clew.adapters.stores.sql.postgres.failures import explain
from clew.adapters.stores.sql.postgres.store import PostgresStore
from clew.adapters.stores.sql.postgres.tables import version
from clew.errors import InvalidParameter, InvalidState


@contextmanager
def fresh(url: str) -> Iterator[PostgresStore]:
    """Lend a new store that gets the name in its address when the block ends well.

    Until then it has another name: nobody uses it half filled, or remembers anything of it.

    Raises
    ------
    InvalidParameter
        When there is a store already.
    InvalidState
        When another process makes it just now.
    """
    address = parse(url)
    draft = f"{address.schema[:50]}_restoring"
    try:
        with _alone(address) as session:
            _demand_absent(session, address)
            session.script(f'DROP SCHEMA IF EXISTS "{draft}" CASCADE')  # Of one that broke off.
            try:
                with closing(PostgresStore(with_schema(url, draft))) as store:
                    yield store
                _demand_absent(session, address)
                session.script(
                    f'BEGIN; DROP SCHEMA IF EXISTS "{address.schema}"; '
                    f'ALTER SCHEMA "{draft}" RENAME TO "{address.schema}"; COMMIT'
                )
            except BaseException:
                if not session.is_lost:
                    if session.in_transaction:
                        session.script("ROLLBACK")
                    session.script(f'DROP SCHEMA IF EXISTS "{draft}" CASCADE')
                raise
    except psycopg.Error as error:
        raise explain(error, address.shown) from error


@contextmanager
def _alone(address: Address) -> Iterator[PostgresConnection]:
    """Lend a session while no other process makes this store."""
    lock = lock_number("restore", address.schema)
    with closing(PostgresConnection(address)) as session:
        if not session.raw.execute("SELECT pg_try_advisory_lock($1)", (lock,)).fetchone()[0]:
            raise InvalidState(
                f"another process makes this store just now: {address.shown}", hint="wait for it"
            )
        try:
            yield session
        finally:
            if not session.is_lost:
                session.script(f"SELECT pg_advisory_unlock({lock:d})")


def _demand_absent(session: PostgresConnection, address: Address) -> None:
    if version(session, address.schema, address.shown):
        raise InvalidParameter(
            f"there is a store already: {address.shown}",
            hint="name another schema by ?schema=NAME in the address, or rename this one with "
            f"ALTER SCHEMA {address.schema} RENAME TO …",
        )
