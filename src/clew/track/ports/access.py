"""Tokens of a server, and saved views of its pages."""

from __future__ import annotations

from typing import Protocol

from clew.entities.token import SavedView, Token


class Tokens(Protocol):
    """Tokens by id. A token is never removed, so that the audit trail can be read."""

    def add(self, token: Token, digest: bytes) -> None:
        """Add a token with the hash of its secret; `AlreadyExists` when the id is there."""

    def find(self, id: str) -> tuple[Token, bytes] | None:
        """Return a token and the hash of its secret, revoked and expired ones too."""

    def list(self) -> tuple[Token, ...]:
        """Return all tokens, newest first."""

    def revoke(self, id: str, time_ms: int) -> bool:
        """Say that a token does not count any more; False when it did not before."""

    def touch(self, id: str, time_ms: int) -> None:
        """Remember when a token was last used."""


class Views(Protocol):
    """Saved views by short id."""

    def add(self, view: SavedView) -> None:
        """Add a view; `AlreadyExists` when the id is there."""

    def get(self, id: str) -> SavedView:
        """Return a view; `NotFound` when there is none."""

    def named(self) -> tuple[SavedView, ...]:
        """Return the views that have a name, newest first."""

    def delete(self, id: str) -> None:
        """Remove a view; `NotFound` when there is none."""
