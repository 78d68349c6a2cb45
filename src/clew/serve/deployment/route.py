"""Answering with a deployment: choose arms, ask them, make one answer of it, keep it, count it."""

from __future__ import annotations

import asyncio
import random as _random
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from clew.errors import ClewError, InvalidParameter, NotFound
from clew.serve.batch import Batcher
from clew.serve.cache import PredictionCache
from clew.serve.compile import Compiled
from clew.serve.deployment.ask import ask
from clew.serve.deployment.running import ASKED, Choice, Chooser, Part, Running
from clew.serve.deployment.votes import Made, made_of
from clew.serve.hosted import Answered, Values
from clew.serve.journal.frame import Batch, Decision, Shadowed
from clew.serve.journal.write import JournalWriter, Ulids
from clew.serve.policy.base import Context
from clew.serve.policy.base import State as Learned

_MOST_SHADOWS = 1000
"""Requests that shadows may lag behind; what comes then is not shown to them."""


class Router:
    """A deployment, ready to answer. Used from one event loop.

    It has what a `Hosted` model has; `compiled`, `version` and the like are the champion's.

    Parameters
    ----------
    running : Running
        The state that answers.
    learned : mapping
        What the policy knows; `learned` is set anew as feedback comes.
    journal : JournalWriter or None
        Where answers are kept before they are given; None: they are not kept.
    """

    decides: ClassVar[bool] = True

    def __init__(
        self,
        running: Running,
        learned: Learned,
        *,
        journal: JournalWriter | None = None,
        dice: _random.Random | None = None,
    ) -> None:
        self.name = running.state.name
        self.learned = learned
        self._journal = journal
        self._dice = dice
        self._ulids = Ulids()
        self._behind: set[asyncio.Task[None]] = set()
        self._set(running)

    def _set(self, running: Running) -> None:
        self.running = running
        self._chooser = Chooser(running.state, self._dice)
        names = [name for part in running.parts.values() for name in part.hosted.names]
        self._names = tuple(dict.fromkeys(names))

    @property
    def version(self) -> str:
        """The champion's version."""
        return self.running.state.champion.version

    @property
    def content(self) -> str:
        """The champion's content id."""
        return self.running.champion.hosted.content

    @property
    def compiled(self) -> Compiled:
        """The champion."""
        return self.running.champion.hosted.compiled

    @property
    def batcher(self) -> Batcher[Values, Answered]:
        """The champion's queue."""
        return self.running.champion.hosted.batcher

    @property
    def cache(self) -> PredictionCache | None:
        """The champion's cache."""
        return self.running.champion.hosted.cache

    def take_up(self, running: Running, learned: Learned) -> list[Part]:
        """Answer with another state from now on; return the parts that nothing needs any more.

        Requests that have begun end with the state in which they began.
        """
        before = self.running
        self.learned = learned
        self._set(running)
        kept = {id(part.hosted) for part in running.parts.values()}
        return [part for part in before.parts.values() if id(part.hosted) not in kept]

    async def drain(self, parts: Sequence[Part] | None = None) -> None:
        """Wait until all (or some) arms have answered what waits."""
        if parts is None:
            while self._behind:
                await asyncio.wait(self._behind)
            parts = list(self.running.parts.values())
        for part in parts:
            await part.hosted.batcher.drain()

    def pinned(self, version: str) -> Pinned:
        """Return one version, which a client may ask by its number.

        Raises
        ------
        NotFound
            When the deployment has no such version now.
        """
        for part in self.running.parts.values():
            if part.hosted.version == version:
                return Pinned(self, part)
        known = ", ".join(part.hosted.version for part in self.running.parts.values())
        raise NotFound(
            f"deployment {self.name!r} has no such version here", got=version[:100], expected=known
        )

    async def answer(
        self, rows: Sequence[Any], context: Context | None = None
    ) -> Sequence[Answered]:
        """Return the answer to each row, in order.

        Parameters
        ----------
        context : mapping, optional
            Fields of the request that the policy may look at; those of a row come first.

        Raises
        ------
        InvalidParameter, WrongType
            When a row is not what the champion reads.
        Overloaded
            When too many rows wait.
        """
        if not rows:
            raise InvalidParameter("there are no rows", expected="one row at least")
        running, chooser = self.running, self._chooser
        groups = chooser.contexts(rows, context or {})
        if len(groups) == 1:
            return await self._decided(running, chooser, rows, groups[0][0])
        asked = [
            self._decided(running, chooser, [rows[at] for at in positions], fields)
            for fields, positions in groups
        ]
        found: dict[int, Answered] = {}
        for (_, positions), answers in zip(groups, await asyncio.gather(*asked), strict=True):
            found.update(zip(positions, answers, strict=True))
        return [found[at] for at in range(len(rows))]

    async def answer_by(self, part: Part, rows: Sequence[Any]) -> Sequence[Answered]:
        """Return the answers of the version that the client named."""
        if not rows:
            raise InvalidParameter("there are no rows", expected="one row at least")
        choice = Choice(ASKED, (part.key,), {part.key: 1.0})
        return await self._answered(self.running, self._chooser, rows, {}, choice)

    async def _decided(
        self, running: Running, chooser: Chooser, rows: Sequence[Any], context: Context
    ) -> Sequence[Answered]:
        choice = chooser.choose(self.learned, context)
        return await self._answered(running, chooser, rows, context, choice)

    async def _answered(
        self,
        running: Running,
        chooser: Chooser,
        rows: Sequence[Any],
        context: Context,
        choice: Choice,
    ) -> Sequence[Answered]:
        began_s = time.perf_counter()
        try:
            votes = await ask(running, choice, rows)
        except Exception as error:
            if not isinstance(error, ClewError):
                running.whole.failed()
            raise
        made = made_of(chooser.policy, self.learned, context, votes, running, choice)
        seconds = time.perf_counter() - began_s
        running.whole.answered(len(rows), seconds)
        several = len(choice.arms) > 1 or votes.note
        decision = Decision(
            self.name,
            choice.policy,
            choice.arms,
            dict(choice.chances),
            made.confidence,
            [dict(context)] * len(rows) if context else [],
            {key: [a.prediction for a in answers] for key, answers in votes.given.items()}
            if several
            else {},
            votes.late,
            seconds,
            votes.note,
        )
        answers = self._kept(running, rows, made, decision)
        for shadow in running.shadows:
            self._show(shadow, rows, answers[0].number)
        return answers

    def _kept(
        self, running: Running, rows: Sequence[Any], made: Made, decision: Decision
    ) -> list[Answered]:
        """Keep the rows in the journal, then say what their answers are."""
        hosted = running.parts[made.arm].hosted
        time_ms, first = self._ulids.take(len(rows))
        if self._journal is not None:
            names = self._names
            plain = isinstance(rows[0], Mapping)
            entry = Batch(
                time_ms,
                first.to_bytes(16),
                self.name,
                hosted.version,
                hosted.content,
                names if plain else hosted.names,
                [tuple([row.get(name) for name in names]) for row in rows]
                if plain
                else hosted.values_of(rows),
                made.labels,
                made.probabilities,
                decision.latency_s,
                decision,
            )
            self._journal.append(entry)
        shares: Sequence[list[float] | None] = made.probabilities or [None] * len(rows)
        return [
            Answered(first + at, label, share, sure, decision, hosted.version)
            for at, (label, share, sure) in enumerate(
                zip(made.labels, shares, made.confidence, strict=True)
            )
        ]

    def _show(self, part: Part, rows: Sequence[Any], first: int) -> None:
        """Let an arm in the shadow answer the same rows, whenever it comes to it."""
        if len(self._behind) >= _MOST_SHADOWS:
            part.meter.late += 1
            return
        task = asyncio.ensure_future(self._shadowed(part, rows, first))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _shadowed(self, part: Part, rows: Sequence[Any], first: int) -> None:
        began_s = time.perf_counter()
        answers: Sequence[Answered] = []
        problem = ""
        try:
            answers = await part.ask(rows)
        except Exception as error:
            part.meter.failed()
            problem = str(error).splitlines()[0] or type(error).__name__
        if self._journal is None:
            return
        shared = bool(answers) and answers[0].probabilities is not None
        entry = Shadowed(
            time.time_ns() // 1_000_000,
            first.to_bytes(16),
            self.name,
            part.key,
            part.hosted.content,
            [a.prediction for a in answers] or [None] * len(rows),
            [a.probabilities or [] for a in answers] if shared else None,
            time.perf_counter() - began_s,
            problem,
        )
        self._journal.append(entry)


class Pinned:
    """One version of a deployment, asked by its number: the policy is not."""

    decides: ClassVar[bool] = True

    def __init__(self, router: Router, part: Part) -> None:
        self._router, self._part = router, part
        hosted = part.hosted
        self.name, self.version, self.content = router.name, hosted.version, hosted.content
        self.compiled, self.batcher, self.cache = hosted.compiled, hosted.batcher, hosted.cache

    async def answer(
        self, rows: Sequence[Any], context: Context | None = None
    ) -> Sequence[Answered]:
        """Return the answer to each row, in order; see `Router.answer`."""
        return await self._router.answer_by(self._part, rows)
