"""Files that came as streams: their bytes. They are never made from a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clew.errors import UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded


class FileCodec:
    """The bytes of a file; its id is that of the file, not that of the bytes as a value."""

    name = "file"
    exact = True

    def accepts(self, value: object) -> bool:
        """No value: files come in pieces."""
        return False

    def encode(self, value: object) -> tuple[Encoded, Mapping[ValueId, object]]:
        """Refuse."""
        raise UnsupportedValue("files come as streams", got=type(value).__name__)

    def decode(self, encoded: Encoded, children: Sequence[object]) -> object:
        """Return the bytes."""
        return b"".join(map(bytes, encoded.buffers))
