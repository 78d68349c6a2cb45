"""Registered models in SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clew.adapters.stores.sql.connection import DUPLICATES, Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import events, order, token, versions
from clew.adapters.stores.sql.tracking.conditions import Sql, on_text
from clew.adapters.stores.sql.tracking.experiments import made_ms, now_ms
from clew.adapters.stores.sql.tracking.order import Key
from clew.entities import ModelVersion, Page, RegisteredModel
from clew.entities.check import check_key, invalid_value
from clew.entities.filter import Comparison
from clew.errors import AlreadyExists, InvalidParameter, NotFound
from clew.registry import query, validate

PROMPT_TAG = "mlflow.prompt.is_prompt"
_COLUMNS = "m.n, m.name, m.created_ms, m.updated_ms, m.description"
_MOST = 1_000
_ORDER = {"name": "m.name", "last_updated_timestamp": "m.updated_ms"}


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the event of a removal holds of a whole model."""

    description: str | None
    last_version: int
    created_ms: int
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: list[ModelVersion]


class SqlRegistered:
    """The port `clew.registry.ports.RegisteredModels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        created_ms: int | None = None,
    ) -> RegisteredModel:
        """Add a name."""
        validate.model_name(name)
        kept = validate.tags(tags)
        ms = made_ms(created_ms)
        with self._database.writing() as connection:
            _check_free(connection, name, is_prompt=kept.get(PROMPT_TAG) == "true")
            n = connection.execute(
                "INSERT INTO registered (name, description, created_ms, updated_ms) "
                "VALUES (?, ?, ?, ?)",
                (name, validate.description(description), ms, ms),
            ).lastrowid
            connection.executemany(
                "INSERT INTO registered_tag (registered, key, value) VALUES (?, ?, ?)",
                [(n, *pair) for pair in kept.items()],
            )
        return RegisteredModel(
            name=name, created_ms=ms, updated_ms=ms, description=description, tags=kept
        )

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model."""
        with self._database.reading() as connection:
            return one(connection, versions.number(connection, name))

    def update(self, name: str, *, description: str | None, actor: str = "") -> RegisteredModel:
        """Replace its description."""
        text = validate.description(description)
        with self._database.writing() as connection:
            n = versions.number(connection, name)
            (before,) = connection.execute(
                "SELECT description FROM registered WHERE n = ?", (n,)
            ).fetchone()
            connection.execute(
                "UPDATE registered SET description = ?, updated_ms = ? WHERE n = ?",
                (text, now_ms(), n),
            )
            events.happened(
                connection,
                "model.describe",
                f"model:{name}",
                actor=actor,
                before=before,
                after=text,
            )
            return one(connection, n)

    def rename(self, name: str, new_name: str, *, actor: str = "") -> RegisteredModel:
        """Give it another name, with all its versions."""
        validate.model_name(new_name, "new_name")
        ms = now_ms()
        with self._database.writing() as connection:
            n = versions.number(connection, name)
            try:
                connection.execute(
                    "UPDATE registered SET name = ?, updated_ms = ? WHERE n = ?", (new_name, ms, n)
                )
            except DUPLICATES:
                raise AlreadyExists(f"Registered Model (name={new_name}) already exists.") from None
            connection.execute("UPDATE version SET updated_ms = ? WHERE registered = ?", (ms, n))
            events.happened(
                connection,
                "model.rename",
                f"model:{new_name}",
                actor=actor,
                before=name,
                after=new_name,
            )
            return one(connection, n)

    def delete(self, name: str, *, actor: str = "", reason: str | None = None) -> None:
        """Remove it with its versions; the audit trail keeps what it was."""
        with self._database.writing() as connection:
            n = versions.number(connection, name)
            kept = _kept(connection, n)
            for table in ("registered_tag", "version_tag", "alias", "version"):
                connection.execute(f"DELETE FROM {table} WHERE registered = ?", (n,))
            connection.execute("DELETE FROM registered WHERE n = ?", (n,))
            events.happened(
                connection,
                "model.delete",
                f"model:{name}",
                actor=actor,
                before=kept,
                reason=reason,
            )

    def set_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag."""
        pair = validate.tag(key, value)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO registered_tag (registered, key, value) VALUES (?, ?, ?) "
                "ON CONFLICT (registered, key) DO UPDATE SET value = excluded.value",
                (versions.number(connection, name), *pair),
            )

    def delete_tag(self, name: str, key: str) -> None:
        """Remove a tag."""
        check_key(key, "key")
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM registered_tag WHERE registered = ? AND key = ?",
                (versions.number(connection, name), key),
            )

    def search(
        self,
        *,
        filter: str = "",
        order_by: Sequence[str] = (),
        limit: int = 100,
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """Return registered models by name."""
        _check_limit(limit)
        mark = ("registered", filter, list(order_by))
        keys = [Key(_ORDER[o.key], o.ascending) for o in query.MODELS.parse_order(order_by)]
        if not any(key.expression == "m.name" for key in keys):
            keys.append(Key("m.name"))
        comparisons = query.MODELS.parse(filter)
        sql = Sql()
        for one in comparisons:
            _condition(sql, one)
        if not asks_for_prompts(comparisons):
            sql.add(
                "NOT EXISTS (SELECT 1 FROM registered_tag AS t WHERE t.registered = m.n "
                "AND t.key = ? AND t.value = 'true')",
                PROMPT_TAG,
            )
        if page_token:
            condition, values = order.after(keys, token.read(page_token, mark, len(keys)))
            sql.add(condition, *values)
        named = ", ".join(key.expression for key in keys)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS}, {named} FROM registered AS m WHERE {sql.text} "
                f"ORDER BY {order.clause(keys)} LIMIT ?",
                (*sql.values, limit + 1),
            ).fetchall()
            items = tuple(_model(connection, row[:5]) for row in rows[:limit])
        more = len(rows) > limit
        return Page(items, token.write(mark, rows[limit - 1][5:]) if more else None)


def _kept(connection: Connection, n: int) -> dict[str, Any]:
    """Return a model as the event of its removal holds it."""
    model = one(connection, n)
    (last,) = connection.execute("SELECT last_version FROM registered WHERE n = ?", (n,)).fetchone()
    kept = Kept(
        description=model.description,
        last_version=last,
        created_ms=model.created_ms,
        tags=model.tags,
        aliases=model.aliases,
        versions=list(versions.every(connection, n)),
    )
    found: dict[str, Any] = msgspec.to_builtins(kept)
    return found


def asks_for_prompts(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether a filter asks for prompts (models with MLflow's prompt tag)."""
    for one in comparisons:
        if one.kind == "tag" and one.key == PROMPT_TAG:
            value = str(one.value).lower()
            return (one.op, value) in (("=", "true"), ("!=", "false"))
    return False


