"""What all rewrites over a number of rounds, trees or neighbours ask of their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def refuse_sizes(members: Sequence[Any], name: str) -> str:
    """Return why the swept parameter or the seed of these members rules a rewrite out."""
    sizes = [getattr(member, name) for member in members]
    if not all(_is_whole(size) and size >= 1 for size in sizes):
        return f"{name} must be a positive whole number"
    if getattr(members[0], "warm_start", False):
        return "warm_start keeps state between fits"
    return refuse_seed(members[0])


def refuse_seed(member: Any) -> str:
    """Return why a member's `random_state` rules a rewrite out, or ``""``."""
    whole = _is_whole(getattr(member, "random_state", 0))
    return "" if whole else "random_state is not a whole number"


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
