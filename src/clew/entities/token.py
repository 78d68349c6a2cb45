"""Tokens: who may ask a server that others reach, and saved views of its pages."""

from __future__ import annotations

from typing import Literal

import msgspec

Scope = Literal["read", "log", "promote", "admin"]
"""What a token may do; each includes those before it: look; log runs and models; change the
registry; everything."""

SCOPES: tuple[Scope, ...] = ("read", "log", "promote", "admin")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token, without its secret, which the store knows by its hash alone.

    Parameters
    ----------
    id : str
        A part of the token, by which it is known.
    name : str
        Who or what uses it; it stands in the audit trail.
    last_used_ms : int or None
        To the minute.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_ms: int
    created_by: str = ""
    expires_ms: int | None = None
    last_used_ms: int | None = None
    revoked_ms: int | None = None


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """A page's address under a short id.

    Parameters
    ----------
    name : str
        What a list shows; "" for a short link that no list shows.
    location : str
        Path and query of a page of the UI.
    """

    id: str
    name: str
    location: str
    created_ms: int
    created_by: str = ""
