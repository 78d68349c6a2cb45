"""Removed models and versions in SQL: what the audit trail keeps of them, and their return."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import events, registered, versions
from clew.adapters.stores.sql.tracking.experiments import now_ms
from clew.adapters.stores.sql.tracking.registered import Kept
from clew.entities import ModelVersion, RegisteredModel, Removed
from clew.errors import AlreadyExists, NotFound


@dataclass(frozen=True, slots=True)
class _Found:
    removed: Removed
    kept: Kept | ModelVersion


class SqlRemovals:
    """The port `clew.registry.ports.Removals`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def removed(self, name: str | None = None) -> tuple[Removed, ...]:
        """Return what can be restored, last removed first."""
        with self._database.reading() as connection:
            return tuple(found.removed for found in _found(connection, name))

    def restore_model(
        self, name: str, *, actor: str = "", reason: str | None = None
    ) -> RegisteredModel:
        """Bring a removed model back with all that it had."""
        with self._database.writing() as connection:
            taken = connection.execute("SELECT 1 FROM registered WHERE name = ?", (name,))
            if taken.fetchone():
                raise AlreadyExists(
                    f"Registered Model (name={name}) already exists.",
                    hint="rename it first, then restore the removed one",
                )
            for found in _found(connection, name):
                if isinstance(found.kept, Kept):
                    n = _put(connection, name, found.kept)
                    events.happened(
                        connection,
                        "model.restore",
                        f"model:{name}",
                        actor=actor,
                        after={"versions": len(found.kept.versions)},
                        reason=reason,
                    )
                    return registered.one(connection, n)
        raise NotFound(f"no registered model {name!r} was removed")

    def restore_version(
        self, name: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> ModelVersion:
        """Bring a removed version back under its number."""
        with self._database.writing() as connection:
            n = versions.number(connection, name)
            for found in _found(connection, name):
                if isinstance(found.kept, ModelVersion) and found.kept.version == version:
                    versions.put(connection, n, found.kept)
                    connection.execute(
                        "UPDATE registered SET updated_ms = ?, last_version = max(last_version, ?) "
                        "WHERE n = ?",
                        (now_ms(), version, n),
                    )
                    events.happened(
                        connection,
                        "version.restore",
                        f"version:{name}/{version}",
                        actor=actor,
                        after=found.kept.source,
                        reason=reason,
                    )
                    return versions.one(connection, name, version)
        raise NotFound(
            f"no version {version} of {name!r} was removed", hint="`clew models removed` lists all"
        )


def _put(connection: Connection, name: str, kept: Kept) -> int:
    n = connection.execute(
        "INSERT INTO registered (name, description, last_version, created_ms, updated_ms) "
        "VALUES (?, ?, ?, ?, ?)",
        (name, kept.description, kept.last_version, kept.created_ms, now_ms()),
    ).lastrowid
    assert n is not None
    connection.executemany(
        "INSERT INTO registered_tag (registered, key, value) VALUES (?, ?, ?)",
        [(n, *pair) for pair in kept.tags.items()],
    )
    for version in kept.versions:
        versions.put(connection, n, version)
    connection.executemany(
        "INSERT INTO alias (registered, alias, version) VALUES (?, ?, ?)",
        [(n, *pair) for pair in kept.aliases.items()],
    )
    return n


def _found(connection: Connection, name: str | None) -> Iterator[_Found]:
    """Yield what can be restored, last removed first.

    A name that was given anew begins a new model: single versions that its namesake had lost
    before do not come back into it.
    """
    there = {(row[0], None) for row in connection.execute("SELECT name FROM registered")}
    there |= {
        (row[0], row[1])
        for row in connection.execute(
            "SELECT m.name, v.version FROM version AS v JOIN registered AS m ON m.n = v.registered"
        )
    }
    names = {name for name, version in there if version is None}
    seen: set[tuple[str, int | None]] = set()
    returned: set[str] = set()
    ended: set[str] = set()
    for subject, action, before, time_ms, actor, reason in _events(connection, name):
        one, number = _named(subject)
        if action == "model.restore":
            returned.add(one)
            continue
        key = (one, number)
        shown = key not in there and key not in seen and one not in ended
        shown = shown and (number is None or one in names)
        seen.add(key)
        if number is None:
            ended |= {one} - returned
            returned.discard(one)
        kept = _read(before, number)
        if shown and kept is not None:
            count = len(kept.versions) if isinstance(kept, Kept) else 1
            yield _Found(
                Removed(
                    name=one,
                    version=number,
                    versions=count,
                    time_ms=time_ms,
                    actor=actor,
                    reason=reason,
                ),
                kept,
            )


def _events(connection: Connection, name: str | None) -> list[tuple[Any, ...]]:
    wanted, bound = "", []
    if name is not None:
        wanted = "AND (subject = ? OR (subject > ? AND subject < ?))"
        bound = [f"model:{name}", f"version:{name}/", f"version:{name}0"]
    return connection.execute(
        "SELECT subject, action, before, time_ms, actor, reason FROM event WHERE action IN "
        f"('model.delete', 'version.delete', 'model.restore') {wanted} ORDER BY id DESC",
        bound,
    ).fetchall()


def _named(subject: str) -> tuple[str, int | None]:
    kind, _, name = subject.partition(":")
    if kind == "model":
        return name, None
    name, _, version = name.rpartition("/")
    return name, int(version)


def _read(before: str | None, version: int | None) -> Kept | ModelVersion | None:
    """Return what an event holds; None for one of an older clew, which kept less."""
    fields = json.loads(before or "null")
    if not isinstance(fields, dict) or "created_ms" not in fields:
        return None
    kind: Any = Kept if version is None else ModelVersion
    found: Kept | ModelVersion = msgspec.convert(fields, kind)
    return found
