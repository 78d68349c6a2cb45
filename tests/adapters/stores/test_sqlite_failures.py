"""What cannot be opened, read or written is a `StoreError` with a hint; nothing is lost."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from clew.adapters.stores.sql import SqliteStore, schema
from clew.adapters.stores.sql.sqlite import place
from clew.errors import InvalidParameter, StoreError
from clew.testing.records import make_node

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    path.write_text("my only copy of something else\n" * 200)
    with pytest.raises(StoreError, match="no clew store") as caught:
        SqliteStore(path)
    assert caught.value.hint
    assert path.read_text().startswith("my only copy")


def test_another_programs_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        SqliteStore(path)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    other.close()


def test_a_newer_schema_says_to_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {schema.newest() + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer clew") as caught:
        SqliteStore(path)
    assert "upgrade" in (caught.value.hint or "")


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "clew.db") as store:
        before = [make_node("m:f", [str(n)]) for n in range(20)]
        store.add(before, [])
        with store._database.writing() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="disk is full") as caught:
            store.add([make_node("m:g", [str(n)]) for n in range(5000)], [])
        assert caught.value.hint
        assert store.history("m:g", 1) == ()
        assert len(store.history("m:f", 100)) == 20
        store.add([make_node("m:h")], [])  # what still fits is written
        assert store.damage() == ()


def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    with SqliteStore(path) as store:
        nodes = [make_node("m:f", [str(n)], [f"r{n}"]) for n in range(500)]
        store.add(nodes, [])
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), SqliteStore(path) as store:
        store.closure([node.id for node in nodes], "up")


def test_a_directory_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "clew.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path / "clew.db")


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        SqliteStore(tmp_path / "file" / "clew.db")


@as_root
def test_a_read_only_directory(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(StoreError, match=r"cannot be opened|read-only"):
            SqliteStore(tmp_path / "clew.db")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "clew.db")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.runs()


def test_an_unknown_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="durability"):
        SqliteStore(tmp_path / "clew.db", durability="none")  # type: ignore[arg-type]


def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "a b?c#d%20é" / "clew.db") as store:
        assert store.runs() == ()
        assert store.path.exists()


# Network file systems.


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        ("nfs4 rw,vers=4.2", True),
        ("cifs rw", True),
        ("smb3 rw", True),
        ("fuse.sshfs rw", True),
        ("fuse.s3fs rw", True),
        ("smbfs nodev", True),
        ("9p rw,trans=tcp", True),
        ("9p rw,trans=fd", False),
        ("ext4 rw", False),
        ("apfs local", False),
        ("overlay rw", False),
        ("tmpfs rw", False),
        ("fuse.fuse-overlayfs rw", False),
    ],
)
def test_which_file_systems_are_shared(kind: str, shared: bool) -> None:
    assert place.is_network(kind) is shared


def test_a_network_file_system_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "filesystem", lambda path: "nfs4 rw,vers=4.2")
    with pytest.raises(StoreError, match="network file system") as caught:
        SqliteStore(tmp_path / "deep" / "clew.db")
    assert "nfs4" in (caught.value.got or "")
    assert "CLEW_STORE" in (caught.value.hint or "")
    assert not (tmp_path / "deep").exists()


def test_the_deepest_mount_decides() -> None:
    table = "/dev/vda / ext4 rw 0 0\nhost:/x /mnt/my\\040share nfs4 rw,vers=4 0 0\n"
    mounts = place._linux_mounts(table)
    assert place._deepest(mounts, Path("/home/ada")) == "ext4 rw"
    assert place._deepest(mounts, Path("/mnt/my share/store")) == "nfs4 rw,vers=4"
    assert place._deepest(mounts, Path("/mnt/my share2")) == "ext4 rw"


def test_the_mounts_of_macos_are_read() -> None:
    table = (
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n"
        "//ada@nas/data on /Volumes/data (smbfs, nodev, nosuid, mounted by ada)\n"
    )
    mounts = place._macos_mounts(table)
    assert place.is_network(place._deepest(mounts, Path("/Volumes/data/x")) or "")
    assert not place.is_network(place._deepest(mounts, Path("/Users/ada")) or "")


def test_the_file_system_of_this_place_is_known(tmp_path: Path) -> None:
    found = place.filesystem(tmp_path / "not" / "there" / "yet")
    assert found is None or not place.is_network(found)
