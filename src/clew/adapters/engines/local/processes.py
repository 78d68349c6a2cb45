"""Steps in worker processes, which may die: their tasks are sent again.

A process pool of the standard library is lost as a whole when one worker dies. Steps are named by
content, so sending one again is safe: whatever the dead worker had recorded is found, the rest is
computed.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from clew.errors import WorkerLost

TRIES = 3
"""How often a task is sent before the loss of its worker counts as its own fault."""


class ProcessEngine:
    """Runs up to `workers` steps at once, each in a process.

    Parameters
    ----------
    workers : int
        Processes.
    prepare : callable
        Called once in each new worker; it must be importable.
    """

    remote = True

    def __init__(self, workers: int, prepare: Callable[[], None]) -> None:
        self.workers = workers
        self._prepare = prepare
        self._cancelled = False
        self._lock = threading.Lock()
        self._pool = self._start()

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run ``function(*args)`` in a worker; both must be picklable."""
        outer: Future[Any] = Future()
        outer.set_running_or_notify_cancel()  # sent: whoever gives up still hears of its end
        self._send(outer, function, args, TRIES)
        return outer

    def close(self, *, cancel: bool = False) -> None:
        """Wait for what runs; with `cancel`, end it: the store survives the death of a worker."""
        self._cancelled = cancel
        if cancel:
            for worker in list((self._pool._processes or {}).values()):
                worker.terminate()
        self._pool.shutdown(wait=True, cancel_futures=cancel)

    def _start(self) -> ProcessPoolExecutor:
        # Fresh interpreters: a fork would copy this process's threads' locks in whatever state.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=self._prepare)

    def _send(
        self, outer: Future[Any], function: Callable[..., Any], args: tuple[Any, ...], tries: int
    ) -> None:
        def deliver(inner: Future[Any]) -> None:
            if inner.cancelled() or self._cancelled:
                outer.set_exception(CancelledError())
                return
            error = inner.exception()
            if isinstance(error, BrokenProcessPool) and tries > 1:
                threading.Thread(
                    target=self._send_again, args=(pool, outer, function, args, tries - 1)
                ).start()
            elif isinstance(error, BrokenProcessPool):
                outer.set_exception(
                    WorkerLost(
                        f"the worker process died {TRIES} times while running this step",
                        hint="it may need more memory than there is, or crash in native code",
                    )
                )
            elif error is not None:
                outer.set_exception(error)
            else:
                outer.set_result(inner.result())

        with self._lock:
            pool = self._pool
            try:
                inner = pool.submit(function, *args)
            except BrokenProcessPool:
                pool = self._pool = self._start()
                inner = pool.submit(function, *args)
        inner.add_done_callback(deliver)

    def _send_again(
        self,
        broken: ProcessPoolExecutor,
        outer: Future[Any],
        function: Callable[..., Any],
        args: tuple[Any, ...],
        tries: int,
    ) -> None:
        with self._lock:
            if self._pool is broken:
                broken.shutdown(wait=False)
                self._pool = self._start()
        self._send(outer, function, args, tries)
