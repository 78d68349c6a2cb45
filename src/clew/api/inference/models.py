"""The models that one process serves: found, loaded, swapped without a dropped request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence

from clew.api.inference.forms import Told
from clew.errors import InvalidState, NotFound
from clew.lineage.ulid import new_ulid
from clew.serve.hosted import Hosted
from clew.serve.journal import Journal, JournalWriter, Prediction
from clew.serve.journal.frame import Said

Load = Callable[[str], Hosted]

_log = logging.getLogger("clew.serve")


class Models:
    """Named models, the newest version of each in front. Used from one event loop.

    Parameters
    ----------
    load : callable
        Makes a model of a name ready to serve; runs in a thread.
    journal, writer : Journal, JournalWriter
        Where predictions are read, and where feedback is kept.
    moved : callable, optional
        Tells whether what a model was loaded by names another version now; runs in a thread.
    """

    def __init__(
        self,
        load: Load,
        *,
        journal: Journal | None = None,
        writer: JournalWriter | None = None,
        moved: Callable[[Hosted], bool] | None = None,
    ) -> None:
        self._load = load
        self._moved = moved
        self._journal = journal
        self._writer = writer
        self._served: dict[str, dict[str, Hosted]] = {}
        self._front: dict[str, str] = {}
        self._absent: dict[str, str] = {}

    def add(self, hosted: Hosted) -> None:
        """Serve a model; requests without a version go to it from now on."""
        self._served.setdefault(hosted.name, {})[hosted.version] = hosted
        self._front[hosted.name] = hosted.version
        self._absent.pop(hosted.name, None)

    def get(self, name: str | None, version: str | None = None) -> Hosted:
        """Return a model; without a name, the only one.

        Raises
        ------
        NotFound
            When there is none of that name or version; says which there are.
        """
        if name is None:
            if len(self._served) != 1:
                raise NotFound(
                    "which model?", got="no name", expected=", ".join(sorted(self._served))
                )
            name = next(iter(self._served))
        versions = self._served.get(name)
        if not versions:
            known = ", ".join(sorted(self._served)) or "none"
            raise NotFound("no such model is served", got=name[:100], expected=known)
        found = versions.get(version or self._front[name])
        if found is None:
            raise NotFound(
                f"model {name!r} has no such version here",
                got=(version or "")[:100],
                expected=", ".join(versions),
            )
        return found

    def versions(self, name: str) -> list[str]:
        """Return the versions of a model that are served."""
        return list(self._served.get(name, {}))

    def ready(self) -> bool:
        """Tell whether anything is served."""
        return bool(self._served)

    def listing(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield name, version, state and reason of all that is or was served."""
        for name, versions in sorted(self._served.items()):
            for version in versions:
                yield name, version, "READY", ""
        for name, reason in sorted(self._absent.items()):
            yield name, "", "UNAVAILABLE", reason

    async def load(self, name: str) -> Hosted:
        """Load a model by name, or load it anew; the old version answers until the new one can.

        Raises
        ------
        ClewError
            When it cannot be loaded; what was served goes on.
        """
        fresh = await asyncio.to_thread(self._load, name)
        old = list(self._served.get(fresh.name, {}).values())
        self.add(fresh)
        for hosted in old:
            if hosted.version != fresh.version:
                await hosted.batcher.drain()
                self._served[fresh.name].pop(hosted.version, None)
        return fresh

    async def follow(self, every_s: float = 2.0) -> None:
        """Load models anew when their alias moves; a version that cannot be loaded is left."""
        failed: set[str] = set()
        while self._moved is not None:
            await asyncio.sleep(every_s)
            for name in list(self._served):
                try:
                    if await asyncio.to_thread(self._moved, self.get(name)):
                        await self.load(name)
                    failed.discard(name)
                except Exception:
                    if name not in failed:
                        _log.exception("model %s goes on as it was", name)
                    failed.add(name)

    async def unload(self, name: str) -> None:
        """Stop serving a model, once what waits is answered."""
        versions = self._served.pop(name, None)
        if versions is None:
            raise NotFound("no such model is served", got=name[:100])
        self._front.pop(name, None)
        self._absent[name] = "unloaded"
        for hosted in versions.values():
            await hosted.batcher.drain()

    async def drain(self) -> None:
        """Wait until every model has answered what waits."""
        for versions in list(self._served.values()):
            for hosted in list(versions.values()):
                await hosted.batcher.drain()

    def take(self, hosted: Hosted, told: Sequence[Told]) -> list[str]:
        """Keep feedback in the journal; return its ids.

        Raises
        ------
        InvalidState
            When this server keeps no predictions.
        """
        if self._writer is None:
            raise InvalidState("this server keeps no predictions, so it takes no feedback")
        ids = []
        for one in told:
            ids.append(new_ulid())
            self._writer.append(
                Said(time.time_ns() // 1_000_000, ids[-1], one.id, one.truth, one.reward, one.note)
            )
        return ids

    def prediction(self, id: str) -> Prediction:
        """Return a kept prediction with its feedback."""
        if self._journal is None:
            raise InvalidState("this server keeps no predictions")
        return self._journal.get(id)

    def metrics(self) -> str:
        """Return the counts of all models in Prometheus' text format."""
        lines = []
        for name, kind, help in _METRICS:
            lines += [f"# HELP {name} {help}", f"# TYPE {name} {kind}"]
            for versions in self._served.values():
                for hosted in versions.values():
                    labels = f'model="{_escaped(hosted.name)}",version="{_escaped(hosted.version)}"'
                    lines.append(f"{name}{{{labels}}} {_value(name, hosted)}")
        return "\n".join(lines) + "\n"


_METRICS = (
    ("clew_rows_total", "counter", "Rows that were answered."),
    ("clew_batches_total", "counter", "Batches that were run."),
    ("clew_refused_rows_total", "counter", "Rows refused because too many waited."),
    ("clew_busy_seconds_total", "counter", "Seconds spent in batches."),
    ("clew_cache_hits_total", "counter", "Rows answered from the cache."),
    ("clew_largest_batch_rows", "gauge", "Rows of the largest batch so far."),
)


def _value(name: str, hosted: Hosted) -> float:
    counts = hosted.batcher.counts
    return {
        "clew_rows_total": counts.rows,
        "clew_batches_total": counts.batches,
        "clew_refused_rows_total": counts.refused,
        "clew_busy_seconds_total": counts.busy_s,
        "clew_cache_hits_total": hosted.cache.hits if hosted.cache else 0,
        "clew_largest_batch_rows": counts.largest,
    }[name]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
