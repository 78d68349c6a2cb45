"""The journal: what was acknowledged is there, whatever happened to the process or the file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.errors import InvalidParameter, NotFound, StoreError
from clew.lineage.ulid import new_ulid, ulid_number, ulid_of
from clew.serve.journal import Journal, JournalWriter
from clew.serve.journal.frame import Batch, Said, entries
from clew.serve.journal.write import Ulids


def batch(first: int, n_rows: int = 3, model: str = "adult") -> Batch:
    rows = [(at, "x", None, 0.5) for at in range(n_rows)]
    return Batch(
        first >> 80,
        first.to_bytes(16),
        model,
        "1",
        "abc",
        ("a", "b", "c", "d"),
        rows,
        list(range(n_rows)),
        [[0.25, 0.75]] * n_rows,
        0.001,
    )


def test_a_prediction_is_found_with_its_feedback(tmp_path: Path) -> None:
    writer, ulids = JournalWriter(tmp_path), Ulids()
    _, first = ulids.take(3)
    _, second = ulids.take(3)
    writer.append(batch(first))
    writer.append(batch(second, model="other"))
    id = ulid_of(first + 2)
    writer.append(Said(1, new_ulid(), id, 1, None))
    JournalWriter(tmp_path).append(Said(2, new_ulid(), id, None, 0.5, "late"))
    found = Journal(tmp_path).get(id)
    assert (found.id, found.answer, found.row) == (id, 2, {"a": 2, "b": "x", "c": None, "d": 0.5})
    assert [(said.truth, said.reward) for said in found.feedback] == [(1, None), (None, 0.5)]
    newest = Journal(tmp_path).newest(4)
    assert [row.id for row in newest] == [ulid_of(second + at) for at in (2, 1, 0)] + [id]
    assert {row.model for row in Journal(tmp_path).newest(9, model="adult")} == {"adult"}


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such prediction"):
        Journal(tmp_path / "absent").get(new_ulid())
    with pytest.raises(InvalidParameter, match="no ULID"):
        Journal(tmp_path).get("../../etc/passwd")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=6), cut=st.floats(0, 1))
def test_a_torn_end_loses_only_itself(tmp_path: Path, sizes: list[int], cut: float) -> None:
    folder = tmp_path / new_ulid()
    writer, ulids = JournalWriter(folder), Ulids()
    ends = []
    for size in sizes:
        writer.append(batch(ulids.take(size)[1], size))
        ends.append(next(folder.iterdir()).stat().st_size)
    (segment,) = folder.iterdir()
    length = int(cut * ends[-1])
    os.truncate(segment, length)
    kept = [len(entry.rows) for entry in entries(segment)]
    assert kept == [size for size, end in zip(sizes, ends, strict=True) if end <= length]


def test_a_damaged_entry_is_not_taken_for_a_prediction(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.append(batch(Ulids().take(3)[1]))
    (segment,) = tmp_path.iterdir()
    content = bytearray(segment.read_bytes())
    content[-3] ^= 0xFF
    segment.write_bytes(content)
    assert list(entries(segment)) == []


@given(counts=st.lists(st.integers(1, 50), max_size=30))
def test_ids_never_meet_and_sort_by_time(counts: list[int]) -> None:
    ulids, taken = Ulids(), []
    for count in counts:
        _, first = ulids.take(count)
        taken += range(first, first + count)
    assert taken == sorted(set(taken))
    assert all(ulid_number(ulid_of(number)) == number for number in taken[:5])


def test_a_full_disk_refuses_and_the_next_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, ulids = JournalWriter(tmp_path), Ulids()
    writer.append(batch(ulids.take(1)[1], 1))
    reading = Journal(tmp_path)
    real = os.write
    for share in (0.5, 0.01, 0.9, 0.0):
        monkeypatch.setattr(
            os, "write", lambda file, data, cut=share: real(file, data[: int(len(data) * cut)])
        )
        with pytest.raises(StoreError, match="could not be kept"):
            writer.append(batch(ulids.take(1)[1], 1))
        assert len(reading.newest(9)) == 1
    monkeypatch.setattr(os, "write", real)
    _, last = ulids.take(1)
    writer.append(batch(last, 1))
    assert len(list(tmp_path.iterdir())) == 1  # however many were refused
    assert len(reading.newest(9)) == len(Journal(tmp_path).newest(9)) == 2
    assert Journal(tmp_path).get(ulid_of(last)).answer == 0


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_journal import batch
from clew.serve.journal import JournalWriter
from clew.serve.journal.write import Ulids
writer, ulids = JournalWriter(Path({str(tmp_path)!r})), Ulids()
while True:
    _, first = ulids.take(3)
    writer.append(batch(first))
    print(first, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        acknowledged = [int(run.stdout.readline()) for _ in range(200)]
        run.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in run.stdout.read().splitlines() if len(line) > 30]
    kept = {int.from_bytes(e.first) for e in Journal(tmp_path) if isinstance(e, Batch)}
    assert not [first for first in acknowledged if first not in kept]
