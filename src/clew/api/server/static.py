"""The files of the web UI.

They are few and small, so they are read once, and compressed once. Any other path gives the page
itself, which finds its way by the address (deep links).
"""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from html import escape
from pathlib import Path

from clew.api.asgi import Headers, Reply, Scope, header
from clew.api.headers import PAGE_POLICY

COMPILED = Path(__file__).parents[1] / "ui/compiled"
INDEX = "/index.html"
_TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml")
_LEAST_TO_COMPRESS = 1000
_FOREVER = b"public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One file, plain and compressed."""

    media: bytes
    plain: bytes
    packed: bytes | None
    cache: bytes


class Files:
    """The compiled web UI.

    Parameters
    ----------
    folder : Path
        Where it lies; a page that says so is shown when it is not there.
    """

    def __init__(self, folder: Path = COMPILED) -> None:
        self._folder = folder
        self._files: dict[str, File] | None = None

    def answer(self, scope: Scope) -> Reply:
        """Return the file that a path names, or the page."""
        files = self._load()
        path = scope["path"]
        found = files.get(path)
        if found is None:
            found = files.get(INDEX)
            if found is None:
                return _page(404, _not_compiled(self._folder))
            if "." in path.rpartition("/")[2] and path.startswith("/assets/"):
                return _page(404, "There is no such file.")
        headers: Headers = [
            (b"content-type", found.media),
            (b"cache-control", found.cache),
            (b"content-security-policy", PAGE_POLICY),
            (b"vary", b"accept-encoding"),
        ]
        body = found.plain
        if found.packed is not None and b"gzip" in (header(scope, b"accept-encoding") or b""):
            headers.append((b"content-encoding", b"gzip"))
            body = found.packed
        return Reply(200, headers, body)

    def _load(self) -> dict[str, File]:
        if self._files is None or not self._files:
            found = {}
            for path in sorted(self._folder.rglob("*")):
                if path.is_file():
                    name = "/" + path.relative_to(self._folder).as_posix()
                    found[name] = _read(path, hashed=name.startswith("/assets/"))
            self._files = found
        return self._files


def _read(path: Path, *, hashed: bool) -> File:
    media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media == "text/javascript":
        media = "application/javascript"
    plain = path.read_bytes()
    packed = None
    if media.startswith(_TEXT):
        media += "; charset=utf-8"
        if len(plain) >= _LEAST_TO_COMPRESS:
            packed = gzip.compress(plain, 9, mtime=0)
    return File(media.encode(), plain, packed, _FOREVER if hashed else b"no-cache")


def _page(status: int, content: str) -> Reply:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>clew</title>'
        f"<h1>clew</h1>{content}</html>"
    )
    headers: Headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", PAGE_POLICY),
    ]
    return Reply(status, headers, text.encode())


def _not_compiled(folder: Path) -> str:
    return (
        "<p>The server runs, but this installation has no compiled web UI: "
        f"<code>{escape(folder.name)}</code> is not there.</p>"
        "<p>In a clone: <code>python3 dev.py ui</code>. A wheel of clew brings it along.</p>"
        '<p>Programs are answered: <a href="/openapi.json">/openapi.json</a>.</p>'
    )
