"""Files that come in pieces: kept whole or not at all, and damage is found in time."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from clew.adapters.blobs.local import LocalBlobs, layout, streams
from clew.adapters.files.content import fingerprint_file
from clew.errors import CorruptValue, StoreError
from clew.testing.stream_store import CONTENT, StreamStoreSuite, receive


class TestStreams(StreamStoreSuite):
    @pytest.fixture
    def streams(self, tmp_path: Path) -> LocalBlobs:
        return LocalBlobs(tmp_path / "values")


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "values")


def test_its_id_is_that_of_a_file_with_these_bytes(blobs: LocalBlobs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    assert receive(blobs, CONTENT)[0] == fingerprint_file(tmp_path / "file")


def test_the_same_bytes_are_stored_once(blobs: LocalBlobs) -> None:
    for _ in range(2):
        receive(blobs, CONTENT)
    files = [path for path in blobs.root.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert files[0].stat().st_size == len(CONTENT) + 64


@pytest.mark.parametrize("place", [70, len(CONTENT) // 2, len(CONTENT) + 60])
def test_a_reader_never_takes_a_damaged_file_for_whole(blobs: LocalBlobs, place: int) -> None:
    id, _ = receive(blobs, CONTENT)
    path = Path(layout.file_of(str(blobs.root), id))
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    reader = LocalBlobs(blobs.root)
    assert not reader.is_intact(id)
    got = 0
    with pytest.raises(CorruptValue):
        for piece in reader.stream(id):
            got += len(piece)
    assert got < len(CONTENT)
    assert not reader.holds(id)


def test_a_part_of_a_damaged_file_is_refused(blobs: LocalBlobs) -> None:
    id, _ = receive(blobs, CONTENT)
    path = Path(layout.file_of(str(blobs.root), id))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptValue):
        blobs.stream(id, 0, 10)


def test_a_full_disk_leaves_nothing(blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = blobs.receive()
    receiver.write(b"some")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(streams.os, "write", full)
    with pytest.raises(StoreError, match="disk is full"):
        receiver.write(b"more")
    monkeypatch.undo()
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []


def test_a_writer_that_dies_leaves_what_fsck_removes(blobs: LocalBlobs) -> None:
    child = os.fork()
    if child == 0:
        receiver = blobs.receive()
        receiver.write(CONTENT)
        os._exit(0)
    os.waitpid(child, 0)
    (left,) = blobs.leftovers()
    assert left.name.startswith(f".tmp-{child}-")
    assert list(blobs.ids()) == []
