"""Simulated arrivals for policies that choose batch and ensemble members, as in Rafiki's paper.

The value is the share of late answers to that of the better greedy rule, where the peak is above
what all members together can do. Below that (peaks at 0.2, 0.5 and 0.8 of it) nothing may be late,
and everywhere the answers must be right as often as the greedy rule's, within 0.2 %.

Three image classifiers (Inception v3, v4, Inception-ResNet v2) run on a device each; a batch of
64 takes 0.235, 0.372 and 0.5 s: 272, 172 and 128 requests a second. Requests arrive by a sine whose
peak is 1.1 times a capacity, and which is above it for a fifth of its period; each count has noise
of a tenth (after the paper's section 7.2). An answer is due 0.56 s after its request.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.figure import Figure
from clew.serve.members import Decision, Dispatch, Member, MembersUnderLatency, Wait

OBJECTIVE_S, PERIOD_S, BATCHES = 0.56, 280.0, (16, 32, 48, 64)
MEMBERS = (
    Member("v3", 0.015, 0.00344),
    Member("v4", 0.024, 0.00544),
    Member("resnet", 0.032, 0.00731),
)
# Top-1 accuracy on ImageNet: of single models as published with them; two models that disagree
# follow the better one; three vote.
ACCURACY = {
    frozenset(names): share
    for names, share in (
        (("v3",), 0.780),
        (("v4",), 0.802),
        (("resnet",), 0.804),
        (("v3", "v4"), 0.802),
        (("v3", "resnet"), 0.804),
        (("v4", "resnet"), 0.804),
        (("v3", "v4", "resnet"), 0.815),
    )
}
Decide = Callable[[float, Any, dict[str, float], float], Decision]


FULL = sum(64 / member.batch_s(64) for member in MEMBERS)


def figures(quick: bool) -> Iterator[Figure]:
    seconds = PERIOD_S if quick else 4 * PERIOD_S
    agrees, ours, best = True, Played(), Played()
    for share in (0.2, 0.5, 0.8, 1.0):
        times = arrivals(share * FULL, seconds, seed=0)
        ours = play(planned(), times)
        best = min((play(greedy(rule), times) for rule in (together, apart)), key=_late)
        agrees = agrees and ours.accuracy > best.accuracy - 0.002
        agrees = agrees and (share == 1.0 or ours.overdue == 0)
    yield Figure(
        "policy.rafiki_overdue",
        ours.overdue_share / best.overdue_share,
        "ratio",
        clew=ours.overdue_share,
        peer=best.overdue_share,
        peer_name="greedy, one member a batch",
        agrees=agrees,
    )


@dataclass
class Played:
    """What came of a simulation."""

    requests: int = 0
    overdue: int = 0
    right: float = 0.0

    @property
    def overdue_share(self) -> float:
        return self.overdue / self.requests

    @property
    def accuracy(self) -> float:
        return self.right / self.requests


def arrivals(capacity: float, seconds: float, seed: int) -> list[float]:
    """Return when requests arrive."""
    generator = random.Random(seed)
    slope = 0.1 * capacity / (1 - math.sin(math.pi / 2 - 0.2 * math.pi))
    middle = 1.1 * capacity - slope
    times, step_s = [], 0.05
    for tick in range(int(seconds / step_s)):
        rate = middle + slope * math.sin(2 * math.pi * tick * step_s / PERIOD_S)
        count = rate * step_s * (1 + generator.gauss(0, 0.1))
        whole = int(count) + (generator.random() < count % 1)
        times += sorted((tick + generator.random()) * step_s for _ in range(whole))
    return times


def play(decide: Decide, times: list[float]) -> Played:
    """Let a policy decide whenever requests arrive or a member becomes free."""
    free = dict.fromkeys((member.name for member in MEMBERS), 0.0)
    members = {member.name: member for member in MEMBERS}
    queue: deque[float] = deque()
    played, at, now, rate = Played(len(times)), 0, 0.0, 0.0
    while at < len(times) or queue:
        while at < len(times) and times[at] <= now:
            queue.append(times[at])
            at += 1
        recent = at - _first_after(times, now - 1.0, at)
        rate = float(recent)
        decision = decide(now, queue, free, rate)
        if isinstance(decision, Dispatch):
            queue.rotate(-decision.first)
            taken = [queue.popleft() for _ in range(decision.rows)]
            queue.rotate(decision.first)
            ends = now + max(members[name].batch_s(len(taken)) for name in decision.members)
            for name in decision.members:
                free[name] = now + members[name].batch_s(len(taken))
            played.overdue += sum(ends - came > OBJECTIVE_S for came in taken)
            played.right += len(taken) * ACCURACY[frozenset(decision.members)]
            continue
        later = [time for time in free.values() if time > now]
        coming = [times[at]] if at < len(times) else []
        until = [decision.until_s] if decision.until_s > now else [now + 1e-3]
        now = min([*later, *coming, *until])
    return played


def _late(played: Played) -> float:
    return played.overdue_share


def _first_after(times: list[float], time: float, before: int) -> int:
    return bisect_right(times, time, 0, before)


def planned() -> Decide:
    policy = MembersUnderLatency(MEMBERS, ACCURACY, OBJECTIVE_S, most_rows=BATCHES[-1])
    return lambda now, queue, free, rate: policy.decide(now, list(queue), free, rate=rate)


def greedy(chosen: Callable[[float, dict[str, float]], tuple[str, ...]]) -> Decide:
    """Return the paper's greedy rule: the largest batch that is full, or a smaller one in time."""
    members = {member.name: member for member in MEMBERS}

    def decide(now: float, queue: Any, free: dict[str, float], rate: float) -> Decision:
        names = chosen(now, free)
        if not names or not queue:
            return Wait(math.inf)
        if len(queue) >= BATCHES[-1]:
            return Dispatch(names, BATCHES[-1])
        rows = max([size for size in BATCHES if size <= len(queue)], default=len(queue))
        takes = max(members[name].batch_s(max(rows, BATCHES[0])) for name in names)
        due = queue[0] + OBJECTIVE_S - takes - 0.1 * OBJECTIVE_S
        return Dispatch(names, rows) if now >= due else Wait(due)

    return decide


def together(now: float, free: dict[str, float]) -> tuple[str, ...]:
    """All members answer each batch."""
    return tuple(free) if all(time <= now for time in free.values()) else ()


def apart(now: float, free: dict[str, float]) -> tuple[str, ...]:
    """One member answers each batch, the best that is free."""
    idle = [member.name for member in MEMBERS if free[member.name] <= now]
    return (max(idle, key=lambda name: ACCURACY[frozenset([name])]),) if idle else ()
