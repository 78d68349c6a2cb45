"""What a serving process does for a deployment besides answering: learn, tell, judge, follow."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping

from clew.app.deployments import change, record
from clew.app.store import Store
from clew.errors import ClewError
from clew.serve.deployment import judge, live
from clew.serve.deployment import reward as rewards
from clew.serve.deployment.learn import Learner
from clew.serve.deployment.live import Teller, Told
from clew.serve.deployment.meter import Counted, together
from clew.serve.deployment.observe import observed
from clew.serve.deployment.route import Router
from clew.serve.deployment.running import Part, Running
from clew.serve.deployment.state import Arm, State
from clew.serve.hosted import Hosted
from clew.serve.journal import JournalWriter, Prediction
from clew.serve.journal.frame import Observed
from clew.serve.journal.write import PREDICTIONS

_FOLLOW_S = 2.0
_log = logging.getLogger("clew.serve")

Load = Callable[[Arm, State], Hosted]
"""Makes a version ready to answer; it keeps nothing in the journal itself."""


class Keeper:
    """A deployment that this process serves.

    Parameters
    ----------
    load : callable
        ``load(arm, state)`` makes a version ready to answer.
    writer : JournalWriter or None
        Where answers are kept; None: they are not.

    Raises
    ------
    ClewError
        When a version cannot be loaded.
    """

    def __init__(
        self, store: Store, state: State, load: Load, writer: JournalWriter | None, address: str
    ) -> None:
        self._store, self._load, self._address = store, load, address
        folder = record.folder_of(store, state.name)
        self._folder = folder
        self._learner = Learner(folder, store.path / PREDICTIONS, state)
        self._learner.advance()
        running = self._made(state, {})
        self.router = Router(running, self._learner.known, journal=writer)
        self._teller = Teller(folder)
        self._teller.clean(state.id)
        self._started_ms = time.time_ns() // 1_000_000
        self._judged = 0
        self._followed_s = time.monotonic()
        self._failed = ""

    @property
    def state(self) -> State:
        """The state that answers now."""
        return self.router.running.state

    @property
    def versions(self) -> list[str]:
        """The versions that answer, the champion's first."""
        champion = self.state.champion.version
        return list(dict.fromkeys([champion, *(arm.version for arm in self.state.arms)]))

    async def turn(self) -> None:
        """Do what is to be done now and then; a new state answers once all its arms can."""
        told = self.told()
        fresh = await asyncio.to_thread(self._turn, told)
        self.router.learned = self._learner.known
        if fresh is not None:
            await self._take_up(fresh)

    async def reload(self) -> None:
        """Take up the newest state at once."""
        fresh = await asyncio.to_thread(self._fresh)
        if fresh is not None:
            await self._take_up(fresh)

    async def close(self) -> None:
        """Answer what waits, and keep what is known."""
        await self.router.drain()
        told = self.told()
        await asyncio.to_thread(self._end, told)

    def observed(
        self, prediction: Prediction, truth: object, reward: float | None
    ) -> Observed | None:
        """Return what feedback means for the arms; None where it means nothing."""
        if prediction.decision is None:
            return None
        parts = self.router.running.parts
        classes = {key: part.hosted.compiled.classes for key, part in parts.items()}
        rule = rewards.named(
            self.state.config.reward, classifies=bool(self.router.compiled.classes)
        )
        return observed(prediction, prediction.decision, classes, rule, truth=truth, reward=reward)

    def told(self) -> Told:
        """Return what this process did so far."""
        running = self.router.running
        return Told(
            pid=os.getpid(),
            started_ms=self._started_ms,
            time_ms=time.time_ns() // 1_000_000,
            address=self._address,
            state=running.state.id,
            policy=running.state.config.policy,
            versions=running.state.roles(),
            whole=running.counted(),
            arms={key: part.counted() for key, part in running.parts.items()},
            rewards=dict(self._learner.kept.rewards),
        )

    def _turn(self, told: Told) -> Running | None:
        if self._learner.advance():
            self._learner.save()
            told.rewards = dict(self._learner.kept.rewards)
        self._teller.tell(told)
        self._judge(told)
        if time.monotonic() - self._followed_s < _FOLLOW_S:
            return None
        self._followed_s = time.monotonic()
        try:
            return self._fresh()
        except Exception as error:  # whatever a model's loading raises: what serves goes on
            if self._failed != str(error):
                _log.exception("deployment %s goes on as it was", self.state.name)
            self._failed = str(error)
            return None

    def _end(self, told: Told) -> None:
        self._learner.advance()
        self._learner.save()
        self._teller.tell(told)

    def _fresh(self) -> Running | None:
        state = change.follow(self._store, self.state)
        if state is None:
            return None
        made = self._made(state, self.router.running.parts)
        self._learner.advance()
        self._learner.take_up(state)
        self._judged = 0
        return made

    async def _take_up(self, fresh: Running) -> None:
        gone = self.router.take_up(fresh, self._learner.known)
        await asyncio.to_thread(self._teller.clean, fresh.state.id)
        await self.router.drain(gone)

    def _made(self, state: State, known: Mapping[str, Part]) -> Running:
        """Return a state that can answer; versions that are loaded are not loaded again."""
        parts: dict[str, Part] = {}
        for arm in state.arms:
            if arm.key in parts:
                continue
            before = known.get(arm.key)
            size = before.hosted.cache.size if before and before.hosted.cache else 0
            same = before is not None and size == state.config.cache
            parts[arm.key] = Part(
                arm.key, before.hosted if before and same else self._load(arm, state)
            )
        return Running(state, parts)

    def _judge(self, told: Told) -> None:
        """Stop a canary that is worse; of several processes the one that began first does it."""
        state = self.state
        canary = state.config.canary
        if canary is None or state.stopped or told.state != state.id:
            return
        all_told = [one for one in live.told(self._folder) if one.state == state.id]
        serving = [one for one in all_told if live.alive(one)]
        first = min(serving, key=lambda one: (one.started_ms, one.pid), default=told)
        if first.pid != told.pid:
            return
        keys = (state.champion.key, state.arm(canary.arm).key)
        champion, tried = (
            together([one.arms.get(key, Counted()) for one in all_told]) for key in keys
        )
        judgement = judge.due(canary, tried.requests + tried.errors)
        if judgement <= self._judged:
            return
        self._judged = judgement
        known = self._learner.kept.rewards
        earned = known.get(keys[0], [0.0] * 3), known.get(keys[1], [0.0] * 3)
        reason = judge.verdict(canary, judgement, champion, tried, earned)
        if reason:
            try:
                change.stop(self._store, state.name, reason=reason, actor="canary", state=state.id)
            except ClewError:
                _log.exception("the canary of %s could not be stopped", state.name)
                return
            self._followed_s = 0.0  # take it up at once
