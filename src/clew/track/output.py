"""What a run prints, kept as its artifacts: `output/stdout.txt` and `output/stderr.txt`."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from clew.steps.provenance import redacted

LONGEST_BYTES = 10_000_000
_STREAMS = ("stdout", "stderr")


class Tee:
    """A stream that writes to another one, and remembers what it wrote.

    Everything else is asked of the other stream, so that programs that look at it (is it a
    terminal?) see what they would see.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._kept: Any = tempfile.SpooledTemporaryFile(1 << 16, "w+b")  # noqa: SIM115
        self._bytes = 0
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        """Write a text."""
        with self._lock:
            content = str(text).encode("utf-8", "backslashreplace")
            if self._bytes < LONGEST_BYTES and not self._kept.closed:
                self._kept.write(content[: LONGEST_BYTES - self._bytes])
            self._bytes += len(content)
        count: int = self._stream.write(text)
        return count

    def writelines(self, lines: Any) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stream)

    def take(self) -> bytes:
        """Return what was written, without secrets, and remember nothing more."""
        with self._lock:
            self._kept.seek(0)
            content: bytes = self._kept.read()
            self._kept.close()
        text = redacted("output", content.decode("utf-8", "replace"))
        if self._bytes > LONGEST_BYTES:
            text += f"\n… {self._bytes - LONGEST_BYTES} more bytes were not kept\n"
        return text.encode()


class Capture:
    """Both streams of this process, from `start` to `stop`."""

    def __init__(self) -> None:
        self._tees: dict[str, tuple[Any, Tee]] = {}

    def start(self) -> None:
        """Begin to remember."""
        for name in _STREAMS:
            original = getattr(sys, name)
            if original is not None:
                tee = Tee(original)
                self._tees[name] = original, tee
                setattr(sys, name, tee)

    def stop(self) -> dict[str, bytes]:
        """Put the streams back; return what was written to each."""
        found = {}
        for name, (original, tee) in self._tees.items():
            if getattr(sys, name) is tee:  # Somebody may have put another one in its place.
                setattr(sys, name, original)
            found[name] = tee.take()
        self._tees.clear()
        return {name: content for name, content in found.items() if content}
