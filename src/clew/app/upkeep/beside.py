"""What a store keeps beside its database: the journal of predictions, and what deployments learnt.

Segments of the journal only grow, frame by frame, and each belongs to the process that began it: so
a copy of one that is written meanwhile ends after a whole frame, or in a torn one, which every
reader stops before. What a deployment learnt says up to where it read the journal, so it is copied
first: feedback that came later is read again from there. What serving processes tell of themselves
while they run stays behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from clew.adapters.blobs.local import layout
from clew.app.upkeep.files import Moved
from clew.serve.deployment.learn import DEPLOYMENTS, LEARNED
from clew.serve.journal.write import FEEDBACK, PREDICTIONS, SUFFIX

NAMES = (DEPLOYMENTS, PREDICTIONS)


def copy_beside(source: Path, target: Path, moved: Moved) -> None:
    """Copy it from the folder of a store into that of another, where it is not there yet."""
    for path in _kept(source):
        _copy(path, target / path.relative_to(source), moved)


def _kept(folder: Path) -> Iterator[Path]:
    yield from sorted((folder / DEPLOYMENTS).glob(f"*/{LEARNED}"))
    for suffix in (FEEDBACK, SUFFIX):
        yield from sorted((folder / PREDICTIONS).glob(f"*{suffix}"))


def _copy(file: Path, target: Path, moved: Moved) -> None:
    try:
        size_bytes = file.stat().st_size
        grown = file.name == LEARNED or not target.exists() or target.stat().st_size != size_bytes
        if not grown:
            moved.known += 1
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(layout.temporary_beside(str(target)))
        try:
            shutil.copyfile(file, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except FileNotFoundError:
        return  # The deployment was removed meanwhile.
    moved.add(size_bytes)
