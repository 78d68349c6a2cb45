"""The store and the server: audit trail, tokens, sessions, settings, saved views."""

from __future__ import annotations

from typing import Annotated

import msgspec

from clew.api.rest.contract.basis import Answer, Body, Done, Limit, Name, Query
from clew.api.rest.contract.route import Route
from clew.entities import Event
from clew.entities.token import SavedView, Scope, Token


class AuditQuery(Query, frozen=True, kw_only=True):
    """Which changes, newest first.

    Parameters
    ----------
    subject : str, optional
        ``model:NAME``, ``run:ID`` ...; those that begin so.
    page : str, optional
        `next` of the page before.
    """

    subject: str | None = None
    limit: Limit = 100
    page: str | None = None


class AuditPage(Answer, frozen=True, kw_only=True):
    """Some changes; `next` asks for those that follow."""

    items: list[Event]
    next: str | None


class Tokens(Answer, frozen=True, kw_only=True):
    """All tokens, newest first."""

    items: list[Token]


class NewToken(Body, frozen=True, kw_only=True):
    """A token to make.

    Parameters
    ----------
    name : str
        Who or what will use it; it stands in the audit trail.
    expires_days : float, optional
        After so many days it is refused.
    """

    name: Name
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1)]
    expires_days: Annotated[float, msgspec.Meta(gt=0, le=36_500)] | None = None


class MadeToken(Answer, frozen=True, kw_only=True):
    """A new token; its `secret` is shown this once."""

    token: Token
    secret: str


class Session(Answer, frozen=True, kw_only=True):
    """Who asks, and what the server lets them do.

    Parameters
    ----------
    actor : str
        The token's name; "" where nobody has to say.
    needs_token : bool
        Whether the server demands a token.
    """

    actor: str
    scopes: list[Scope]
    needs_token: bool


class Login(Body, frozen=True, kw_only=True):
    """A token; the answer sets a cookie that only this server sees."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class StoreInfo(Answer, frozen=True, kw_only=True):
    """The store that is served.

    Parameters
    ----------
    location : str
        Folder or address, without credentials.
    free_bytes : int or None
        What is left on its disk.
    """

    location: str
    kind: str
    schema_version: int
    database_bytes: int
    values: int
    values_bytes: int
    free_bytes: int | None
    budget_bytes: int | None
    durability: str
    trusted: bool


class ServerInfo(Answer, frozen=True, kw_only=True):
    """The server.

    Parameters
    ----------
    tracking_uri : str
        What ``MLFLOW_TRACKING_URI`` and ``CLEW_STORE`` are set to.
    mlflow_version : str or None
        Whose wire protocol it speaks.
    """

    version: str
    python: str
    pid: int
    started_ms: int
    memory_bytes: int | None
    tracking_uri: str
    needs_token: bool
    mlflow_version: str | None


class Settings(Answer, frozen=True, kw_only=True):
    """The store and the server as they are."""

    store: StoreInfo
    server: ServerInfo


class SavedViews(Answer, frozen=True, kw_only=True):
    """Saved views with a name, newest first."""

    items: list[SavedView]


class NewView(Body, frozen=True, kw_only=True):
    """An address to keep: path and query of a page of the UI.

    Parameters
    ----------
    name : str
        What the list shows; "" for a short link that no list shows.
    """

    location: Annotated[
        str, msgspec.Meta(min_length=1, max_length=20_000, pattern=r"^/(?![/\\])[^\x00-\x1f]*$")
    ]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""


ROUTES = (
    Route(
        "audit.list",
        "GET",
        "/audit",
        "Say who changed what",
        AuditPage,
        AuditQuery,
    ),
    Route("tokens.list", "GET", "/tokens", "List tokens", Tokens, scope="admin"),
    Route(
        "tokens.create",
        "POST",
        "/tokens",
        "Make a token",
        MadeToken,
        body=NewToken,
        scope="admin",
        status=201,
    ),
    Route("tokens.revoke", "DELETE", "/tokens/{id}", "Revoke a token", Done, scope="admin"),
    Route(
        "session.get",
        "GET",
        "/session",
        "Say who asks, and what is allowed",
        Session,
        scope=None,
    ),
    Route(
        "session.login",
        "POST",
        "/session",
        "Present a token; a cookie keeps it",
        Session,
        body=Login,
        scope=None,
    ),
    Route(
        "session.logout",
        "DELETE",
        "/session",
        "Forget the cookie",
        Session,
        scope=None,
    ),
    Route(
        "settings.get",
        "GET",
        "/settings",
        "Describe the store and the server",
        Settings,
    ),
    Route("views.list", "GET", "/views", "List saved views", SavedViews),
    Route(
        "views.create",
        "POST",
        "/views",
        "Save a view",
        SavedView,
        body=NewView,
        scope="log",
        status=201,
    ),
    Route("views.get", "GET", "/views/{id}", "Return a saved view", SavedView),
    Route("views.delete", "DELETE", "/views/{id}", "Remove a saved view", Done, scope="log"),
)
