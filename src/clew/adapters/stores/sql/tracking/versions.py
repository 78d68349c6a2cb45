"""Versions of registered models in SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import events, order, token
from clew.adapters.stores.sql.tracking.conditions import Sql, on_number, on_text
from clew.adapters.stores.sql.tracking.experiments import made_ms, now_ms
from clew.adapters.stores.sql.tracking.order import Key
from clew.adapters.stores.sql.tracking.source import Source, resolve
from clew.entities import ModelVersion, Page, Stage
from clew.entities.check import check_key, check_text
from clew.entities.filter import Comparison
from clew.errors import InvalidParameter, NotFound
from clew.registry import query, validate

_MOST = 200_000
_WIDTH = 17
_COLUMNS = (
    "v.registered, m.name, v.version, v.created_ms, v.updated_ms, v.description, v.user, v.stage, "
    "v.source, v.run_id, v.run_link, v.model_id, v.status, v.status_message, "
    "lower(hex(v.content)), lower(hex(v.node)), v.registered"
)
_FROM = "version AS v JOIN registered AS m ON m.n = v.registered"
_FIELDS = {
    "name": "m.name",
    "version_number": "v.version",
    "run_id": "v.run_id",
    "source_path": "v.source",
    "creation_timestamp": "v.created_ms",
    "last_updated_timestamp": "v.updated_ms",
}
_INSERT = (
    'INSERT INTO version (registered, version, created_ms, updated_ms, description, "user", stage, '
    "source, run_id, run_link, model_id, status, content, node) "
    "VALUES (?, ?, ?, ?, ?, ?, 'None', ?, ?, ?, ?, 'READY', ?, ?)"
)


class SqlVersions:
    """The port `clew.registry.ports.Versions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        source: str,
        *,
        run_id: str | None = None,
        run_link: str | None = None,
        model_id: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        user: str | None = None,
        created_ms: int | None = None,
    ) -> ModelVersion:
        """Add the next version of a registered model."""
        kept = validate.tags(tags)
        for text in (source, run_id or "", run_link or "", model_id or "", user or ""):
            check_text(text, "source")
        ms = made_ms(created_ms)
        with self._database.writing() as connection:
            n = number(connection, name)
            found = resolve(connection, Source(source, run_id, model_id))
            (version,) = connection.execute(
                "UPDATE registered SET last_version = last_version + 1, updated_ms = ? "
                "WHERE n = ? RETURNING last_version",
                (now_ms(), n),
            ).fetchone()
            row = (n, version, ms, ms, validate.description(description), user, source)
            connection.execute(
                _INSERT,
                (*row, found.run_id, run_link, found.model_id, found.content, found.node),
            )
            connection.executemany(
                "INSERT INTO version_tag (registered, version, key, value) VALUES (?, ?, ?, ?)",
                [(n, version, *pair) for pair in kept.items()],
            )
            events.happened(
                connection,
                "version.create",
                f"version:{name}/{version}",
                actor=user or "",
                after=source,
            )
            return one(connection, name, version)

    def get(self, name: str, version: int) -> ModelVersion:
        """Return a version."""
        with self._database.reading() as connection:
            return one(connection, name, version)

    def update(
        self, name: str, version: int, *, description: str | None, actor: str = ""
    ) -> ModelVersion:
        """Replace its description."""
        text = validate.description(description)
        with self._database.writing() as connection:
            before = one(connection, name, version)
            _change(connection, before, "description", text)
            events.happened(
                connection,
                "version.describe",
                f"version:{name}/{before.version}",
                actor=actor,
                before=before.description,
                after=text,
            )
            return one(connection, name, version)

    def delete(
        self, name: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> None:
        """Remove a version with its aliases; the audit trail keeps what it was."""
        with self._database.writing() as connection:
            found = one(connection, name, version)
            n = number(connection, name)
            for table in ("alias", "version_tag", "version"):
                connection.execute(
                    f"DELETE FROM {table} WHERE registered = ? AND version = ?", (n, found.version)
                )
            connection.execute("UPDATE registered SET updated_ms = ? WHERE n = ?", (now_ms(), n))
            events.happened(
                connection,
                "version.delete",
                f"version:{name}/{found.version}",
                actor=actor,
                before=msgspec.to_builtins(found),
                reason=reason,
            )

    def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        """Set a tag."""
        pair = validate.tag(key, value)
        with self._database.writing() as connection:
            found = one(connection, name, version)
            connection.execute(
                "INSERT INTO version_tag (registered, version, key, value) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (registered, version, key) DO UPDATE SET value = excluded.value",
                (number(connection, name), found.version, *pair),
            )

    def delete_tag(self, name: str, version: int, key: str) -> None:
        """Remove a tag."""
        check_key(key, "key")
        with self._database.writing() as connection:
            found = one(connection, name, version)
            connection.execute(
                "DELETE FROM version_tag WHERE registered = ? AND version = ? AND key = ?",
                (number(connection, name), found.version, key),
            )

    def transition(
        self,
        name: str,
        version: int,
        stage: Stage,
        *,
        archive_existing: bool = False,
        actor: str = "",
        reason: str | None = None,
    ) -> ModelVersion:
        """Move a version to a stage."""
        target = validate.stage(stage)
        if archive_existing and target not in validate.ACTIVE:
            raise InvalidParameter(
                "Model version transition cannot archive existing model versions because "
                f"'{stage}' is not an Active stage. Valid stages are {list(validate.ACTIVE)}"
            )
        with self._database.writing() as connection:
            found = one(connection, name, version)
            moves = [(found, target)]
            if archive_existing:
                moves += [(other, "Archived") for other in _others(connection, found, target)]
            for moved, to in moves:
                _change(connection, moved, "stage", to)
                events.happened(
                    connection,
                    "version.stage",
                    f"version:{name}/{moved.version}",
                    actor=actor,
                    before=moved.stage,
                    after=to,
                    reason=reason,
                )
            connection.execute(
                "UPDATE registered SET updated_ms = ? WHERE name = ?", (now_ms(), name)
            )
            return one(connection, name, version)

    def search(
        self,
        *,
        filter: str = "",
        order_by: Sequence[str] = (),
        limit: int = 10_000,
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """Return versions, last updated first."""
        _check_limit(limit)
        mark = ("versions", filter, list(order_by))
        keys = _keys(order_by)
        comparisons = query.VERSIONS.parse(filter)
        sql = Sql()
        for comparison in comparisons:
            _condition(sql, comparison)
        if not any(c.kind == "tag" and c.key == _PROMPT_TAG for c in comparisons):
            sql.add(
                "NOT EXISTS (SELECT 1 FROM registered_tag AS t WHERE t.registered = v.registered "
                "AND t.key = ? AND t.value = 'true')",
                _PROMPT_TAG,
            )
        if page_token:
            condition, values = order.after(keys, token.read(page_token, mark, len(keys)))
            sql.add(condition, *values)
        named = ", ".join(key.expression for key in keys)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS}, {named} FROM {_FROM} WHERE {sql.text} "
                f"ORDER BY {order.clause(keys)} LIMIT ?",
                (*sql.values, limit + 1),
            ).fetchall()
            items = tuple(_version(connection, row[:_WIDTH]) for row in rows[:limit])
        more = len(rows) > limit
        return Page(items, token.write(mark, rows[limit - 1][_WIDTH:]) if more else None)


_PROMPT_TAG = "mlflow.prompt.is_prompt"


def number(connection: Connection, name: str) -> int:
    """Return the number of a registered model."""
    validate.model_name(name)
    row = connection.execute("SELECT n FROM registered WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"Registered Model with name={name} not found")
    return int(row[0])


def one(connection: Connection, name: str, version: int) -> ModelVersion:
    """Return one version."""
    validate.model_name(name)
    wanted = validate.version(version)
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE m.name = ? AND v.version = ?", (name, wanted)
    ).fetchone()
    if row is None:
        raise NotFound(f"Model Version (name={name}, version={version}) not found")
    return _version(connection, row)


def every(connection: Connection, n: int) -> tuple[ModelVersion, ...]:
    """Return all versions of a registered model, in their order."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE v.registered = ? ORDER BY v.version", (n,)
    ).fetchall()
    return tuple(_version(connection, row) for row in rows)


def put(connection: Connection, n: int, kept: ModelVersion) -> None:
    """Write a version as it was, under its number, without its aliases."""
    content, node = (None if id is None else bytes.fromhex(id) for id in (kept.content, kept.node))
    row = (kept.created_ms, now_ms(), kept.description, kept.user, kept.stage, kept.source)
    rest = (kept.run_id, kept.run_link, kept.model_id, kept.status, kept.status_message)
    connection.execute(
        'INSERT INTO version (registered, version, created_ms, updated_ms, description, "user", '
        "stage, source, run_id, run_link, model_id, status, status_message, content, node) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (n, kept.version, *row, *rest, content, node),
    )
    connection.executemany(
        "INSERT INTO version_tag (registered, version, key, value) VALUES (?, ?, ?, ?)",
        [(n, kept.version, *pair) for pair in kept.tags.items()],
    )


def latest(connection: Connection, n: int) -> tuple[ModelVersion, ...]:
    """Return the highest version of each stage of a registered model."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE v.registered = ? AND v.version IN (SELECT "
        "max(version) FROM version WHERE registered = ? GROUP BY stage) ORDER BY v.version",
        (n, n),
    ).fetchall()
    return tuple(_version(connection, row) for row in rows)


def _version(connection: Connection, row: Sequence[Any]) -> ModelVersion:
    (
        n, name, version, created, updated, description, user, stage, source, run_id, run_link,
        model_id, status, message, content, node, _,
    ) = row  # fmt: skip
    key = (n, version)
    tags = connection.execute(
        "SELECT key, value FROM version_tag WHERE registered = ? AND version = ?", key
    ).fetchall()
    aliases = connection.execute(
        "SELECT alias FROM alias WHERE registered = ? AND version = ? ORDER BY alias", key
    ).fetchall()
    return ModelVersion(
        name=name,
        version=version,
        created_ms=created,
        updated_ms=updated,
        description=description,
        user=user,
        stage=stage,
        source=source,
        run_id=run_id,
        run_link=run_link,
        model_id=model_id,
        status=status,
        status_message=message,
        tags=dict(tags),
        aliases=tuple(alias for (alias,) in aliases),
        content=content or None,
        node=node or None,
    )


def _change(connection: Connection, found: ModelVersion, column: str, to: object) -> None:
    connection.execute(
        f"UPDATE version SET {column} = ?, updated_ms = ? "
        "WHERE registered = (SELECT n FROM registered WHERE name = ?) AND version = ?",
        (to, now_ms(), found.name, found.version),
    )


def _others(connection: Connection, found: ModelVersion, stage: Stage) -> list[ModelVersion]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE m.name = ? AND v.stage = ? AND v.version <> ?",
        (found.name, stage, found.version),
    ).fetchall()
    return [_version(connection, row) for row in rows]


def _keys(order_by: Sequence[str]) -> list[Key]:
    orders = query.VERSIONS.parse_order(order_by or ["last_updated_timestamp DESC"])
    for one_order in orders:
        if one_order.kind != "attribute":
            raise InvalidParameter(f"Invalid order_by entity: {one_order.kind}")
    keys = [Key(_FIELDS[o.key], o.ascending) for o in orders]
    if not any(key.expression == "m.name" for key in keys):
        keys.append(Key("m.name"))
    if not any(key.expression == "v.version" for key in keys):
        keys.append(Key("v.version", ascending=False))
    return keys


def _condition(sql: Sql, one: Comparison) -> None:
    if one.kind == "attribute":
        on = on_number if one.key == "version_number" else on_text
        text, values = on(_FIELDS[one.key], one)
        sql.add(text, *values)
    else:
        text, values = on_text("t.value", one)
        sql.add(
            "EXISTS (SELECT 1 FROM version_tag AS t WHERE t.registered = v.registered "
            f"AND t.version = v.version AND t.key = ? AND {text})",
            one.key,
            *values,
        )


def _check_limit(limit: int) -> None:
    if not isinstance(limit, int) or limit < 1:
        raise InvalidParameter(
            f"Invalid value for max_results. It must be a positive integer, but got {limit}"
        )
    if limit > _MOST:
        raise InvalidParameter(
            "Invalid value for request parameter max_results. It must be at most "
            f"{_MOST}, but got value {limit}"
        )
