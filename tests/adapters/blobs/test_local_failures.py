"""Damaged, cut, swapped and foreign files; full disks; killed writers; old and hostile names."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from clew.adapters.blobs.local import LocalBlobs, compression, files, framing
from clew.errors import CorruptValue, StoreError, WrongType
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded
from clew.testing.blob_store import content
from clew.testing.records import value_id

ID = value_id("x")
SMALL = Encoded("plain", b"1", (b"content",))
LARGE = Encoded("array", b"1", (os.urandom(200_000),))


def file_of(blobs: LocalBlobs, id: ValueId) -> Path:
    return blobs.root / id.hex()[:2] / id.hex()[2:]


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "values")


@pytest.mark.parametrize("encoded", [SMALL, LARGE], ids=["small", "large"])
def test_every_damage_is_found(blobs: LocalBlobs, encoded: Encoded) -> None:
    blobs.put(ID, encoded)
    path = file_of(blobs, ID)
    good = path.read_bytes()
    cuts = [good[:size] for size in (0, 1, 43, 44, 60, len(good) // 2, len(good) - 1)]
    flips = []
    for place in (0, 7, 8, 39, 40, 44, 50, len(good) // 2, len(good) - 1):
        flipped = bytearray(good)
        flipped[place] ^= 0x10
        flips.append(bytes(flipped))
    for bad in [*cuts, *flips, good + b"\0", b"\0" * len(good), os.urandom(len(good))]:
        if bad[:7] == good[:7] and len(bad) > 7 and bad[7] > good[7]:
            expected: type[Exception] = StoreError  # It looks like a later version.
        else:
            expected = CorruptValue
        path.write_bytes(bad)
        with pytest.raises(expected):
            LocalBlobs(blobs.root).get(ID)
        if expected is CorruptValue:
            assert not path.exists()
            assert LocalBlobs(blobs.root).get(ID) is None
    assert blobs.put(ID, encoded)
    path.write_bytes(good)
    assert content(blobs.get(ID)) == content(encoded)


def test_damage_after_the_first_read_is_found(blobs: LocalBlobs) -> None:
    blobs.put(ID, LARGE)
    assert blobs.get(ID) is not None
    path = file_of(blobs, ID)
    bad = bytearray(path.read_bytes())
    bad[-1] ^= 1
    time.sleep(0.02)
    path.write_bytes(bad)
    with pytest.raises(CorruptValue):
        blobs.get(ID)


def test_a_damaged_value_is_set_aside_not_lost(blobs: LocalBlobs) -> None:
    blobs.put(ID, SMALL)
    file_of(blobs, ID).write_bytes(b"damaged")
    with pytest.raises(CorruptValue) as caught:
        blobs.get(ID)
    assert caught.value.hint
    (kept,) = (blobs.root / "quarantine").iterdir()
    assert kept.read_bytes() == b"damaged"
    assert list(blobs.ids()) == []


def test_a_file_under_a_wrong_name_is_damage(blobs: LocalBlobs) -> None:
    blobs.put(ID, SMALL)
    other = value_id("y")
    file_of(blobs, other).parent.mkdir(exist_ok=True)
    file_of(blobs, ID).rename(file_of(blobs, other))
    with pytest.raises(CorruptValue):
        blobs.get(other)


def test_a_later_layout_says_to_upgrade(blobs: LocalBlobs) -> None:
    blobs.put(ID, SMALL)
    path = file_of(blobs, ID)
    newer = bytearray(path.read_bytes())
    newer[7] = 99
    path.write_bytes(newer)
    with pytest.raises(StoreError, match="newer clew"):
        blobs.get(ID)
    assert path.exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("encoded", [SMALL, LARGE], ids=["small", "large"])
def test_a_full_disk_leaves_nothing_behind(
    blobs: LocalBlobs, encoded: Encoded, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = os.write

    def full(descriptor: int, data: bytes) -> int:
        written(descriptor, data[: len(data) // 2])
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "write", full)
        with pytest.raises(StoreError, match="disk is full") as caught:
            blobs.put(ID, encoded)
        assert "clew gc" in (caught.value.hint or "")
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []
    assert blobs.put(ID, encoded)


def test_short_writes_are_continued(blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    written = os.write
    monkeypatch.setattr(files.os, "write", lambda fd, data: written(fd, data[:1000]))
    blobs.put(ID, LARGE)
    assert content(blobs.get(ID)) == content(LARGE)


def test_an_interrupted_write_leaves_nothing(
    blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(descriptor: int, data: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        blobs.put(ID, LARGE)
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []


WRITER = """
import itertools, os, sys
from clew.adapters.blobs.local import LocalBlobs
from clew.lineage.ports import Encoded
from clew.testing.records import value_id

