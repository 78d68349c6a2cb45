"""The rows of a fold at one level of the tree: for fitting, for testing, seen in training."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from clew.reuse.rewrites.registry import Rewrite
from clew.select.branches import stage_key
from clew.select.heard import Level, merged
from clew.select.plan import Stage
from clew.select.shared import Shared
from clew.select.study import Record


@dataclass(frozen=True, slots=True)
class Rows:
    """The three views of a fold's rows at one level: for fitting, for testing, seen in training.

    Parameters
    ----------
    fitting : Shared
        What `fit_transform` gave for the training rows.
    test : Shared
        The test rows, transformed.
    seen : Shared
        What `transform` gives for the training rows (only scored training rows need it; it may
        differ from `fitting`).
    key : tuple or None
        What identifies the rows within the search; None when they are not shared.
    rewrites : tuple of str
        Names of the rewrites that made them.
    tolerance : float
        The largest tolerance that those declare.
    told : tuple of list of Level
        What the stages above warned, one list a stage; more may come as rows are transformed.
    """

    fitting: Shared
    test: Shared
    seen: Shared
    key: tuple[Hashable, ...] | None = ()
    rewrites: tuple[str, ...] = ()
    tolerance: float = 0.0
    told: tuple[list[Level], ...] = ()

    def key_below(self, stage: Stage) -> tuple[Hashable, ...] | None:
        """Return the key of what `stage` makes of these rows; None when it is not shared."""
        if self.key is None or stage.tokens is None:
            return None
        return (*self.key, stage_key(stage))

    def warned(self) -> tuple[Level, ...]:
        """Return what each stage above has warned."""
        return tuple(merged(parts) for parts in self.told)

    def record(self, rewrite: Rewrite | None = None) -> Record:
        """Return a record that says by which rewrites it came."""
        names = (*self.rewrites, rewrite.name) if rewrite else self.rewrites
        tolerance = max(self.tolerance, rewrite.tolerance) if rewrite else self.tolerance
        source = "rewritten" if rewrite else "computed"
        return Record({}, " + ".join(names), tolerance, source)
