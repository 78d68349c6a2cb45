"""A finished run of a flow: its result, and the reason for everything that was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clew.errors import CorruptValue, NotFound
from clew.lineage.canonical import ValueId
from clew.lineage.preview import preview
from clew.lineage.records import LogEntry, Run, Use
from clew.steps.graph import MISSING
from clew.steps.outcome import FlowResult
from clew.steps.runtime import Runtime


class FlowRun:
    """What ``flow.run(...)`` returns.

    Attributes
    ----------
    id : str
        ULID of the run.
    status : str
        ``"finished"``.
    uses : tuple of Use
        For each step of the flow: computed, reused or pruned, and why.
    """

    def __init__(
        self,
        runtime: Runtime,
        run: Run,
        uses: Sequence[Use],
        result: FlowResult,
        again: Callable[[], FlowRun] | None = None,
    ) -> None:
        self._runtime = runtime
        self._again = again
        self.record = run
        self.id = run.id
        self.status = run.status
        self.uses = tuple(uses)
        self._result = result

    @property
    def result(self) -> Any:
        """What the flow returned; read from the store at the first look.

        Where its bytes turn out to be damaged or gone, the flow runs again: that is another run.
        """
        if self._result.live is MISSING and self._result.id is not None:
            self._result = replace(self._result, live=self._read(self._result.id))
        return self._result.live

    def _read(self, id: ValueId) -> Any:
        try:
            return self._runtime.vault.get(id)
        except (CorruptValue, NotFound):
            if self._again is None:
                raise
            return self._again().result

    @property
    def preview(self) -> str:
        """The result in a few words, without reading it."""
        if self._result.live is MISSING and self._result.id is not None:
            described = self._runtime.store.describe([self._result.id])
            return described[self._result.id].preview if described else ""
        return preview(self._result.live)

    def use(self, label: str) -> Use:
        """Return how the run dealt with one step, named by its label (``features``).

        Raises
        ------
        NotFound
            When the run has no such step.
        """
        for use in self.uses:
            if use.label == label:
                return use
        labels = ", ".join(use.label for use in self.uses)
        raise NotFound(f"run {self.id} has no step {label!r}", expected=f"one of {labels}")

    def why(self, label: str) -> str:
        """Return in one sentence what was done with a step, and why."""
        use = self.use(label)
        return f"{use.decision}: {use.reason.text}"

    @property
    def decisions(self) -> Mapping[str, int]:
        """How many steps were computed, reused, pruned and failed."""
        return dict(Counter(use.decision for use in self.uses))

    @property
    def computed(self) -> tuple[str, ...]:
        """Labels of the steps that were executed."""
        return tuple(use.label for use in self.uses if use.decision == "computed")

    @property
    def saved_s(self) -> float:
        """Seconds of computing that reuse saved."""
        return sum(use.saved_s for use in self.uses)

    @property
    def metrics(self) -> dict[str, float]:
        """Last value of each metric that the run logged, replayed ones included."""
        entries = self._entries("metric")
        return {entry.key: entry.number for entry in entries if entry.number is not None}

    @property
    def params(self) -> dict[str, str]:
        """Params that the run logged."""
        return {entry.key: entry.text or "" for entry in self._entries("param")}

    def _entries(self, kind: str) -> list[LogEntry]:
        return [entry for entry in self._runtime.store.entries(self.id) if entry.kind == kind]

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {decision}" for decision, count in self.decisions.items())
        return f"<run {self.id} of {self.record.flow}: {self.status}; {counts}>"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(use.label)}</td><td>{use.decision}</td>"
            f"<td>{escape(use.reason.text)}</td><td>{use.wall_s:.3f}</td></tr>"
            for use in self.uses
        )
        head = "<tr><th>step</th><th>decision</th><th>why</th><th>seconds</th></tr>"
        return f"<p>run {self.id}: {self.status}</p><table>{head}{rows}</table>"
