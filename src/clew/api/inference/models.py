"""The models that one process serves: found, loaded, swapped without a dropped request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from clew.api.inference.forms import Told
from clew.app.deployments.keep import Keeper
from clew.errors import InvalidParameter, InvalidState, NotFound
from clew.lineage.ulid import new_ulid
from clew.serve.deployment.alone import Alone
from clew.serve.deployment.meter import Meter
from clew.serve.hosted import Answering, Hosted
from clew.serve.journal import Journal, JournalWriter, Prediction
from clew.serve.journal.frame import Observed, Said

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
    draining : bool
        Whether the process was told to end.
    responses : Counter
        How many requests were answered, by protocol and status.
    moved : callable, optional
        Tells whether what a model was loaded by names another version now; runs in a thread.
    tell : callable, optional
        ``tell(hosted)`` returns what is to be called in a thread, so that others see its counts.
    """

    def __init__(
        self,
        load: Load,
        *,
        journal: Journal | None = None,
        writer: JournalWriter | None = None,
        moved: Callable[[Hosted], bool] | None = None,
        tell: Callable[[Hosted], Callable[[], None]] | None = None,
    ) -> None:
        self._load = load
        self._moved = moved
        self._tell = tell
        self._journal = journal
        self._writer = writer
        self._served: dict[str, dict[str, Hosted]] = {}
        self._front: dict[str, str] = {}
        self._absent: dict[str, str] = {}
        self._keepers: dict[str, Keeper] = {}
        self.responses: Counter[tuple[str, str]] = Counter()
        self.draining = False

    def add(self, hosted: Hosted) -> None:
        """Serve a model; requests without a version go to it from now on."""
        self._served.setdefault(hosted.name, {})[hosted.version] = hosted
        self._front[hosted.name] = hosted.version
        self._absent.pop(hosted.name, None)

    def deploy(self, keeper: Keeper) -> None:
        """Serve a deployment under its name."""
        self._keepers[keeper.router.name] = keeper
        self._absent.pop(keeper.router.name, None)

    def get(self, name: str | None, version: str | None = None) -> Answering:
        """Return a model or a deployment; without a name, the only one.

        Raises
        ------
        NotFound
            When there is none of that name or version; says which there are.
        """
        if name is None:
            names = sorted({*self._served, *self._keepers})
            if len(names) != 1:
                raise NotFound("which model?", got="no name", expected=", ".join(names))
            name = names[0]
        keeper = self._keepers.get(name)
        if keeper is not None:
            return keeper.router.pinned(version) if version else keeper.router
        versions = self._served.get(name)
        if not versions:
            known = ", ".join(sorted({*self._served, *self._keepers})) or "none"
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
        keeper = self._keepers.get(name)
        return keeper.versions if keeper else list(self._served.get(name, {}))

    def ready(self) -> bool:
        """Tell whether requests are to be sent here: not once the process was told to end."""
        return bool(self._served or self._keepers) and not self.draining

    def listing(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield name, version, state and reason of all that is or was served."""
        for name in sorted({*self._served, *self._keepers}):
            for version in self.versions(name):
                yield name, version, "READY", ""
        for name, reason in sorted(self._absent.items()):
            yield name, "", "UNAVAILABLE", reason

    def __iter__(self) -> Iterator[Answering]:
        """Yield every version of every model that is served, and every deployment."""
        for versions in self._served.values():
            yield from versions.values()
        for keeper in self._keepers.values():
            yield keeper.router

    async def load(self, name: str, parameters: Mapping[str, object] | None = None) -> None:
        """Load a model by name, or load it anew; the old version answers until the new one can.

        Raises
        ------
        InvalidParameter
            When parameters are given: what a model is stands in the store, not in a request.
        ClewError
            When it cannot be loaded; what was served goes on.
        """
        if parameters:
            raise InvalidParameter(
                "a load has no parameters here", got=", ".join(map(str, parameters))[:200]
            )
        keeper = self._keepers.get(name)
        if keeper is not None:
            await keeper.reload()
            return
        fresh = await asyncio.to_thread(self._load, name)
        old = list(self._served.get(fresh.name, {}).values())
        self.add(fresh)
        for hosted in old:
            if hosted.version != fresh.version:
                await hosted.batcher.drain()
                self._served[fresh.name].pop(hosted.version, None)

    async def follow(self, every_s: float = 1.0) -> None:
        """Do again and again what is to be done beside answering.

        Deployments learn and change; models are loaded anew when their alias moves. A version that
        cannot be loaded is left.
        """
        failed: set[str] = set()
        while True:
            await asyncio.sleep(every_s)
            for name in [*self._served, *self._keepers]:
                try:
                    await self._turn(name)
                    failed.discard(name)
                except Exception:
                    if name not in failed:
                        _log.exception("model %s goes on as it was", name)
                    failed.add(name)

    async def _turn(self, name: str) -> None:
        keeper = self._keepers.get(name)
        if keeper is not None:
            await keeper.turn()
            return
        hosted = self._served[name][self._front[name]]
        if self._tell is not None:
            await asyncio.to_thread(self._tell(hosted))
        if self._moved is not None and await asyncio.to_thread(self._moved, hosted):
            await self.load(name)

    async def unload(self, name: str) -> None:
        """Stop serving a model, once what waits is answered."""
        keeper = self._keepers.pop(name, None)
        if keeper is not None:
            self._absent[name] = "unloaded"
            await keeper.close()
            return
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
        for keeper in list(self._keepers.values()):
            await keeper.close()

    def take(self, told: Sequence[Told]) -> list[str]:
        """Keep feedback in the journal; return its ids.

        Where a deployment answered, what it means for the arms is kept with it.

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
            now_ms, observed = time.time_ns() // 1_000_000, self._observed(one)
            self._writer.append(
                Said(now_ms, ids[-1], one.id, one.truth, one.reward, one.note, observed)
            )
        return ids

    def _observed(self, told: Told) -> Observed | None:
        """Return what feedback means for the deployment that answered, if it is served here."""
        if not self._keepers or self._journal is None:
            return None
        try:
            prediction = self._journal.find(told.id)
        except InvalidParameter:  # no ULID: no prediction has this id
            return None
        keeper = self._keepers.get(prediction.model) if prediction else None
        if keeper is None or prediction is None:
            return None
        return keeper.observed(prediction, told.truth, told.reward)

    def prediction(self, id: str) -> Prediction:
        """Return a kept prediction with its feedback."""
        if self._journal is None:
            raise InvalidState("this server keeps no predictions")
        return self._journal.get(id)

    def metered(self) -> Iterator[tuple[str, str, Hosted, Meter | None]]:
        """Yield name, version, model and meter of every version that is in memory."""
        for name, versions in self._served.items():
            for hosted in versions.values():
                meter = hosted.part.meter if isinstance(hosted, Alone) else None
                yield name, hosted.version, hosted, meter
        for name, keeper in self._keepers.items():
            for part in keeper.router.running.parts.values():
                yield name, part.hosted.version, part.hosted, part.meter
