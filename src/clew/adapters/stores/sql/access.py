"""Tokens and saved views in SQLite."""

from __future__ import annotations

from typing import Any

from clew.adapters.stores.sql.database import Database
from clew.entities.token import SavedView, Token
from clew.errors import AlreadyExists, NotFound

_TOKEN = "id, name, scopes, created_ms, created_by, expires_ms, last_used_ms, revoked_ms"
_VIEW = "id, name, location, created_ms, created_by"


class SqlTokens:
    """The port `clew.track.ports.access.Tokens`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: Token, digest: bytes) -> None:
        """Add a token with the hash of its secret."""
        row = (
            token.id,
            token.name,
            " ".join(token.scopes),
            token.created_ms,
            token.created_by,
            token.expires_ms,
            token.last_used_ms,
            token.revoked_ms,
        )
        with self._database.writing() as connection:
            if connection.execute("SELECT 1 FROM token WHERE id = ?", (token.id,)).fetchone():
                raise AlreadyExists(f"there is a token {token.id!r} already")
            connection.execute(
                f"INSERT INTO token ({_TOKEN}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, digest),
            )

    def find(self, id: str) -> tuple[Token, bytes] | None:
        """Return a token and the hash of its secret, revoked and expired ones too."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT {_TOKEN}, digest FROM token WHERE id = ?", (id,)
            ).fetchone()
        return None if row is None else (_token(row[:8]), row[8])

    def list(self) -> tuple[Token, ...]:
        """Return all tokens, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_TOKEN} FROM token ORDER BY created_ms DESC, id"
            ).fetchall()
        return tuple(map(_token, rows))

    def revoke(self, id: str, time_ms: int) -> bool:
        """Say that a token does not count any more; False when it did not before."""
        with self._database.writing() as connection:
            done = connection.execute(
                "UPDATE token SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL",
                (time_ms, id),
            )
            return bool(done.rowcount)

    def touch(self, id: str, time_ms: int) -> None:
        """Remember when a token was last used."""
        with self._database.writing() as connection:
            connection.execute("UPDATE token SET last_used_ms = ? WHERE id = ?", (time_ms, id))


class SqlViews:
    """The port `clew.track.ports.access.Views`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, view: SavedView) -> None:
        """Add a view."""
        with self._database.writing() as connection:
            if connection.execute("SELECT 1 FROM saved_view WHERE id = ?", (view.id,)).fetchone():
                raise AlreadyExists(f"there is a saved view {view.id!r} already")
            connection.execute(
                f"INSERT INTO saved_view ({_VIEW}) VALUES (?, ?, ?, ?, ?)",
                (view.id, view.name, view.location, view.created_ms, view.created_by),
            )

    def get(self, id: str) -> SavedView:
        """Return a view."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT {_VIEW} FROM saved_view WHERE id = ?", (id,)
            ).fetchone()
        if row is None:
            raise NotFound(f"there is no saved view {id!r}")
        return _view(row)

    def named(self) -> tuple[SavedView, ...]:
        """Return the views that have a name, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_VIEW} FROM saved_view WHERE name <> '' ORDER BY created_ms DESC, id"
            ).fetchall()
        return tuple(map(_view, rows))

    def delete(self, id: str) -> None:
        """Remove a view."""
        with self._database.writing() as connection:
            if not connection.execute("DELETE FROM saved_view WHERE id = ?", (id,)).rowcount:
                raise NotFound(f"there is no saved view {id!r}")


def _token(row: tuple[Any, ...]) -> Token:
    id, name, scopes, created_ms, created_by, expires_ms, last_used_ms, revoked_ms = row
    return Token(
        id=id,
        name=name,
        scopes=tuple(scopes.split()),
        created_ms=created_ms,
        created_by=created_by,
        expires_ms=expires_ms,
        last_used_ms=last_used_ms,
        revoked_ms=revoked_ms,
    )


def _view(row: tuple[Any, ...]) -> SavedView:
    id, name, location, created_ms, created_by = row
    return SavedView(
        id=id, name=name, location=location, created_ms=created_ms, created_by=created_by
    )
