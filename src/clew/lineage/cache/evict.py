"""Which values leave a tier when space is needed.

`CostSizePolicy` is LIMA's (Phani, Rath, Boehm, SIGMOD 2021, section 4.3): a value is worth
``(hits + misses) * cost_s / size_bytes``, the seconds per byte that its uses so far would have
cost, and what is worth least goes first. It is written to the next tier only if computing it again
would take longer than writing and reading. `LruPolicy` forgets costs, for comparison.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from clew.errors import InvalidParameter
from clew.lineage.cache.bandwidth import Bandwidth

Key = str | bytes | int
Touch = Literal["hit", "miss"]
Action = Literal["spill", "drop"]

MAX_GHOSTS = 100_000
"""Entries without a value whose counters are kept; the ones longest untouched are forgotten."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a policy knows of one value.

    Parameters
    ----------
    hits, misses : int
        How often it was asked for and there, and asked for and not there.
    used : int
        When it was last admitted or touched: a counter, not a time.
    """

    key: Key
    size_bytes: int = 0
    cost_s: float = 0.0
    hits: int = 0
    misses: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class Victim:
    """A value that leaves the tier.

    Parameters
    ----------
    action : {"spill", "drop"}
        Write it to the next tier first, or just forget its bytes.
    score : float
        What it was worth.
    """

    key: Key
    size_bytes: int
    action: Action
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a value enters the tier, and what leaves it for that.

    Parameters
    ----------
    admitted : bool
        The value is in the tier now. If not, `action` says what to do with it.
    action : {"spill", "drop"} or None
        For a value that was refused: write it to the next tier, or forget it.
    victims : tuple of Victim
        What left; the caller carries it out.
    """

    admitted: bool
    victims: tuple[Victim, ...] = ()
    action: Action | None = None
    reason: str = ""


