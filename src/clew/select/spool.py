"""What worker processes finish, written down at once: an interrupted unit loses one task only."""

from __future__ import annotations

import pickle
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from clew.select.study import Outcome, Record


class Spool:
    """A folder of this process's own, into which its workers write records, a file for each unit.

    Entered, it is there; left, it is gone.
    """

    def __enter__(self) -> Spool:
        self._folder = tempfile.TemporaryDirectory(
            prefix="clew-search-", ignore_cleanup_errors=True
        )
        self.path = self._folder.name
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    def left_over(self, outcome: Outcome) -> list[tuple[int, int]]:
        """Add to an outcome what was finished in units that were not; return whose records."""
        found: list[tuple[int, int]] = []
        for path in sorted(Path(self.path).iterdir()):
            for key, record in _read(path):
                if key not in outcome.records:
                    outcome.records[key] = record
                    outcome.tally.fits += record.source == "computed"
                    found.append(key)
        return found


class Writer:
    """One unit's file; call it with whose records of the outcome are finished.

    Parameters
    ----------
    folder : str
        Of the spool.
    """

    def __init__(self, folder: str, outcome: Outcome) -> None:
        self._outcome = outcome
        self._path = Path(folder, uuid.uuid4().hex)

    def __call__(self, configurations: Sequence[int], split: int) -> None:
        """Write records down."""
        with self._path.open("ab") as file:
            for index in configurations:
                pickle.dump(((index, split), self._outcome.records[index, split]), file)


def _read(path: Path) -> list[tuple[tuple[int, int], Record]]:
    found = []
    with path.open("rb") as file:
        while True:
            try:
                found.append(pickle.load(file))  # noqa: S301 - in a folder that is ours alone
            except (EOFError, pickle.UnpicklingError):  # the end, or cut off in the middle
                return found
