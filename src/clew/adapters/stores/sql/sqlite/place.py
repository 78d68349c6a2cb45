"""Where a SQLite database may lie: on a disk of this machine.

In WAL mode the processes that share a database share memory, too, which two machines cannot; and
the locks of network file systems are known to fail silently (SQLite, "Write-Ahead Logging",
section 1; "How To Corrupt An SQLite Database File", section 2.1). So clew refuses instead of
losing writes one day.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from clew.errors import StoreError

_NETWORK = frozenset(
    "nfs nfs3 nfs4 cifs smb smb2 smb3 smbfs afs afpfs ncpfs webdav davfs davfs2 ceph lustre "  # noqa: SIM905
    "glusterfs beegfs gpfs gfs gfs2 ocfs2 orangefs pvfs2 moosefs".split()
)
_NETWORK_FUSE = frozenset(
    "sshfs s3fs goofys gcsfuse rclone glusterfs ceph ceph-fuse cephfs davfs2 curlftpfs "  # noqa: SIM905
    "blobfuse blobfuse2 juicefs mfs moosefs smbnetfs mount-s3 geesefs".split()
)


def refuse_network(path: Path) -> None:
    """Raise when `path` lies on a file system that several machines may share.

    Raises
    ------
    StoreError
        With the kind of file system, the reason, and what to do.
    """
    kind = filesystem(path)
    if kind is None or not is_network(kind):
        return
    raise StoreError(
        f"the store cannot lie on a network file system: {path}",
        got=f"a file system of type {kind.split()[0]}",
        expected="a local disk: SQLite's write-ahead log needs memory shared by its processes, "
        "and locks over the network are known to lose writes",
        hint="set CLEW_STORE to a directory on a local disk; share results by "
        "`clew export` and `clew import`",
    )


def is_read_only(path: Path) -> bool:
    """Tell whether a database is there that this user can read and not write."""
    if not path.is_file():
        return False
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def uri_of(path: Path) -> str:
    """Return the address by which SQLite reads a database without writing anything beside it.

    A database without a log cannot change where nobody may write; one with a log is read with it,
    which needs the memory that its processes share to be there.
    """
    log = path.with_name(f"{path.name}-wal")
    has_log = log.exists() and log.stat().st_size > 0
    return f"file:{quote(str(path))}?mode=ro" + ("" if has_log else "&immutable=1")


def refuse_writing(path: Path, why: str | None = None) -> StoreError:
    """Return the error of a write into a store that can only be read."""
    return StoreError(
        f"the store is read-only: {path}",
        got=why,
        expected="write access to its files and its folder",
        hint="give this user write access, or choose another store, for example by CLEW_STORE",
    )


def is_network(kind: str) -> bool:
    """Tell whether a file system type (with its mount options after a space) is shared."""
    name, _, options = kind.partition(" ")
    if name == "9p":
        # Containers and virtual machines use 9p for local directories; only TCP leaves the host.
        return any(option in {"trans=tcp", "trans=rdma"} for option in options.split(","))
    if name.startswith("fuse."):
        return name.removeprefix("fuse.") in _NETWORK_FUSE
    return name in _NETWORK


def filesystem(path: Path) -> str | None:
    """Return ``"type options"`` of the file system under `path`, or None where unknown."""
    existing = path.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    existing = existing.resolve()
    try:
        if sys.platform.startswith("linux"):
            return _deepest(_linux_mounts(Path("/proc/self/mounts").read_text()), existing)
        if sys.platform == "darwin":
            listing = subprocess.run(
                ["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True
            )
            return _deepest(_macos_mounts(listing.stdout), existing)
    except (OSError, subprocess.SubprocessError):
        return None  # An unreadable mount table is no reason to refuse a store.
    return None


def _deepest(mounts: list[tuple[Path, str]], path: Path) -> str | None:
    """Return the type of the mount point that is nearest above `path` (the last one wins)."""
    found: tuple[int, str] | None = None
    for point, kind in mounts:
        if path.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), kind
    return None if found is None else found[1]


def _linux_mounts(table: str) -> list[tuple[Path, str]]:
    rows = [line.split(" ") for line in table.splitlines()]
    return [(Path(_unescape(row[1])), f"{row[2]} {row[3]}") for row in rows if len(row) >= 4]


def _unescape(text: str) -> str:
    for escape, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, char)
    return text


def _macos_mounts(table: str) -> list[tuple[Path, str]]:
    """Parse lines such as ``//me@host/share on /Volumes/share (smbfs, nodev)``."""
    found = []
    for line in table.splitlines():
        point, _, options = line.partition(" on ")[2].rpartition(" (")
        if point:
            name, _, rest = options.rstrip(")").partition(", ")
            found.append((Path(point), f"{name} {rest.replace(', ', ',')}"))
    return found
