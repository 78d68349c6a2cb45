"""The audit trail in SQLite."""

from __future__ import annotations

import json

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import token
from clew.adapters.stores.sql.tracking.experiments import now_ms
from clew.entities import Event, Page
from clew.entities.check import check_limit, check_text
from clew.lineage.ulid import new_ulid

_COLUMNS = "id, time_ms, actor, action, subject, before, after, reason"
_MOST = 10_000


class SqlAudit:
    """The port `clew.track.ports.Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, event: Event) -> None:
        """Add an event."""
        with self._database.writing() as connection:
            put(connection, event)

    def events(
        self, *, subject: str | None = None, limit: int = 100, page_token: str | None = None
    ) -> Page[Event]:
        """Return events, newest first."""
        check_limit(limit, _MOST)
        mark = ("events", subject)
        where, bound = ["TRUE"], []
        if subject is not None:
            where.append("(subject = ? OR (subject > ? AND subject < ?))")
            bound += [subject, f"{subject}/", f"{subject}0"]
        if page_token:
            where.append("id < ?")
            bound += token.read(page_token, mark, 1)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event WHERE {' AND '.join(where)} "
                "ORDER BY id DESC LIMIT ?",
                (*bound, limit + 1),
            ).fetchall()
        more = len(rows) > limit
        return Page(
            tuple(_event(row) for row in rows[:limit]),
            token.write(mark, (rows[limit - 1][0],)) if more else None,
        )


def put(connection: Connection, event: Event) -> None:
    """Add an event."""
    for text in (event.actor, event.subject, event.reason or ""):
        check_text(text, "event")
    connection.execute(
        f"INSERT INTO event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.id,
            event.time_ms,
            event.actor,
            event.action,
            event.subject,
            event.before,
            event.after,
            event.reason,
        ),
    )


def happened(
    connection: Connection,
    action: str,
    subject: str,
    *,
    actor: str,
    before: object = None,
    after: object = None,
    reason: str | None = None,
) -> None:
    """Add an event that happens now, within the transaction of what it tells of."""
    put(
        connection,
        Event(
            id=new_ulid(),
            time_ms=now_ms(),
            actor=actor,
            action=action,
            subject=subject,
            before=None if before is None else json.dumps(before, ensure_ascii=False),
            after=None if after is None else json.dumps(after, ensure_ascii=False),
            reason=reason,
        ),
    )


def _event(row: tuple[str, int, str, str, str, str | None, str | None, str | None]) -> Event:
    id, time_ms, actor, action, subject, before, after, reason = row
    return Event(
        id=id,
        time_ms=time_ms,
        actor=actor,
        action=action,
        subject=subject,
        before=before,
        after=after,
        reason=reason,
    )
