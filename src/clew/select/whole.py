"""Rewrites over all folds at once."""

from __future__ import annotations

from collections.abc import Sequence

from clew.select.plan import Configuration
from clew.select.study import Outcome, Study


def solve_whole(study: Study, configurations: Sequence[Configuration], outcome: Outcome) -> None:
    """Fill in what a rewrite over all folds can answer."""