class EvictionPolicy(ABC):
    """Keep a tier within its budget; decide by a score, least first. Safe for threads.

    The policy holds no values. The caller keeps them, tells the policy of every use, and does what
    it says. Counters outlive the values: an entry that was evicted, or asked for before it ever
    came, is a *ghost* with its counters, and starts from them when it comes (back).

    Touching takes O(log n), amortised: the heap may hold outdated scores, which are skipped when
    they come up and swept out when they are more than half of it.

    Parameters
    ----------
    budget_bytes : int
        What the values in the tier may take together.
    bandwidth : Bandwidth, optional
        Of the next tier; without one, victims are dropped.
    max_ghosts : int
        How many ghosts are kept.
    """

    def __init__(
        self,
        budget_bytes: int,
        *,
        bandwidth: Bandwidth | None = None,
        max_ghosts: int = MAX_GHOSTS,
    ) -> None:
        if budget_bytes < 0 or max_ghosts < 0:
            raise InvalidParameter(
                "a budget is a number of bytes, and ghosts are counted",
                got=f"budget_bytes={budget_bytes}, max_ghosts={max_ghosts}",
                expected=">= 0",
            )
        self.budget_bytes = budget_bytes
        self._bandwidth = bandwidth
        self._max_ghosts = max_ghosts
        self._lock = threading.RLock()
        self._clock = itertools.count(1)
        self._resident: dict[Key, Entry] = {}
        self._ghosts: OrderedDict[Key, Entry] = OrderedDict()
        # (score, last use, key): the last use breaks ties and tells outdated items, and is unique.
        self._heap: list[tuple[float, int, Key]] = []
        self._used_bytes = 0

    @abstractmethod
    def score(self, entry: Entry) -> float:
        """Return what keeping an entry is worth; finite, and it changes only with the entry."""

    @property
    def used_bytes(self) -> int:
        """What the values in the tier take together."""
        return self._used_bytes

    def __len__(self) -> int:
        return len(self._resident)

    def __contains__(self, key: object) -> bool:
        return key in self._resident

    def entry(self, key: Key) -> Entry | None:
        """Return what is known of a key, whether its value is there or not."""
        with self._lock:
            return self._resident.get(key) or self._ghosts.get(key)

    def touch(self, key: Key, use: Touch) -> None:
        """Count a use: a hit when the value was there, a miss when it was not."""
        with self._lock:
            known = self._resident.get(key) or self._ghosts.get(key) or Entry(key)
            entry = replace(
                known,
                hits=known.hits + (use == "hit"),
                misses=known.misses + (use == "miss"),
                used=next(self._clock),
            )
            if key in self._resident:
                self._place(entry)
            else:
                self._haunt(entry)

    def admit(self, key: Key, *, size_bytes: int, cost_s: float) -> Admission:
        """Let a value in, unless something that is worth more would have to leave for it.

        Parameters
        ----------
        size_bytes : int
            What it takes in this tier.
        cost_s : float
            Seconds that computing it took.
        """
        if size_bytes < 0 or not 0 <= cost_s < float("inf"):
            raise InvalidParameter(
                "a value has a size and a cost",
                got=f"size_bytes={size_bytes}, cost_s={cost_s}",
                expected="finite numbers >= 0",
            )
        with self._lock:
            before = self._resident.pop(key, None)
            if before is not None:
                self._used_bytes -= before.size_bytes
            known = before or self._ghosts.pop(key, None) or Entry(key)
            entry = replace(known, size_bytes=size_bytes, cost_s=cost_s, used=next(self._clock))
            missing_bytes = size_bytes - self.left_bytes
            too_large = size_bytes > self.budget_bytes
            leaving = None if too_large else self._least(missing_bytes, below=self.score(entry))
            if leaving is None:
                self._haunt(entry)
                return Admission(False, (), self._action(entry), self._refusal(entry))
            victims = tuple(map(self._evict, leaving))
            self._used_bytes += size_bytes
            self._place(entry)
            return Admission(True, victims, None, "admitted")

    @property
    def left_bytes(self) -> int:
        """How much of the budget is left."""
        return self.budget_bytes - self._used_bytes

    def victims(self, needed_bytes: int) -> list[Victim]:
        """Make room for `needed_bytes`: evict what is worth least until they are free.

        Returns
        -------
        list of Victim
            What left, worth least first; everything, when all of it is not enough.
        """
        with self._lock:
            leaving = self._least(min(needed_bytes, self.budget_bytes) - self.left_bytes)
            return [self._evict(entry) for entry in leaving or ()]

    def discard(self, key: Key) -> None:
        """Forget a key with its counters: the value was erased, or cannot be used any more."""
        with self._lock:
            entry = self._resident.pop(key, None)
            if entry is not None:
                self._used_bytes -= entry.size_bytes
            self._ghosts.pop(key, None)

    def _least(self, missing_bytes: int, *, below: float | None = None) -> list[Entry] | None:
        """Return the entries of least score that free enough, or all when that is not enough.

        With a bound, None: when one of them scores above it, or all are not enough.
        """
        found: list[Entry] = []
        while missing_bytes > 0:
            entry = self._pop()
            if entry is None:
                break
            found.append(entry)
            if below is not None and self.score(entry) > below:
                break
            missing_bytes -= entry.size_bytes
        # Looking does not evict: the caller does.
        self._push(found)
        return found if below is None or missing_bytes <= 0 else None

    def _pop(self) -> Entry | None:
        """Take the entry of least score from the heap; it stays in the tier."""
        while self._heap:
            _, used, key = heapq.heappop(self._heap)
            entry = self._resident.get(key)
            if entry is not None and entry.used == used:
                return entry
        return None

    def _push(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            heapq.heappush(self._heap, (self.score(entry), entry.used, entry.key))

    def _place(self, entry: Entry) -> None:
        self._resident[entry.key] = entry
        self._push([entry])
        if len(self._heap) > 2 * len(self._resident) + 16:
            self._heap = [(self.score(e), e.used, e.key) for e in self._resident.values()]
            heapq.heapify(self._heap)

    def _haunt(self, entry: Entry) -> None:
        self._ghosts[entry.key] = entry
        self._ghosts.move_to_end(entry.key)
        while len(self._ghosts) > self._max_ghosts:
            self._ghosts.popitem(last=False)

    def _evict(self, entry: Entry) -> Victim:
        del self._resident[entry.key]
        self._used_bytes -= entry.size_bytes
        self._haunt(entry)
        action = self._action(entry)
        return Victim(entry.key, entry.size_bytes, action, self.score(entry), self._because(entry))

    def _action(self, entry: Entry) -> Action:
        if self._bandwidth is None:
            return "drop"
        worth = self._bandwidth.spill_worth(entry.cost_s, entry.size_bytes)
        return "spill" if worth else "drop"

    def _because(self, entry: Entry) -> str:
        if self._bandwidth is None:
            return "dropped: there is no tier below"
        spill_s = self._bandwidth.spill_s(entry.size_bytes)
        if self._action(entry) == "spill":
            return f"spilled: computing takes {entry.cost_s:.3g} s, write and read {spill_s:.3g} s"
        return f"dropped: computing takes {entry.cost_s:.3g} s, write and read {spill_s:.3g} s"

    def _refusal(self, entry: Entry) -> str:
        if entry.size_bytes > self.budget_bytes:
            return f"refused: {entry.size_bytes} bytes exceed the budget of {self.budget_bytes}"
        return f"refused: its score {self.score(entry):.3g} is below what would have to leave"


class CostSizePolicy(EvictionPolicy):
    """LIMA's policy: seconds per byte that the uses of a value would have cost."""

    def score(self, entry: Entry) -> float:
        """Return ``(hits + misses) * cost_s / size_bytes``.

        A value that was never asked for counts as asked for once: somebody had it computed.
        """
        return max(entry.hits + entry.misses, 1) * entry.cost_s / max(entry.size_bytes, 1)


class LruPolicy(EvictionPolicy):
    """Least recently used, whatever it cost."""

    def score(self, entry: Entry) -> float:
        """Return when it was last used."""
        return float(entry.used)
