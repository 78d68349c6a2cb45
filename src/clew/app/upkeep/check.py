"""`clew fsck`: does everything that the store says hold?

Checked: the database itself, edges that lead nowhere, every value's checksum, values that are
called stored and are not there (or not all of them), bytes that no record names, temporary files of
writers that died, and runs whose process is gone. Repairing never touches what is intact.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clew.adapters.blobs.local import LocalBlobs
from clew.adapters.blobs.objects import ObjectBlobs
from clew.adapters.blobs.split import SplitBlobs
from clew.adapters.stores.sql import SqliteStore, SqlStore
from clew.adapters.stores.sql.sqlite.salvage import Salvaged
from clew.errors import CorruptValue
from clew.lineage.canonical import ValueId
from clew.lineage.records import Run, Value

_ALL = 1 << 62
_TOLD = ("run", "node", "value")

Kind = Literal[
    "database", "dangling", "corrupt", "missing", "unnamed", "leftover", "lost-run", "quarantined"
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold.

    Parameters
    ----------
    kind : str
        What kind of problem.
    what : str
        Id or path of the thing.
    text : str
        One sentence for people.
    harm : bool
        False for what merely takes space.
    repaired : bool
        Whether it was put right.
    """

    kind: Kind
    what: str
    text: str
    harm: bool = True
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a check found."""

    problems: tuple[Problem, ...]
    values: int
    runs: int

    @property
    def is_sound(self) -> bool:
        """True when nothing harmful is left as it was found."""
        return all(problem.repaired or not problem.harm for problem in self.problems)


def check(store: SqlStore, files: LocalBlobs | ObjectBlobs, *, repair: bool = False) -> Checkup:
    """Check a store, and put right what can be put right.

    Parameters
    ----------
    files : LocalBlobs or ObjectBlobs
        The values that do not lie in the database.
    repair : bool, default False
        Set damaged values aside, correct what is said of values, mark lost runs, remove leftovers.
    """
    damaged = list(_database(store, repair=repair))
    if damaged and not repair:
        return Checkup(tuple(damaged), 0, 0)  # nothing else can be told from it
    problems = [
        *damaged,
        *(Problem("dangling", what, text) for what, text in store.dangling()),
        *_values(store, files, repair=repair),
        *_leftovers(files, repair=repair),
        *_runs(store, repair=repair),
    ]
    return Checkup(
        tuple(problems),
        sum(1 for _ in SplitBlobs(store.blobs, files).ids()),
        len(store.runs(limit=_ALL)),
    )


def _database(store: SqlStore, *, repair: bool) -> Iterator[Problem]:
    damage = store.damage()
    if damage and repair and isinstance(store, SqliteStore):
        yield salvaged(store.salvage(), store.path, damage[0])
    elif damage:
        yield from (Problem("database", store.database.place, text) for text in damage)


def salvaged(done: Salvaged, path: Path, damage: str) -> Problem:
    """Return what to say of a database that was put together again."""
    kept = ", ".join(f"{done.rows[name]} {name}s" for name in _TOLD)
    lost = ", ".join(f"{count} of {name}" for name, count in sorted(done.left_out.items()))
    text = (
        f"{damage}; a fresh database holds what could be read ({kept}); reading failed at "
        f"{done.gaps} places, rows left out because they were not whole: {lost or 'none'}; "
        f"the damaged file is {done.aside}"
    )
    return Problem("database", str(path), text, repaired=True)


def _values(store: SqlStore, files: LocalBlobs | ObjectBlobs, *, repair: bool) -> Iterator[Problem]:
    blobs = SplitBlobs(store.blobs, files)
    named = {value.id: value for value in store.values()}
    stored = {id for id, _, _ in blobs.ids()}
    members: set[ValueId] = set()
    for id in sorted(stored):
        if not (store.blobs.is_intact(id) and files.is_intact(id)):
            stored.discard(id)
            yield _corrupt(store, blobs, id, named.get(id), repair=repair)
            continue
        members.update(blobs.children(id) or ())
    for id, value in named.items():
        if value.state == "stored" and not _is_whole(blobs, id, stored):
            if repair:
                store.update([dataclasses.replace(value, state="absent", size_bytes=0)])
            text = f"{value.type_name} is called stored, and its bytes are not all there"
            yield Problem("missing", id.hex(), text, repaired=repair)
    for id in sorted(stored - named.keys() - members):
        text = "bytes that no record names; `clew gc` drops them"
        yield Problem("unnamed", id.hex(), text, harm=False)


def _corrupt(
    store: SqlStore, blobs: SplitBlobs, id: ValueId, value: Value | None, *, repair: bool
) -> Problem:
    if repair:
        try:
            blobs.get(id)
        except CorruptValue:
            pass  # It is in quarantine now.
        if value is not None:
            store.update([dataclasses.replace(value, state="corrupt", size_bytes=0)])
    text = "its bytes do not match their checksum" + (", set aside" if repair else "")
    return Problem("corrupt", id.hex(), text, repaired=repair)


def _is_whole(blobs: SplitBlobs, id: ValueId, stored: set[ValueId]) -> bool:
    if id not in stored:
        return False
    return all(_is_whole(blobs, child, stored) for child in set(blobs.children(id) or ()))


def _leftovers(blobs: LocalBlobs | ObjectBlobs, *, repair: bool) -> Iterator[Problem]:
    for path in list(blobs.leftovers()):
        if repair:
            path.unlink(missing_ok=True)
        text = "temporary file of a writer that died"
        yield Problem("leftover", str(path), text, harm=False, repaired=repair)


def _runs(store: SqlStore, *, repair: bool) -> Iterator[Problem]:
    for run in store.runs(limit=_ALL):
        if run.status == "running" and not may_be_running(run):
            if repair:
                ended_ms = int(time.time() * 1000)
                store.finish(dataclasses.replace(run, status="lost", ended_ms=ended_ms))
            text = f"its process is gone and left no end (flow {run.flow})"
            yield Problem("lost-run", run.id, text, repaired=repair)


def may_be_running(run: Run) -> bool:
    """Tell whether the process of a run may still be there; True when it cannot be known.

    A process is named by its host, its id and (on Linux) its start, since ids are given again.
    """
    try:
        context = json.loads(run.context)
        host, pid, started = (context.get(key) for key in ("host", "pid", "started"))
    except (ValueError, AttributeError):
        return True
    if not isinstance(pid, int) or host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return started is None or _started(pid) in (None, started)


def _started(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return float(fields[19])
