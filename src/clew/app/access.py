"""Tokens: made, presented, revoked. The store keeps hashes; a secret is shown once."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Sequence

from blake3 import blake3

from clew.app.served import Served
from clew.app.trail import tell
from clew.entities.token import SCOPES, Scope, Token
from clew.errors import InvalidParameter, NotFound
from clew.track.ports.access import Tokens

PREFIX = "clew"
_ID_BYTES = 5
_SECRET_BYTES = 30
_FORM = re.compile(rf"{PREFIX}_([a-z2-7]{{8}})_[A-Za-z0-9_-]{{40}}")
_DAY_MS = 86_400_000
_TOUCH_EVERY_MS = 60_000


def make(
    tokens: Tokens,
    name: str,
    scopes: Sequence[str],
    *,
    expires_days: float | None = None,
    created_by: str = "",
) -> tuple[Token, str]:
    """Return a new token and its secret, which nothing can tell again.

    Parameters
    ----------
    scopes : sequence of str
        What it may do; a scope includes those before it: ``read``, ``log``, ``promote``, ``admin``.
    expires_days : float, optional
        After so many days it is refused; never by default.

    Raises
    ------
    InvalidParameter
        When a scope is unknown, there is none, or the name is empty.
    """
    known = tuple(scope for scope in SCOPES if scope in scopes)
    if not known or len(known) != len(set(scopes)):
        raise InvalidParameter(
            "unknown scope" if scopes else "a token needs a scope",
            got=", ".join(scopes),
            expected=", ".join(SCOPES),
        )
    if not name.strip():
        raise InvalidParameter("a token needs a name", hint="say who or what will use it")
    if expires_days is not None and not 0 < expires_days <= 36_500:
        raise InvalidParameter(
            "a token's days", got=str(expires_days), expected="more than 0, at most 36,500"
        )
    now_ms = time.time_ns() // 1_000_000
    id = _base32(secrets.token_bytes(_ID_BYTES))
    secret = f"{PREFIX}_{id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    token = Token(
        id=id,
        name=name.strip(),
        scopes=known,
        created_ms=now_ms,
        created_by=created_by,
        expires_ms=None if expires_days is None else now_ms + int(expires_days * _DAY_MS),
    )
    tokens.add(token, _hash(secret))
    return token, secret


def present(tokens: Tokens, secret: str) -> Token | None:
    """Return the token whose secret this is, if it counts; remember that it was used."""
    match = _FORM.fullmatch(secret)
    found = tokens.find(match[1]) if match else None
    if found is None:
        return None
    token, digest = found
    now_ms = time.time_ns() // 1_000_000
    if not hmac.compare_digest(digest, _hash(secret)) or token.revoked_ms is not None:
        return None
    if token.expires_ms is not None and token.expires_ms <= now_ms:
        return None
    if now_ms - (token.last_used_ms or 0) >= _TOUCH_EVERY_MS:
        tokens.touch(token.id, now_ms)
    return token


def revoke(tokens: Tokens, id: str) -> None:
    """Say that a token does not count any more.

    Raises
    ------
    NotFound
        When there is none of that id, or it was revoked before.
    """
    if not tokens.revoke(id, time.time_ns() // 1_000_000):
        raise NotFound(f"no token {id!r} counts", hint="`clew token list` lists them")


def issue(
    served: Served,
    actor: str,
    name: str,
    scopes: Sequence[str],
    *,
    expires_days: float | None = None,
) -> tuple[Token, str]:
    """Make a token (see `make`), with a line in the audit trail."""
    with served.tracking.transaction():
        token, secret = make(
            served.tokens, name, scopes, expires_days=expires_days, created_by=actor
        )
        after = {"name": token.name, "scopes": token.scopes}
        tell(served.tracking.audit, actor, "token.create", f"token:{token.id}", after=after)
    return token, secret


def withdraw(served: Served, actor: str, id: str) -> None:
    """Revoke a token, with a line in the audit trail."""
    with served.tracking.transaction():
        revoke(served.tokens, id)
        tell(served.tracking.audit, actor, "token.revoke", f"token:{id}")


def allows(scopes: Sequence[Scope], needed: Scope) -> bool:
    """Tell whether one of the scopes includes the one that is needed."""
    return max((SCOPES.index(scope) for scope in scopes), default=-1) >= SCOPES.index(needed)


def _hash(secret: str) -> bytes:
    # 240 random bits need no slow hash.
    return blake3(secret.encode()).digest()


def _base32(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(digits[(number >> shift) & 31] for shift in range(35, -1, -5))
