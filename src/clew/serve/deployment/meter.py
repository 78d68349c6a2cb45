"""Counts and latencies of one arm in one process, cheap to keep and easy to add up."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

_STEP = 1.05
_PER_LOG = 1 / math.log(_STEP)
_LEAST_S = 1e-5
_BUCKETS = 330
"""Buckets of 5 %, from 10 µs to 100 s."""
BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the histogram that `Meter` keeps from its beginning."""
TURN_S = 5.0
_TURNS = 12


class Recent(msgspec.Struct, kw_only=True):
    """The last minute.

    Parameters
    ----------
    seconds : float
        How long it was.
    buckets : dict of str to int
        How many latencies fell into each bucket of the histogram.
    """

    seconds: float = 0.0
    requests: int = 0
    rows: int = 0
    errors: int = 0
    batches: int = 0
    buckets: dict[str, int] = {}

    def quantile_s(self, share: float) -> float | None:
        """Return a quantile of the latencies in seconds, within 5 %; None without any."""
        total = sum(self.buckets.values())
        left = share * total
        for bucket, count in sorted((int(b), n) for b, n in self.buckets.items()):
            left -= count
            if left <= 0:
                return float(_LEAST_S * _STEP ** (bucket + 0.5))
        return None


class Counted(msgspec.Struct, kw_only=True):
    """What an arm has done since its deployment became what it is.

    Parameters
    ----------
    errors : int
        Requests that it did not answer although it should have.
    late : int
        Requests whose deadline it missed.
    log_sum, log_square : float
        Sums of the logarithms of latencies in seconds, and of their squares.
    """

    requests: int = 0
    rows: int = 0
    errors: int = 0
    late: int = 0
    log_sum: float = 0.0
    log_square: float = 0.0
    batches: int = 0
    largest: int = 0
    refused: int = 0
    hits: int = 0
    misses: int = 0
    recent: Recent = msgspec.field(default_factory=Recent)


class Meter:
    """Counts as requests are answered. Used from one event loop."""

    def __init__(self) -> None:
        self.requests = self.rows = self.errors = self.late = 0
        self.log_sum = self.log_square = 0.0
        self.seconds = 0.0
        self.histogram = [0] * (len(BOUNDS_S) + 1)
        self._buckets = [0] * _BUCKETS
        self._turned_s = time.monotonic()
        self._before = (0, 0, 0, 0)
        self._turns: deque[Recent] = deque(maxlen=_TURNS)

    def answered(self, rows: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.requests += 1
        self.rows += rows
        self.seconds += seconds
        self.histogram[bisect_left(BOUNDS_S, seconds)] += 1
        log = math.log(seconds) if seconds > _LEAST_S else _LOG_LEAST
        self.log_sum += log
        self.log_square += log * log
        self._buckets[min(int((log - _LOG_LEAST) * _PER_LOG), _BUCKETS - 1)] += 1

    def failed(self) -> None:
        """Count a request that the arm should have answered."""
        self.errors += 1

    def counted(self, *, batches: int = 0) -> Counted:
        """Return the counts so far.

        Parameters
        ----------
        batches : int
            How many batches were run so far.
        """
        now_s = time.monotonic()
        current = self._since(now_s, batches)
        if current.seconds >= TURN_S:
            self._turns.append(current)
            self._buckets = [0] * _BUCKETS
            self._turned_s = now_s
            self._before = (self.requests, self.rows, self.errors, batches)
            recent = joined(self._turns)
        else:
            recent = joined([*self._turns, current])
        return Counted(
            requests=self.requests,
            rows=self.rows,
            errors=self.errors,
            late=self.late,
            log_sum=self.log_sum,
            log_square=self.log_square,
            batches=batches,
            recent=recent,
        )

    def _since(self, now_s: float, batches: int) -> Recent:
        requests, rows, errors, ran = self._before
        return Recent(
            seconds=now_s - self._turned_s,
            requests=self.requests - requests,
            rows=self.rows - rows,
            errors=self.errors - errors,
            batches=batches - ran,
            buckets={str(at): n for at, n in enumerate(self._buckets) if n},
        )


_LOG_LEAST = math.log(_LEAST_S)


def joined(parts: Iterable[Recent]) -> Recent:
    """Return spans of time that follow each other as one."""
    return _summed(list(parts), seconds=sum)


def beside(parts: Sequence[Recent]) -> Recent:
    """Return the same span of time of several processes or arms as one."""
    return _summed(parts, seconds=lambda spans: max(spans, default=0.0))


def _summed(parts: Sequence[Recent], *, seconds: object) -> Recent:
    buckets: dict[str, int] = {}
    for part in parts:
        for bucket, count in part.buckets.items():
            buckets[bucket] = buckets.get(bucket, 0) + count
    return Recent(
        seconds=seconds([part.seconds for part in parts]),  # type: ignore[operator]
        requests=sum(part.requests for part in parts),
        rows=sum(part.rows for part in parts),
        errors=sum(part.errors for part in parts),
        batches=sum(part.batches for part in parts),
        buckets=buckets,
    )


def together(parts: Sequence[Counted]) -> Counted:
    """Return the counts of several processes or arms as one."""

    def total(field: str) -> int:
        return sum(getattr(part, field) for part in parts)

    return Counted(
        requests=total("requests"),
        rows=total("rows"),
        errors=total("errors"),
        late=total("late"),
        log_sum=sum(part.log_sum for part in parts),
        log_square=sum(part.log_square for part in parts),
        batches=total("batches"),
        largest=max((part.largest for part in parts), default=0),
        refused=total("refused"),
        hits=total("hits"),
        misses=total("misses"),
        recent=beside([part.recent for part in parts]),
    )
