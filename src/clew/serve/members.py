"""Which members of an ensemble answer the next batch, and how many rows it holds.

After Rafiki (Wang et al., VLDB 2018, section 5): a batch that more members answer is more often
right and blocks more of them. Where Rafiki learns by reinforcement, this plans: of all sets of
members it takes the most accurate one with which the batch, and everything that waits behind it,
still comes in time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from clew.errors import InvalidParameter


@dataclass(frozen=True, slots=True)
class Member:
    """A model and what a batch takes it: ``fixed_s + row_s · rows`` seconds."""

    name: str
    fixed_s: float
    row_s: float

    def batch_s(self, rows: int) -> float:
        """Return the seconds of a batch."""
        return self.fixed_s + self.row_s * rows


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A batch to run now on these members: `rows` of the queue, from position `first` on.

    `first` is above 0 where the requests before it are late whatever is done: those that still can
    be in time go before them.
    """

    members: tuple[str, ...]
    rows: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to run before this time, unless requests arrive or a member becomes free."""

    until_s: float


Decision = Dispatch | Wait


class MembersUnderLatency:
    """Chooses members and rows such that requests are answered within an objective.

    Holds settings only; may be shared by threads.

    Parameters
    ----------
    members : sequence of Member
        Each runs one batch at a time.
    accuracy : mapping of frozenset of str to float
        How often the answer of each set of members is right, measured on held rows; sets that are
        left out are never chosen.
    objective_s : float
        From a request's arrival to its answer.
    most_rows : int, default 64
        Of a batch.
    load_weight : float, default 1.0
        How much of the arrivals during a batch are planned for; 0: only what waits already.
    """

    def __init__(
        self,
        members: Sequence[Member],
        accuracy: Mapping[frozenset[str], float],
        objective_s: float,
        *,
        most_rows: int = 64,
        load_weight: float = 1.0,
    ) -> None:
        self.members = {member.name: member for member in members}
        known = frozenset(self.members)
        strange = [name for chosen in accuracy for name in chosen - known]
        if strange or not accuracy or len(self.members) != len(members):
            raise InvalidParameter(
                "members of an ensemble",
                got=", ".join(strange) or repr([member.name for member in members]),
                expected="different names, and an accuracy for some sets of them",
            )
        if objective_s <= 0 or most_rows < 1:
            raise InvalidParameter(
                "objective and batch", got=f"{objective_s} s, {most_rows} rows", expected="above 0"
            )
        self.objective_s, self.most_rows = objective_s, most_rows
        self._load_weight = load_weight
        self._sets = sorted(accuracy.items(), key=lambda one: (-one[1], len(one[0])))

    def decide(
        self,
        now_s: float,
        arrivals_s: Sequence[float],
        free_s: Mapping[str, float],
        *,
        rate: float = 0.0,
    ) -> Decision:
        """Return what to run now.

        Parameters
        ----------
        arrivals_s : sequence of float
            When each waiting request arrived, the oldest first.
        free_s : mapping of str to float
            When each member is free, which may be in the past.
        rate : float
            Requests a second that are expected.
        """
        if not arrivals_s:
            return Wait(float("inf"))
        late = self._late(now_s, arrivals_s, free_s)
        if late == len(arrivals_s):
            return self._best_effort(now_s, free_s, min(late, self.most_rows), float("-inf"), 0)
        arrivals_s = arrivals_s[late:]
        rows = min(len(arrivals_s), self.most_rows)
        deadline = arrivals_s[0] + self.objective_s
        idle = [name for name in self.members if free_s.get(name, now_s) <= now_s]
        for chosen, _ in self._sets:
            if not chosen.issubset(idle):
                continue
            takes_s = self._takes_s(chosen, rows)
            if now_s + takes_s > deadline or not self._rest_in_time(
                now_s, arrivals_s, free_s, chosen, rows, rate
            ):
                continue
            slack_s = deadline - now_s - self._takes_s(chosen, min(rows + 1, self.most_rows))
            if rows < self.most_rows and slack_s > 0 and self._may_wait(rate, rows, slack_s):
                return Wait(now_s + slack_s)
            return Dispatch(tuple(sorted(chosen)), rows, late)
        return self._best_effort(now_s, free_s, rows, deadline, late)

    def _late(self, now_s: float, arrivals_s: Sequence[float], free_s: Mapping[str, float]) -> int:
        """Return how many of the oldest cannot be in time, whoever answers them next."""
        rows = min(len(arrivals_s), self.most_rows)
        ends_s = min(
            max(free_s.get(name, now_s), now_s) + member.batch_s(rows)
            for name, member in self.members.items()
        )
        return bisect_left(arrivals_s, ends_s - self.objective_s)

    def _takes_s(self, chosen: Iterable[str], rows: int) -> float:
        return max(self.members[name].batch_s(rows) for name in chosen)

    def _may_wait(self, rate: float, rows: int, slack_s: float) -> bool:
        """Tell whether waiting fills the batch: else members idle for nothing."""
        return rate * slack_s >= 1.0 and rows < self.most_rows

    def _rest_in_time(
        self,
        now_s: float,
        arrivals_s: Sequence[float],
        free_s: Mapping[str, float],
        chosen: frozenset[str],
        rows: int,
        rate: float,
    ) -> bool:
        """Tell whether what waits behind a batch can still be answered by one member each.

        Full batches are given to whoever is free first, in order; each must end before its oldest
        request is due. Requests that will arrive meanwhile fill the batches behind.
        """
        ready = {name: max(free_s.get(name, now_s), now_s) for name in self.members}
        for name in chosen:
            ready[name] = now_s + self.members[name].batch_s(rows)
        at = rows
        total = len(arrivals_s)
        extra = int(self._load_weight * rate * self._takes_s(chosen, rows))
        while at < total + extra:
            size = min(self.most_rows, total + extra - at)
            name = min(ready, key=lambda one: ready[one] + self.members[one].batch_s(size))
            ready[name] += self.members[name].batch_s(size)
            came_s = arrivals_s[at] if at < total else now_s + (at - total) / max(rate, 1e-9)
            if ready[name] > came_s + self.objective_s:
                return False
            at += size
        return True

    def _best_effort(
        self,
        now_s: float,
        free_s: Mapping[str, float],
        rows: int,
        deadline: float,
        late: int,
    ) -> Decision:
        """Return what loses least where not all can come in time: the member that ends first."""

        def ends_s(name: str) -> float:
            return max(free_s.get(name, now_s), now_s) + self.members[name].batch_s(rows)

        allowed = {name for chosen, _ in self._sets if len(chosen) == 1 for name in chosen}
        single = sorted(allowed or self.members, key=ends_s)
        for name in single:
            if free_s.get(name, now_s) <= now_s:
                return Dispatch((name,), rows, late)
            if ends_s(name) <= deadline:
                # A busy one still makes it, and none that is idle does.
                return Wait(free_s[name])
        return Wait(min(free_s[name] for name in single))


def all_sets(names: Sequence[str]) -> list[frozenset[str]]:
    """Return every set of some members, single ones first."""
    return [
        frozenset(chosen)
        for size in range(1, len(names) + 1)
        for chosen in combinations(names, size)
    ]
