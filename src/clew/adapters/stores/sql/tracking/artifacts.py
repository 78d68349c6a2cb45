"""Artifacts in SQLite: which path of whom holds which content. The bytes are a `StreamStore`'s."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator

from clew.adapters.stores.sql import values
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.logs import REPLACE_ARTIFACT
from clew.adapters.stores.sql.tracking import read
from clew.adapters.stores.sql.tracking.experiments import now_ms
from clew.entities import Artifact, Owner
from clew.errors import InvalidParameter, NotFound, UnsupportedValue
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.ports import Receiver, StreamStore
from clew.lineage.records import Value
from clew.track import validate

KINDS = ("run", "model", "trace", "folder")
_COLUMNS = "path, size_bytes, lower(hex(content)), media_type, created_ms"
_PUT = (
    "INSERT INTO artifact (kind, owner, path, content, size_bytes, media_type, created_ms) "
    f"VALUES (?, ?, ?, ?, ?, ?, ?) {REPLACE_ARTIFACT}"
)
_BELOW = "kind = ?1 AND owner = ?2 AND path >= ?3 AND path < ?4"
# One row for each name directly below: the first path with it decides whether it is a folder.
_LIST = (
    "SELECT rest, min(size_bytes), min(content), min(media_type), min(created_ms), count(*), "
    "max(deep) FROM (SELECT a.*, CASE WHEN deep = 1 THEN substr(tail, 1, instr(tail, '/') - 1) "
    "ELSE tail END AS rest FROM (SELECT b.*, CASE WHEN instr(tail, '/') > 0 THEN 1 ELSE 0 END "
    "AS deep FROM (SELECT size_bytes, lower(hex(content)) AS content, media_type, created_ms, "
    f"substr(path, length(?3) + 1) AS tail FROM artifact WHERE {_BELOW}) AS b) AS a) AS c "
    "GROUP BY rest ORDER BY rest"
)


class SqlArtifactWriter:
    """The port `clew.track.ports.ArtifactWriter`."""

    def __init__(
        self, artifacts: SqlArtifacts, owner: Owner, path: str, receiver: Receiver
    ) -> None:
        self._artifacts = artifacts
        self._owner = owner
        self._path = path
        self._receiver = receiver

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        self._receiver.write(chunk)

    def commit(self) -> Artifact:
        """Make the file visible."""
        content, size_bytes = self._receiver.commit()
        return self._artifacts.name(self._owner, self._path, content, size_bytes)

    def abort(self) -> None:
        """Drop what was written."""
        self._receiver.abort()


class SqlArtifacts:
    """The port `clew.track.ports.Artifacts`.

    Parameters
    ----------
    streams : StreamStore
        Where the bytes are.
    """

    def __init__(self, database: Database, streams: StreamStore) -> None:
        self._database = database
        self._streams = streams

    def writer(self, owner: Owner, path: str) -> SqlArtifactWriter:
        """Begin a file."""
        validate.owner(owner)
        validate.artifact_path(path)
        with self._database.reading() as connection:
            _check_owner(connection, owner)
        return SqlArtifactWriter(self, owner, path, self._streams.receive())

    def name(self, owner: Owner, path: str, content: ValueId, size_bytes: int) -> Artifact:
        """Say that a path holds a content that is stored."""
        media_type = mimetypes.guess_type(path)[0]
        ms = now_ms()
        preview = f"{path.rpartition('/')[2]}, {size_bytes} bytes"[:200]
        value = Value(content, "file", preview, "file", size_bytes, "stored")
        with self._database.writing() as connection:
            _check_owner(connection, owner)
            _check_place(connection, owner, path)
            values.add(connection, self._database.words, value)
            connection.execute(_PUT, (*_key(owner), path, content, size_bytes, media_type, ms))
        return Artifact(
            path=path,
            size_bytes=size_bytes,
            content=content.hex(),
            media_type=media_type,
            created_ms=ms,
        )

    def get(self, owner: Owner, path: str) -> Artifact:
        """Return a file's or folder's record."""
        validate.owner(owner)
        validate.artifact_path(path)
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM artifact WHERE kind = ? AND owner = ? AND path = ?",
                (*_key(owner), path),
            ).fetchone()
            if row is not None:
                return _artifact(*row)
            if _any_below(connection, owner, path):
                return Artifact(path=path, is_folder=True)
        raise NotFound(f"No such artifact: '{path}'", got=f"{owner.kind} {owner.id}")

    def read(self, artifact: Artifact, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield a file's bytes, in pieces."""
        if artifact.content is None or artifact.size_bytes is None:
            raise InvalidParameter(f"'{artifact.path}' is a folder", expected="a file")
        content = ValueId(Digest(bytes.fromhex(artifact.content)))
        if not self._streams.holds(content):
            with self._database.reading() as connection:
                described = values.describe(connection, self._database.words, [content])
            if described and described[content].format not in ("", "file"):
                raise UnsupportedValue(
                    f"'{artifact.path}' is a value, not a file",
                    got=described[content].type_name,
                    hint=f"read it with clew.open().value({artifact.content[:12]!r})",
                )
            raise NotFound(f"the bytes of '{artifact.path}' are gone", got=artifact.content)
        return self._streams.stream(content, start, stop)

    def list(self, owner: Owner, path: str = "") -> tuple[Artifact, ...]:
        """Return what lies directly in a folder."""
        validate.owner(owner)
        prefix = f"{validate.artifact_path(path)}/" if path else ""
        with self._database.reading() as connection:
            rows = connection.execute(_LIST, (*_key(owner), prefix, _end(prefix))).fetchall()
        return tuple(
            Artifact(path=prefix + name, is_folder=True)
            if deep
            else _artifact(prefix + name, size_bytes, content, media_type, ms)
            for name, size_bytes, content, media_type, ms, _, deep in rows
        )

    def delete(self, owner: Owner, path: str = "") -> int:
        """Remove a file, or a folder with all in it."""
        validate.owner(owner)
        if path:
            validate.artifact_path(path)
        with self._database.writing() as connection:
            return remove(connection, owner, path)

    def link(self, owner: Owner, path: str, content: ValueId) -> Artifact:
        """Name bytes that are stored already."""
        validate.owner(owner)
        validate.artifact_path(path)
        size_bytes = self._streams.length(content)
        if size_bytes is None:
            raise NotFound("no file with this content is stored", got=content.hex())
        return self.name(owner, path, content, size_bytes)


