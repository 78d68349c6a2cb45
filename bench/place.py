"""A store of its own for a measurement."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fresh_store() -> Iterator[Path]:
    """Make an empty store the one in force, for the length of the block."""
    outer = os.environ.get("CLEW_STORE")
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as folder:
        os.environ["CLEW_STORE"] = folder
        try:
            yield Path(folder)
        finally:
            if outer is None:
                del os.environ["CLEW_STORE"]
            else:
                os.environ["CLEW_STORE"] = outer
