"""Asking arms: one, or several until a deadline; where an arm fails, the champion answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clew.errors import ClewError
from clew.serve.deployment.running import Choice, Part, Running
from clew.serve.hosted import Answered


@dataclass(frozen=True, slots=True)
class Votes:
    """What arms answered to some rows.

    Parameters
    ----------
    given : dict of str to sequence of Answered
        By arm; one at least.
    late : tuple of str
        Arms that had not answered at the deadline.
    note : str
        Why other arms answered than those that were chosen; "" otherwise.
    """

    given: dict[str, Sequence[Answered]]
    late: tuple[str, ...] = ()
    note: str = ""


async def ask(running: Running, choice: Choice, rows: Sequence[Any]) -> Votes:
    """Return what the chosen arms answer.

    Raises
    ------
    InvalidParameter, WrongType, Overloaded
        When the champion does not take the rows either.
    """
    if len(choice.arms) == 1:
        return await _one(running, running.parts[choice.arms[0]], rows)
    return await _several(running, [running.parts[key] for key in choice.arms], rows)


async def _one(running: Running, part: Part, rows: Sequence[Any]) -> Votes:
    try:
        return Votes({part.key: await part.ask(rows)})
    except Exception as error:
        if part is running.champion:
            _blame(part, error)
            raise
        return await _instead(running, {part: error}, rows)


async def _several(running: Running, parts: Sequence[Part], rows: Sequence[Any]) -> Votes:
    """Return what several arms answer until the deadline; the first answer, if none came by it."""
    tasks = {asyncio.ensure_future(part.ask(rows)): part for part in parts}
    deadline_ms = running.state.config.deadline_ms
    try:
        left = set(tasks)
        timeout_s = None if deadline_ms is None else deadline_ms / 1e3
        _, left = await asyncio.wait(left, timeout=timeout_s)
        while left and not any(_good(task) for task in tasks):
            _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    given: dict[str, Sequence[Answered]] = {}
    errors: dict[Part, Exception] = {}
    late = []
    for task, part in tasks.items():
        if task in left:
            part.meter.late += 1
            late.append(part.key)
        elif (error := task.exception()) is None:
            given[part.key] = task.result()
        elif isinstance(error, Exception):
            errors[part] = error
    if not given:
        return await _instead(running, errors, rows)
    for part in errors:
        part.meter.failed()
    if late:
        running.whole.late += 1
    return Votes(given, tuple(late), _note(errors))


async def _instead(running: Running, errors: dict[Part, Exception], rows: Sequence[Any]) -> Votes:
    """Let the champion answer for arms that failed; who refuses what it takes has failed too."""
    champion = running.champion
    try:
        if champion in errors:
            raise errors[champion]
        answers = await champion.ask(rows)
    except Exception:
        for part, error in errors.items():
            _blame(part, error)
        raise
    for part in errors:
        part.meter.failed()
    return Votes({champion.key: answers}, note=_note(errors))


def _good(task: asyncio.Task[Sequence[Answered]]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _blame(part: Part, error: Exception) -> None:
    """Count an error that is the model's fault rather than the request's."""
    if not isinstance(error, ClewError):
        part.meter.failed()


def _note(errors: dict[Part, Exception]) -> str:
    return "; ".join(f"{part.key}: {str(error).splitlines()[0]}" for part, error in errors.items())