def _condition(sql: Sql, one: Comparison) -> None:
    if one.kind == "attribute":
        text, values = on_text("m.name", one)
        sql.add(text, *values)
    elif one.key != PROMPT_TAG or asks_for_prompts([one]):
        text, values = on_text("t.value", one)
        sql.add(
            "EXISTS (SELECT 1 FROM registered_tag AS t WHERE t.registered = m.n AND t.key = ? "
            f"AND {text})",
            one.key,
            *values,
        )


def _check_limit(limit: int) -> None:
    if limit > _MOST:
        raise InvalidParameter(
            "Invalid value for request parameter max_results. It must be at most "
            f"{_MOST}, but got value {limit}"
        )
    if limit < 1:
        raise InvalidParameter(invalid_value("max_results", limit, "It must be positive"))


def _check_free(connection: Connection, name: str, *, is_prompt: bool) -> None:
    row = connection.execute(
        "SELECT (SELECT value FROM registered_tag AS t WHERE t.registered = m.n AND t.key = ?) "
        "FROM registered AS m WHERE m.name = ?",
        (PROMPT_TAG, name),
    ).fetchone()
    if row is None:
        return
    old = "Prompt" if row[0] == "true" else "Registered Model"
    new = "Prompt" if is_prompt else "Registered Model"
    if old != new:
        raise AlreadyExists(
            f"Tried to create a {new.lower()} with name {name!r}, but the name is already taken "
            f"by a {old.lower()}. MLflow does not allow creating a model and a prompt with the "
            "same name."
        )
    raise AlreadyExists(f"{new} (name={name}) already exists.")


def one(connection: Connection, n: int) -> RegisteredModel:
    """Return the registered model of a number."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM registered AS m WHERE m.n = ?", (n,)
    ).fetchone()
    if row is None:
        raise NotFound("the registered model is gone")
    return _model(connection, row)


def _model(connection: Connection, row: Sequence[Any]) -> RegisteredModel:
    n, name, created, updated, description = row
    tags = connection.execute("SELECT key, value FROM registered_tag WHERE registered = ?", (n,))
    aliases = connection.execute(
        "SELECT alias, version FROM alias WHERE registered = ? ORDER BY alias", (n,)
    )
    return RegisteredModel(
        name=name,
        created_ms=created,
        updated_ms=updated,
        description=description,
        tags=dict(tags.fetchall()),
        aliases=dict(aliases.fetchall()),
        latest=versions.latest(connection, n),
    )