blobs = LocalBlobs(sys.argv[1])
print("ready", flush=True)
for n in itertools.count():
    blobs.put(value_id(f"{sys.argv[2]}-{n}"), Encoded("array", b"1", (os.urandom(300_000),)))
"""


def test_killed_writers_leave_whole_values_and_known_leftovers(tmp_path: Path) -> None:
    root = tmp_path / "values"
    for round_ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), str(round_)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        time.sleep(0.02 + 0.013 * round_)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    blobs = LocalBlobs(root)
    for id, _, _ in blobs.ids():
        assert blobs.get(id) is not None
    leftovers = set(blobs.leftovers())
    named = {file_of(blobs, id) for id, _, _ in blobs.ids()}
    assert {path for path in root.rglob("*") if path.is_file()} == named | leftovers


def test_processes_write_the_same_value(tmp_path: Path) -> None:
    script = WRITER.replace("itertools.count()", "range(50)").replace(
        "os.urandom(300_000)", "bytes([n]) * 300_000"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), "same"]) for _ in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    blobs = LocalBlobs(tmp_path)
    assert len(list(blobs.ids())) == 50
    assert all(blobs.get(id) is not None for id, _, _ in blobs.ids())
    assert list(blobs.leftovers()) == []


@pytest.mark.parametrize("id", ["../../etc/passwd", b"../../../../../../..", b"", b"x" * 21, None])
def test_what_is_no_id_is_refused(blobs: LocalBlobs, id: object) -> None:
    if id == b"../../../../../../..":
        blobs.put(id, SMALL)  # type: ignore[arg-type]  # Twenty bytes: an id, and only a name.
        assert {path.parent.parent for path in blobs.root.rglob("*") if path.is_file()} == {
            blobs.root
        }
        return
    for ask in (blobs.get, blobs.has, blobs.delete, blobs.children):
        with pytest.raises(WrongType):
            ask(id)  # type: ignore[operator]


def test_foreign_files_are_left_alone(blobs: LocalBlobs) -> None:
    blobs.put(ID, SMALL)
    (blobs.root / "README").write_text("mine")
    (file_of(blobs, ID).parent / "notes.txt").write_text("mine")
    (blobs.root / "zz").mkdir()
    assert [id for id, _, _ in blobs.ids()] == [ID]
    assert list(blobs.leftovers()) == []


def test_a_root_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        LocalBlobs(tmp_path / "file" / "values")


def test_a_root_that_vanished_is_made_again(blobs: LocalBlobs) -> None:
    blobs.root.rmdir()
    blobs.put(ID, SMALL)
    assert blobs.has(ID)


# Compression: when it pays, and never otherwise.


def test_what_shrinks_is_compressed_and_what_does_not_is_mapped(blobs: LocalBlobs) -> None:
    zeros = np.zeros(500_000)
    noise = np.random.default_rng(0).random(500_000)
    for name, array, most in (("zeros", zeros, 10_000), ("noise", noise, array_bytes(noise) + 300)):
        size = blobs.put(value_id(name), Encoded("array", b"", (memoryview(array).cast("B"),)))
        assert size <= most
    raw = blobs.get(value_id("noise"))
    assert raw is not None
    address = np.frombuffer(raw.buffers[0], np.uint8).ctypes.data
    assert address % framing.ALIGN == 0


def array_bytes(array: np.ndarray) -> int:
    return int(array.nbytes)


def test_a_misleading_head_does_not_decide() -> None:
    noise = os.urandom(2_000_000)
    assert compression.compress(memoryview(bytes(100_000) + noise)) is None
    assert compression.compress(memoryview(noise[:100_000] + bytes(2_000_000))) is not None


def test_a_frame_that_lies_about_its_size_is_refused() -> None:
    packed = compression.compress(memoryview(bytes(100_000)))
    assert packed is not None
    assert compression.decompress(packed, 100_000) == bytes(100_000)
    for size in (0, 99_999, 100_001, 1 << 62):
        assert compression.decompress(packed, size) is None
