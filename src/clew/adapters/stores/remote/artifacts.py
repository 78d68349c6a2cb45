"""The adapter: `clew.track.ports.Artifacts` over a server; the bytes go as files by content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clew.adapters.stores.remote.channel import Channel
from clew.adapters.stores.remote.proxy import proxy
from clew.entities import Artifact, Owner
from clew.errors import InvalidParameter, NotFound
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.ports import Receiver, StreamStore
from clew.track import validate


class RemoteArtifactWriter:
    """A file on its way: the port `clew.track.ports.ArtifactWriter`."""

    def __init__(self, ports: Any, owner: Owner, path: str, receiver: Receiver) -> None:
        self._ports = ports
        self._owner = owner
        self._path = path
        self._receiver = receiver

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        self._receiver.write(chunk)

    def commit(self) -> Artifact:
        """Make the file visible."""
        content, _ = self._receiver.commit()
        made: Artifact = self._ports.link(self._owner, self._path, content)
        return made

    def abort(self) -> None:
        """Drop what was written."""
        self._receiver.abort()


class RemoteArtifacts:
    """Files of runs and models on a server.

    Parameters
    ----------
    streams : StreamStore
        Where the bytes go.
    """

    def __init__(self, channel: Channel, streams: StreamStore) -> None:
        self._ports = proxy("artifacts", channel)
        self._runs = proxy("runs", channel)
        self._models = proxy("models", channel)
        self._streams = streams
        self.get = self._ports.get
        self.list = self._ports.list
        self.delete = self._ports.delete
        self.link = self._ports.link

    def writer(self, owner: Owner, path: str) -> RemoteArtifactWriter:
        """Begin a file."""
        validate.owner(owner)
        validate.artifact_path(path)
        if owner.kind == "run":
            self._runs.get(owner.id)
        elif owner.kind == "model":
            self._models.get(owner.id, allow_deleted=True)
        return RemoteArtifactWriter(self._ports, owner, path, self._streams.receive())

    def read(self, artifact: Artifact, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield a file's bytes, in pieces."""
        if artifact.content is None or artifact.size_bytes is None:
            raise InvalidParameter(f"'{artifact.path}' is a folder", expected="a file")
        content = ValueId(Digest(bytes.fromhex(artifact.content)))
        if not self._streams.holds(content):
            raise NotFound(f"the bytes of '{artifact.path}' are gone", got=artifact.content)
        return self._streams.stream(content, start, stop)
