"""Claims where nothing can be computed: a store that can only be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clew.errors import StoreError
from clew.lineage.canonical import NodeId


class NoClaims:
    """Refuse every claim.

    Parameters
    ----------
    root : Path
        Folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def hold(self, id: NodeId, *, wait: bool = True) -> Iterator[bool]:
        """Raise `StoreError`: what would be computed could not be recorded."""
        raise StoreError(
            f"the store is read-only, so no step can run: {self._root}",
            hint="give this user write access, or choose another store, for example by CLEW_STORE",
        )
        yield False
