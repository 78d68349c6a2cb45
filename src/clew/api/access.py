"""Who asks, and what they may do."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from clew.api.asgi import Scope as Request
from clew.api.asgi import header
from clew.api.problem import Refused
from clew.app import access
from clew.entities.token import SCOPES, Scope
from clew.track.ports.access import Tokens

COOKIE = "clew_token"
_IN_COOKIE = re.compile(rf"(?:^|;\s*){COOKIE}=([A-Za-z0-9_-]+)")
_ASK = ((b"www-authenticate", b'Bearer realm="clew"'),)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Parameters
    ----------
    actor : str
        Name of the token; "" where nobody has to say.
    level : int
        Position of the widest scope; -1 for nothing at all.
    """

    actor: str
    level: int

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """All scopes that the caller has, included ones too."""
        return SCOPES[: self.level + 1]

    def may(self, needed: Scope) -> bool:
        """Tell whether the caller has a scope."""
        return self.level >= SCOPES.index(needed)


EVERYBODY = Caller("", len(SCOPES) - 1)
NOBODY = Caller("", -1)


class Access:
    """The callers of one server.

    Parameters
    ----------
    needs_token : bool
        Whether who shows no token is nobody; otherwise they may do everything.
    """

    def __init__(self, tokens: Tokens, *, needs_token: bool) -> None:
        self._tokens = tokens
        self.needs_token = needs_token

    def caller(self, request: Request) -> Caller:
        """Return who sent a request.

        Raises
        ------
        Refused
            With status 401 when a token is shown that does not count.
        """
        secret, from_cookie = _shown(request)
        if secret is None:
            return NOBODY if self.needs_token else EVERYBODY
        return self.presented(secret, forgiving=from_cookie)

    def presented(self, secret: str, *, forgiving: bool = False) -> Caller:
        """Return who has this token; with `forgiving`, who has none that counts is nobody."""
        token = access.present(self._tokens, secret)
        if token is None:
            if forgiving or not self.needs_token:
                return NOBODY if self.needs_token else EVERYBODY
            raise Refused(
                401,
                "BadToken",
                "this token does not count",
                expected="a token that was not revoked and did not expire",
                hint="`clew token create` makes one, on the server's machine",
                headers=_ASK,
            )
        return Caller(token.name, max(SCOPES.index(scope) for scope in token.scopes))


def demand(caller: Caller, needed: Scope) -> None:
    """Let a caller pass who has a scope.

    Raises
    ------
    Refused
        With status 401 for nobody, 403 for somebody who may do less.
    """
    if caller.may(needed):
        return
    if caller.level < 0:
        raise Refused(
            401,
            "NoToken",
            "this server demands a token",
            expected="Authorization: Bearer TOKEN, or a password that is the token",
            hint="set MLFLOW_TRACKING_TOKEN; `clew token create` makes one",
            headers=_ASK,
        )
    raise Refused(
        403,
        "TooLittle",
        "this token may not do that",
        got=f"scopes {', '.join(caller.scopes)}",
        expected=f"scope {needed}",
    )


def _shown(request: Request) -> tuple[str | None, bool]:
    """Return the token that a request shows, and whether it stands in a cookie."""
    given = header(request, b"authorization")
    if given is not None:
        kind, _, rest = given.decode("latin-1").partition(" ")
        if kind.lower() == "bearer":
            return rest.strip(), False
        if kind.lower() == "basic":
            return _password(rest.strip()), False
        return "", False
    cookie = header(request, b"cookie")
    match = _IN_COOKIE.search(cookie.decode("latin-1")) if cookie is not None else None
    return (match[1], True) if match else (None, False)


def _password(encoded: str) -> str:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]
