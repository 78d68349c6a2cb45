"""Files: the content counts, is read as seldom as is sound, and never guessed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from clew.adapters.files import content
from clew.adapters.files.content import FileMemo, fingerprint_file
from clew.errors import NotFound, Unhashable
from clew.lineage.fingerprint import fingerprint

AN_HOUR_NS = 3600 * 10**9


@pytest.fixture
def reads(monkeypatch):
    """The number of times that a file was read."""
    count = []
    real = content._hash
    monkeypatch.setattr(content, "_hash", lambda file: count.append(1) or real(file))
    return count


def write(path, text):
    path.write_text(text)
    return path


def an_hour_later(monkeypatch):
    real = time.time_ns
    monkeypatch.setattr(content.time, "time_ns", lambda: real() + AN_HOUR_NS)


def test_content_counts_and_name_does_not(tmp_path):
    one, two = write(tmp_path / "a", "x"), write(tmp_path / "b", "x")
    assert fingerprint_file(one) == fingerprint_file(str(two))
    assert fingerprint_file(one) != fingerprint_file(write(tmp_path / "c", "y"))
    assert fingerprint_file(one) != fingerprint_file(write(tmp_path / "d", ""))


def test_the_format_is_frozen(tmp_path):
    found = fingerprint_file(write(tmp_path / "a", "abc"))
    assert found.hex() == "9471ce6a169a35e22e6a0c6a72be296e310dbecd"


def test_a_path_of_ones_own_class_counts_what_is_there(tmp_path):
    class Source(type(tmp_path)):
        pass

    path = Source(write(tmp_path / "a", "x"))
    before = fingerprint(path)
    write(tmp_path / "a", "y")
    assert fingerprint(path) != before != fingerprint(tmp_path / "a")


def test_a_settled_file_is_read_once(tmp_path, monkeypatch, reads):
    path, memo = write(tmp_path / "a", "x"), FileMemo()
    an_hour_later(monkeypatch)
    assert fingerprint_file(path, memo=memo) == fingerprint_file(path, memo=memo)
    assert len(reads) == 1


def test_a_fresh_file_is_read_every_time(tmp_path, reads):
    path, memo = write(tmp_path / "a", "x"), FileMemo()
    fingerprint_file(path, memo=memo)
    fingerprint_file(path, memo=memo)
    assert len(reads) == 2


def test_an_edit_within_the_resolution_of_the_clock_is_seen(tmp_path, monkeypatch):
    """The worst case: size, times and inode stay as they were."""
    path, memo = write(tmp_path / "a", "x"), FileMemo()
    frozen = content._Stamp.of(path.stat())
    monkeypatch.setattr(content._Stamp, "of", classmethod(lambda cls, found: frozen))
    before = fingerprint_file(path, memo=memo)
    path.write_text("y")
    assert fingerprint_file(path, memo=memo) != before


def test_times_set_back_after_an_edit_do_not_hide_it(tmp_path, monkeypatch):
    path, memo = write(tmp_path / "a", "x"), FileMemo()
    times = path.stat()
    an_hour_later(monkeypatch)
    before = fingerprint_file(path, memo=memo)
    time.sleep(0.02)  # more than a tick of the file system's clock
    path.write_text("y")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_mtime_ns == times.st_mtime_ns
    assert fingerprint_file(path, memo=memo) != before


def test_a_replacement_of_the_same_size_and_time_is_seen(tmp_path, monkeypatch):
    path, memo = write(tmp_path / "a", "x"), FileMemo()
    times = path.stat()
    an_hour_later(monkeypatch)
    before = fingerprint_file(path, memo=memo)
    other = write(tmp_path / "b", "y")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)
    assert fingerprint_file(path, memo=memo) != before


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "a", "x")
    real = content._hash

    def interrupted(file):
        with path.open("a") as more:
            more.write("x")
        return real(file)

    monkeypatch.setattr(content, "_hash", interrupted)
    with pytest.raises(Unhashable, match="being written"):
        fingerprint_file(path, memo=FileMemo())


def test_what_is_no_file(tmp_path):
    with pytest.raises(NotFound):
        fingerprint_file(tmp_path / "none")
    with pytest.raises(Unhashable, match="regular"):
        fingerprint_file(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unhashable, match="regular"):
        fingerprint(tmp_path)


def test_large_files_count_to_the_last_byte(tmp_path):
    path = tmp_path / "big"
    ids = set()
    for end in (b"a", b"b", b""):
        path.write_bytes(b"x" * 3_000_000 + end)
        ids.add(fingerprint_file(path))
    assert len(ids) == 3


def test_the_memo_forgets_the_oldest(tmp_path, monkeypatch, reads):
    memo = FileMemo(capacity=2)
    paths = [write(tmp_path / name, name) for name in "abc"]
    an_hour_later(monkeypatch)
    for path in [*paths, paths[2], paths[1], paths[0]]:
        fingerprint_file(path, memo=memo)
    assert len(reads) == 4


def test_a_path_is_its_text_and_what_is_there(tmp_path, monkeypatch):
    path = tmp_path / "a"
    states = [fingerprint(path)]
    for text in ("x", "y"):
        states.append(fingerprint(write(path, text)))
    path.unlink()
    assert fingerprint(path) == states[0]
    path.mkdir()
    states.append(fingerprint(path))
    monkeypatch.chdir(tmp_path)
    states += [fingerprint(Path("a")), fingerprint(str(path)), fingerprint(Path("a/b/c"))]
    assert len(set(states)) == len(states)


def test_a_directory_is_what_it_holds(tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    states = [fingerprint(root)]
    write(root / "a", "1")
    states.append(fingerprint(root))
    write(root / "sub" / "b", "1")
    states.append(fingerprint(root))
    write(root / "sub" / "b", "2")
    states.append(fingerprint(root))
    (root / "a").rename(root / "c")
    states.append(fingerprint(root))
    (root / "empty").mkdir()
    states.append(fingerprint(root))
    assert len(set(states)) == len(states)
    (root / "empty").rmdir()
    (root / "c").rename(root / "a")
    write(root / "sub" / "b", "1")
    assert fingerprint(root) == states[2]


def test_links_lead_to_what_they_name(tmp_path):
    write(tmp_path / "target", "x")
    link = tmp_path / "link"
    link.symlink_to("target")
    before = fingerprint(link)
    write(tmp_path / "target", "y")
    assert fingerprint(link) != before
    (tmp_path / "loop").symlink_to(tmp_path)
    with pytest.raises(Unhashable, match="leads back"):
        fingerprint(tmp_path)
    link.unlink()
    link.symlink_to("link")
    with pytest.raises(Unhashable, match="cannot be read"):
        fingerprint(link)
