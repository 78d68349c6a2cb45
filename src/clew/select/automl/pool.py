"""Processes that fit, watched and killed by this one: a budget is kept whatever a learner does."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path

from clew.errors import WorkerLost
from clew.select.automl.worker import Fitted, Material, Order

_MOST_STARTS = 50
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Pool:
    """So many workers; each has one order at a time.

    Parameters
    ----------
    folder : Path
        Where rows and fitted models lie; this user's alone.
    """

    def __init__(self, material: Material, folder: Path, workers: int) -> None:
        (folder / "material").write_bytes(pickle.dumps(material))
        self.folder = folder
        self._starts = 0
        self._processes: dict[Connection, subprocess.Popen[bytes]] = {}
        self._busy: dict[Connection, tuple[Order, float] | None] = {}
        for _ in range(workers):
            self._start()

    @property
    def running(self) -> list[Order]:
        """Orders that are being fitted."""
        return [entry[0] for entry in self._busy.values() if entry is not None]

    def idle(self) -> int:
        """Return how many workers wait for an order (those that still start do not)."""
        return sum(1 for c in self._processes if c in self._busy and self._busy[c] is None)

    def give(self, order: Order) -> None:
        """Hand an order to an idle worker."""
        connection = next(c for c, entry in self._busy.items() if entry is None)
        self._busy[connection] = (order, time.monotonic())
        connection.send(order)

    def results(self, timeout_s: float) -> list[Fitted]:
        """Return what came within `timeout_s`; a worker that died is replaced, its fit failed."""
        found = []
        for connection in wait(list(self._processes), timeout=max(0.0, timeout_s)):
            assert isinstance(connection, Connection)
            try:
                message = connection.recv()
            except (EOFError, OSError):
                found += self._died(connection)
                continue
            self._busy[connection] = None
            if message != "ready":
                found.append(message)
        return found

    def _died(self, connection: Connection) -> list[Fitted]:
        process = self._processes.pop(connection)
        entry = self._busy.pop(connection, None)
        process.kill()
        code = process.wait()
        connection.close()
        self._start()
        if entry is None:
            return []
        told = f"the process ended ({code}): out of memory, perhaps"
        return [Fitted(entry[0], seconds=time.monotonic() - entry[1], error=told)]

    def _start(self) -> None:
        if self._starts > _MOST_STARTS:
            raise WorkerLost(
                "Workers of the search keep dying.", hint="look at the memory of this machine"
            )
        self._starts += 1
        here, there = multiprocessing.Pipe()
        # Not `multiprocessing.Process`: it would run the user's script again in the child.
        process = subprocess.Popen(
            [sys.executable, "-m", "clew.select.automl.worker", str(there.fileno()), self.folder],
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the process that was asked: it ends workers when it has what it needs.
            start_new_session=True,
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
        )
        there.close()
        self._processes[here] = process

    def close(self) -> None:
        """Kill all workers: what they were at is lost, nothing else."""
        for connection, process in self._processes.items():
            process.kill()
            process.wait()
            connection.close()
        self._processes.clear()
        self._busy.clear()


@contextmanager
def pool(material: Material, folder: Path, workers: int) -> Iterator[Pool]:
    """Open a pool, and kill its workers at the end of the block."""
    opened = Pool(material, folder, workers)
    try:
        yield opened
    finally:
        opened.close()
