"""The store and the server: audit trail, tokens, sessions, settings, saved views."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import time
from pathlib import Path

import msgspec

import clew
from clew.api import mlflow
from clew.api.access import COOKIE, Access, Caller
from clew.api.asgi import Headers, Reply
from clew.api.rest.contract.administration import (
    AuditPage,
    AuditQuery,
    Login,
    MadeToken,
    NewToken,
    NewView,
    SavedViews,
    ServerInfo,
    Session,
    Settings,
    StoreInfo,
    Tokens,
)
from clew.api.rest.contract.basis import Done
from clew.api.rest.dispatch import Handler
from clew.app import access
from clew.app.served import Served
from clew.entities.token import SavedView

_VIEW_BYTES = 6
_MONTH_S = 30 * 86_400


def audit(served: Served, query: AuditQuery) -> AuditPage:
    """Say who changed what, newest first."""
    page = served.tracking.audit.events(
        subject=query.subject, limit=max(query.limit, 1), page_token=query.page
    )
    return AuditPage(items=list(page.items), next=page.next)


def tokens(served: Served) -> Tokens:
    """List tokens."""
    return Tokens(items=list(served.tokens.list()))


def make_token(served: Served, body: NewToken, caller: Caller) -> MadeToken:
    """Make a token; its secret is told this once."""
    token, secret = access.issue(
        served, caller.actor, body.name, body.scopes, expires_days=body.expires_days
    )
    return MadeToken(token=token, secret=secret)


def revoke_token(served: Served, id: str, caller: Caller) -> Done:
    """Revoke a token."""
    access.withdraw(served, caller.actor, id)
    return Done(changed=1)


def session(served: Served, caller: Caller) -> Session:
    """Say who asks, and what is allowed."""
    return Session(actor=caller.actor, scopes=list(caller.scopes), needs_token=served.needs_token)


def login(served: Served, body: Login) -> Reply:
    """Keep a token in a cookie that no script sees and no other site sends."""
    caller = Access(served.tokens, needs_token=True).presented(body.token)
    return _told(served, caller, body.token, _MONTH_S)


def logout(served: Served) -> Reply:
    """Forget the cookie."""
    caller = Access(served.tokens, needs_token=served.needs_token).caller({"headers": []})
    return _told(served, caller, "", 0)


def _told(served: Served, caller: Caller, token: str, seconds: int) -> Reply:
    cookie = f"{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    headers: Headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"set-cookie", cookie.encode("latin-1")),
    ]
    return Reply(200, headers, msgspec.json.encode(session(served, caller)))


def settings(served: Served) -> Settings:
    """Describe the store and the server."""
    database = served.database
    totals = served.pages.totals()
    return Settings(
        store=StoreInfo(
            location=served.store.address,
            kind=database.kind,
            schema_version=served.schema_version,
            database_bytes=database.size_bytes(),
            values=totals.values,
            values_bytes=totals.stored_bytes,
            free_bytes=_free_bytes(served),
            budget_bytes=served.settings.budget_bytes,
            durability=served.settings.durability,
            trusted=served.settings.trusted,
        ),
        server=ServerInfo(
            version=clew.__version__,
            python=platform.python_version(),
            pid=os.getpid(),
            started_ms=served.started_ms,
            memory_bytes=_resident_bytes(),
            tracking_uri=served.address,
            needs_token=served.needs_token,
            mlflow_version=mlflow.VERSION,
        ),
    )


def _free_bytes(served: Served) -> int | None:
    if served.settings.database is not None:
        return None  # The disk is the database server's.
    return shutil.disk_usage(served.settings.store).free


def _resident_bytes() -> int | None:
    """Return the memory of this process (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def views(served: Served) -> SavedViews:
    """List saved views that have a name."""
    return SavedViews(items=list(served.views.named()))


def save_view(served: Served, body: NewView, caller: Caller) -> SavedView:
    """Save a view."""
    view = SavedView(
        id=secrets.token_urlsafe(_VIEW_BYTES),
        name=body.name.strip(),
        location=body.location,
        created_ms=time.time_ns() // 1_000_000,
        created_by=caller.actor,
    )
    served.views.add(view)
    return view


def view(served: Served, id: str) -> SavedView:
    """Return a saved view."""
    return served.views.get(id)


def delete_view(served: Served, id: str) -> Done:
    """Remove a saved view."""
    served.views.delete(id)
    return Done(changed=1)


HANDLERS: dict[str, Handler] = {
    "audit.list": audit,
    "tokens.list": tokens,
    "tokens.create": make_token,
    "tokens.revoke": revoke_token,
    "session.get": session,
    "session.login": login,
    "session.logout": logout,
    "settings.get": settings,
    "views.list": views,
    "views.create": save_view,
    "views.get": view,
    "views.delete": delete_view,
}
