"""What a version is made of: from its source to the run, the logged model, content and node."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.tracking import artifacts, graph
from clew.errors import NotFound

_MODEL = re.compile(r"models:/(m-[0-9a-f]{32})(?:/.*)?")
_VERSION = re.compile(r"models:/([^/@]+)/(\d+)")
_ALIAS = re.compile(r"models:/([^/@]+)@([\w\-]+)")
_RUN = re.compile(r"runs:/([\w\-]+)/(.+)")
_IN_STORE = re.compile(r".*/([\w\-]+)/artifacts(?:/(.*))?")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version's files are, and what is known of them."""

    source: str
    run_id: str | None = None
    model_id: str | None = None
    content: bytes | None = None
    node: bytes | None = None


def resolve(connection: Connection, asked: Source) -> Source:
    """Return a source with what the store knows of it.

    Raises
    ------
    NotFound
        When it names a logged model or a version that is not there.
    """
    if match := _MODEL.fullmatch(asked.source):
        return _of_model(connection, asked, match[1], must_be=True)
    if match := _VERSION.fullmatch(asked.source):
        return _of_version(connection, asked, "v.version = ?", (match[1], int(match[2])))
    if match := _ALIAS.fullmatch(asked.source):
        where = "v.version = (SELECT version FROM alias WHERE registered = m.n AND alias = ?)"
        return _of_version(connection, asked, where, (match[1], match[2]))
    if asked.model_id is not None:
        return _of_model(connection, asked, asked.model_id, must_be=False)
    if match := _RUN.fullmatch(asked.source) or _IN_STORE.fullmatch(asked.source):
        return _of_files(connection, asked, match[1], (match[2] or "").rstrip("/"))
    return _with_node(asked)


def _of_model(connection: Connection, asked: Source, model_id: str, *, must_be: bool) -> Source:
    row = connection.execute(
        "SELECT source_run, content FROM model WHERE id = ? AND lifecycle = 0", (model_id,)
    ).fetchone()
    if row is None:
        if must_be:
            raise NotFound(f"Logged model with ID '{model_id}' not found.")
        return _with_node(asked)
    run_id = asked.run_id or row[0]
    return _with_node(replace(asked, model_id=model_id, run_id=run_id, content=row[1]))


def _of_version(
    connection: Connection, asked: Source, where: str, values: tuple[object, ...]
) -> Source:
    row = connection.execute(
        "SELECT v.run_id, v.model_id, v.content, v.node FROM version AS v "
        f"JOIN registered AS m ON m.n = v.registered WHERE m.name = ? AND {where}",
        values,
    ).fetchone()
    if row is None:
        raise NotFound(f"Model Version of source '{asked.source}' not found")
    run_id, model_id, content, node = row
    return Source(asked.source, asked.run_id or run_id, asked.model_id or model_id, content, node)


def _of_files(connection: Connection, asked: Source, owner: str, path: str) -> Source:
    if owner.startswith("m-"):
        return _of_model(connection, asked, owner, must_be=False)
    files = [
        (name[len(path) + 1 :] if path else name, content)
        for name, content in artifacts.contents(connection, "run", owner)
        if not path or name == path or name.startswith(f"{path}/")
    ]
    content = graph.model_content(files) if files else None
    is_run = connection.execute("SELECT 1 FROM run WHERE id = ?", (owner,)).fetchone()
    run_id = asked.run_id or (owner if is_run else None)
    return _with_node(replace(asked, run_id=run_id, content=content))


def _with_node(found: Source) -> Source:
    if found.run_id is None or found.content is None:
        return found
    return replace(found, node=graph.run_node(found.run_id))
