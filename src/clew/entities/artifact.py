"""Files that runs and models leave."""

from __future__ import annotations

from typing import Literal

import msgspec


class Owner(msgspec.Struct, frozen=True):
    """Whose files: a run's, a logged model's, a trace's, or those under a free folder name.

    Parameters
    ----------
    id : str
        Id of the run, model or trace; a relative path for a folder.
    """

    kind: Literal["run", "model", "trace", "folder"]
    id: str


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or a folder of files.

    Parameters
    ----------
    path : str
        Relative, with ``/`` between its parts, without ``.``, ``..`` and empty parts.
    size_bytes : int or None
        None for a folder.
    content : str or None
        Content id (hexadecimal) of the bytes: that of a file with this content, wherever it lies.
        None for a folder.
    media_type : str or None
        What the name suggests (``image/png``); never taken from the bytes.
    """

    path: str
    is_folder: bool = False
    size_bytes: int | None = None
    content: str | None = None
    media_type: str | None = None
    created_ms: int | None = None
