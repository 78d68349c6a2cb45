"""Which media type a file is sent as, by its name, as MLflow does."""

from __future__ import annotations

from mimetypes import guess_type

_TEXT = frozenset(
    (
        *("txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon"),
        *("toml", "yaml", "yml", "xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst"),
        *("ipynb", "MLmodel", "MLproject", "mlproject"),
    )
)


def type_of(name: str) -> str:
    """Return the media type of a file's name; plain text for source and data that one can read."""
    stem, dot, extension = name.rpartition(".")
    if (extension if dot and stem else name) in _TEXT:
        return "text/plain"
    return guess_type(name)[0] or "application/octet-stream"
