"""Shared data that benchmarks need and the package does not ship."""

from __future__ import annotations

from pathlib import Path


def beside(*parts: str) -> Path:
    """Return a file or folder of ``shared/data``, beside the checkout or further up.

    Raises
    ------
    FileNotFoundError
        When it is nowhere.
    """
    for parent in Path(__file__).resolve().parents:
        found = parent.joinpath("shared", "data", *parts)
        if found.exists():
            return found
    raise FileNotFoundError(f"shared/data/{'/'.join(parts)} is needed, beside the checkout")
