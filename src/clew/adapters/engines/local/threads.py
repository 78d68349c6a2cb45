"""Steps in threads of this process: for work that frees the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class ThreadEngine:
    """Runs up to `workers` steps at once.

    Parameters
    ----------
    workers : int
        Threads.
    """

    remote = False

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="clew-step")

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run ``function(*args)`` in a thread."""
        return self._pool.submit(function, *args)

    def close(self, *, cancel: bool = False) -> None:
        """Wait for what runs; with `cancel`, what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=cancel)
