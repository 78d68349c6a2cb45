"""Folders of files into the store, by content."""

from __future__ import annotations

from pathlib import Path

from clew.adapters.trackers import tree
from clew.entities import Owner
from clew.errors import NotFound
from clew.track.ports import Artifacts

_PIECE_BYTES = 1 << 20


def copy_files(artifacts: Artifacts, owner: Owner, folder: Path) -> tuple[int, int]:
    """Copy the files of a folder to a run or model; return how many, and how many were there.

    A file that is there with the same size stays.
    """
    copied = there = 0
    for path, file in tree.files(folder):
        try:
            known = artifacts.get(owner, path)
        except NotFound:
            known = None
        if known is not None and known.size_bytes == file.stat().st_size:
            there += 1
            continue
        _copy(artifacts, owner, path, file)
        copied += 1
    return copied, there


def _copy(artifacts: Artifacts, owner: Owner, path: str, file: Path) -> None:
    with tree.opened(file) as content:
        writer = artifacts.writer(owner, path)
        try:
            while piece := content.read(_PIECE_BYTES):
                writer.write(piece)
        except BaseException:
            writer.abort()
            raise
        writer.commit()
