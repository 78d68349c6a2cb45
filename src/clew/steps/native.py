"""Libraries that open files by themselves, where Python's audit events do not show it.

A file that they read counts through its name: an argument of the step, or a text in its code
(`observe.named_files`). Where neither names a file, the name was made while the step ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from clew.lineage.records import Read

_NATIVE = ("pyarrow.", "polars.", "duckdb.")


def unseen_reads(
    readers: Iterable[str], reads: Iterable[Read], arguments: Iterable[object]
) -> Iterator[str]:
    """Yield why an execution cannot be reused: it may have read files that nothing names.

    Parameters
    ----------
    readers : iterable of str
        Calls in the step's code that open files.
    reads : iterable of Read
        What the execution was seen to read.
    arguments : iterable
        What the step was called with; a path among it counts by the content of its file.
    """
    native = [reader for reader in readers if reader.startswith(_NATIVE)]
    if not native or any(read.kind == "file" and Path(read.name).is_file() for read in reads):
        return
    if not any(path.is_file() for path in _paths(arguments)):
        yield (
            f"it reads a file through {native[0]} whose name clew cannot see; "
            "pass the path as an argument"
        )


def _paths(values: Iterable[object]) -> Iterator[Path]:
    for value in values:
        if isinstance(value, Path):
            yield value
        elif isinstance(value, (list, tuple, set, frozenset)):
            yield from _paths(value)
        elif isinstance(value, dict):
            yield from _paths(value.values())