def contents(connection: Connection, kind: str, id: str) -> list[tuple[str, bytes]]:
    """Return ``(path, content id)`` of all files of a run or model."""
    return connection.execute(
        "SELECT path, content FROM artifact WHERE kind = ? AND owner = ?", (KINDS.index(kind), id)
    ).fetchall()


def remove(connection: Connection, owner: Owner, path: str = "") -> int:
    """Remove a file or folder; bytes that nothing names any more go with the next `gc`."""
    prefix = f"{path}/" if path else ""
    gone = connection.execute(
        f"DELETE FROM artifact WHERE {_BELOW} OR (kind = ?1 AND owner = ?2 AND path = ?5) "
        "RETURNING content, is_value",
        (*_key(owner), prefix, _end(prefix), path),
    ).fetchall()
    connection.executemany(
        "DELETE FROM value WHERE id = ?1 AND substr(id, 1, 4) = substr(?1, 1, 4) "
        "AND NOT EXISTS (SELECT 1 FROM artifact WHERE content = ?1) "
        "AND NOT EXISTS (SELECT 1 FROM edge WHERE edge.value = value.n)",
        [(content,) for content, is_value in gone if not is_value],
    )
    return len(gone)


def _key(owner: Owner) -> tuple[int, str]:
    return KINDS.index(owner.kind), owner.id


def _end(prefix: str) -> str:
    """Return the first text behind all that begin with `prefix`."""
    return f"{prefix[:-1]}0" if prefix else chr(0x10FFFF)


def _artifact(
    path: str, size_bytes: int, content: str, media_type: str | None, ms: int
) -> Artifact:
    return Artifact(
        path=path,
        size_bytes=size_bytes,
        content=content,
        media_type=media_type,
        created_ms=ms,
    )


def _any_below(connection: Connection, owner: Owner, path: str) -> bool:
    prefix = f"{path}/"
    row = connection.execute(
        f"SELECT 1 FROM artifact WHERE {_BELOW} LIMIT 1", (*_key(owner), prefix, _end(prefix))
    ).fetchone()
    return row is not None


def _check_owner(connection: Connection, owner: Owner) -> None:
    if owner.kind == "run":
        row = connection.execute("SELECT 1 FROM run WHERE id = ?", (owner.id,)).fetchone()
        if row is None:
            raise read.absent(owner.id)
    elif owner.kind == "model":
        row = connection.execute("SELECT 1 FROM model WHERE id = ?", (owner.id,)).fetchone()
        if row is None:
            raise NotFound(f"Logged model with ID '{owner.id}' not found.")


def _check_place(connection: Connection, owner: Owner, path: str) -> None:
    """Refuse a file where a folder is, and a folder where a file is."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts))]
    for folder in above:
        row = connection.execute(
            "SELECT 1 FROM artifact WHERE kind = ? AND owner = ? AND path = ?",
            (*_key(owner), folder),
        ).fetchone()
        if row is not None:
            raise InvalidParameter(f"Invalid artifact path: '{path}'", got=f"{folder} is a file")
    if _any_below(connection, owner, path):
        raise InvalidParameter(f"Invalid artifact path: '{path}'", got=f"{path} is a folder")
