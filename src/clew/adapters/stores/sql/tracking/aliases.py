"""Aliases of registered models in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import events, versions
from clew.entities import ModelVersion
from clew.errors import InvalidParameter, NotFound
from clew.registry import validate


class SqlAliases:
    """The port `clew.registry.ports.Aliases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(
        self, name: str, alias: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> None:
        """Point an alias to a version, wherever it pointed before."""
        validate.free_alias(alias)
        with self._database.writing() as connection:
            found = versions.one(connection, name, version)
            n = versions.number(connection, name)
            row = connection.execute(
                "SELECT version FROM alias WHERE registered = ? AND alias = ?", (n, alias)
            ).fetchone()
            connection.execute(
                "INSERT INTO alias (registered, alias, version) VALUES (?, ?, ?) "
                "ON CONFLICT (registered, alias) DO UPDATE SET version = excluded.version",
                (n, alias, found.version),
            )
            events.happened(
                connection,
                "alias.set",
                f"model:{name}/{alias}",
                actor=actor,
                before=row[0] if row else None,
                after=found.version,
                reason=reason,
            )

    def delete(self, name: str, alias: str, *, actor: str = "", reason: str | None = None) -> None:
        """Remove an alias."""
        validate.alias(alias)
        with self._database.writing() as connection:
            n = versions.number(connection, name)
            gone = connection.execute(
                "DELETE FROM alias WHERE registered = ? AND alias = ? RETURNING version", (n, alias)
            ).fetchone()
            if gone is not None:
                events.happened(
                    connection,
                    "alias.delete",
                    f"model:{name}/{alias}",
                    actor=actor,
                    before=gone[0],
                    reason=reason,
                )

    def version(self, name: str, alias: str) -> ModelVersion:
        """Return the version that an alias points to."""
        validate.alias(alias)
        with self._database.reading() as connection:
            n = versions.number(connection, name)
            if alias.lower() == "latest":
                row = connection.execute(
                    "SELECT max(version) FROM version WHERE registered = ?", (n,)
                ).fetchone()
                if row[0] is None:
                    raise NotFound(f"Latest version not found for model {name}.")
            else:
                row = connection.execute(
                    "SELECT version FROM alias WHERE registered = ? AND alias = ?", (n, alias)
                ).fetchone()
            if row is None:
                raise InvalidParameter(f"Registered model alias {alias} not found.")
            return versions.one(connection, name, row[0])

    def latest(self, name: str, stages: Sequence[str] = ()) -> tuple[ModelVersion, ...]:
        """Return the highest version in each of these stages."""
        wanted = {validate.stage(stage) for stage in stages} or set(validate.STAGES)
        with self._database.reading() as connection:
            found = versions.latest(connection, versions.number(connection, name))
        return tuple(version for version in found if version.stage in wanted)
