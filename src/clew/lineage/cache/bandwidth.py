"""How fast a tier reads and writes, learned from what it did."""

from __future__ import annotations

import threading

from clew.errors import InvalidParameter

READ_BYTES_PER_S = 1e9
WRITE_BYTES_PER_S = 5e8
"""Where to begin: what an ordinary SSD does with small files that are checked on reading."""

SMALLEST_BYTES = 64 * 1024
"""Transfers below this measure latency, not bandwidth, and are left out of the average."""


class Bandwidth:
    """Moving averages of measured transfers. Safe for threads.

    Source: LIMA (Phani, Rath, Boehm, SIGMOD 2021), section 4.3: the bandwidth of the disk is
    adjusted by an exponential moving average of observed transfers.

    Parameters
    ----------
    read_bytes_per_s, write_bytes_per_s : float
        What is assumed before anything was measured.
    weight : float
        Weight of a new measurement, above 0 and at most 1.
    """

    def __init__(
        self,
        *,
        read_bytes_per_s: float = READ_BYTES_PER_S,
        write_bytes_per_s: float = WRITE_BYTES_PER_S,
        weight: float = 0.2,
    ) -> None:
        if not (0 < weight <= 1 and read_bytes_per_s > 0 and write_bytes_per_s > 0):
            raise InvalidParameter(
                "a bandwidth is above 0, and a weight at most 1",
                got=f"read {read_bytes_per_s}, write {write_bytes_per_s}, weight {weight}",
            )
        self._read = read_bytes_per_s
        self._write = write_bytes_per_s
        self._weight = weight
        self._lock = threading.Lock()

    @property
    def read_bytes_per_s(self) -> float:
        """Average speed of reading."""
        return self._read

    @property
    def write_bytes_per_s(self) -> float:
        """Average speed of writing."""
        return self._write

    def saw_read(self, size_bytes: int, seconds: float) -> None:
        """Learn from a value that was read."""
        with self._lock:
            self._read = self._average(self._read, size_bytes, seconds)

    def saw_write(self, size_bytes: int, seconds: float) -> None:
        """Learn from a value that was written."""
        with self._lock:
            self._write = self._average(self._write, size_bytes, seconds)

    def load_s(self, size_bytes: int) -> float:
        """Return the seconds that reading a value is expected to take."""
        return size_bytes / self._read

    def spill_s(self, size_bytes: int) -> float:
        """Return the seconds that writing a value and reading it again are expected to take."""
        return size_bytes / self._write + size_bytes / self._read

    def spill_worth(self, cost_s: float, size_bytes: int) -> bool:
        """Tell whether writing a value and reading it again beats computing it again."""
        return cost_s > self.spill_s(size_bytes)

    def _average(self, average: float, size_bytes: int, seconds: float) -> float:
        if size_bytes < SMALLEST_BYTES or seconds <= 0:
            return average
        return (1 - self._weight) * average + self._weight * (size_bytes / seconds)
