"""Several processes on one socket: started, replaced when they die, ended together."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable

from clew.errors import ClewError, InvalidParameter, WorkerLost

_FAILED = 3
_MOST_DEATHS, _WITHIN_S = 5, 30.0


def supervise(work: Callable[[int, Callable[[], None]], None], count: int) -> None:
    """Run `work` in so many processes until this one is told to end (SIGTERM, Ctrl-C).

    A process that dies is replaced at once; its requests in flight are lost, nobody else's. When
    this process is told to end, the others finish what they have begun. When it is killed, they
    end, too.

    Parameters
    ----------
    work : callable
        ``work(number, ready)`` serves until its process gets SIGTERM, and calls ``ready()`` once
        it answers. It runs in a fork: nothing may be open before that the others must not share.

    Raises
    ------
    WorkerLost
        When a process cannot even begin, or keeps dying.
    """
    if sys.platform == "win32":
        raise InvalidParameter("several workers need fork", hint="--workers 1")
    _Fleet(work, count).run()


class _Fleet:
    def __init__(self, work: Callable[[int, Callable[[], None]], None], count: int) -> None:
        self._work, self._count = work, count
        self._numbers: dict[int, int] = {}  # of each process, by its id
        self._begun: set[int] = set()
        self._deaths: list[float] = []
        self._ending = False
        # Children read the first pipe, and see its end when this process is gone, whatever killed
        # it; they say in the second one that they answer.
        self._alive, self._held = os.pipe()
        self._told, self._tell = os.pipe()
        os.set_blocking(self._told, False)

    def run(self) -> None:
        before = {s: signal.signal(s, self._end) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            for number in range(self._count):
                self._start(number)
            while self._numbers:
                self._await_one()
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
            for end in (self._alive, self._held, self._told, self._tell):
                os.close(end)

    def _start(self, number: int) -> None:
        process = os.fork()
        if process == 0:
            os._exit(self._serve(number))
        self._numbers[process] = number

    def _serve(self, number: int) -> int:
        """Serve within a child; return its exit status."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        os.close(self._held)
        threading.Thread(target=self._watch, daemon=True, name="parent").start()
        try:
            self._work(number, lambda: _say(self._tell, number))
        except ClewError as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            return _FAILED
        except BaseException:
            traceback.print_exc()
            return _FAILED
        finally:
            sys.stdout.flush()
        return 0

    def _watch(self) -> None:
        os.read(self._alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _await_one(self) -> None:
        process, status = os.wait()
        number = self._numbers.pop(process, None)
        if number is None or self._ending:
            return
        self._hear()
        if number not in self._begun:
            raise WorkerLost("A worker cannot begin to serve.", hint="its message is above")
        now_s = time.monotonic()
        self._deaths = [s for s in self._deaths if now_s - s < _WITHIN_S] + [now_s]
        if len(self._deaths) > _MOST_DEATHS:
            raise WorkerLost(
                "Workers keep dying.", got=f"{len(self._deaths)} deaths in {_WITHIN_S:g} s"
            )
        code = os.waitstatus_to_exitcode(status)
        print(f"worker {number} ended ({code}): another takes its place", file=sys.stderr)
        self._start(number)

    def _hear(self) -> None:
        try:
            self._begun.update(os.read(self._told, 4096))
        except BlockingIOError:
            pass

    def _end(self, *_: object) -> None:
        self._ending = True
        self._signal()

    def _stop(self) -> None:
        self._ending = True
        self._signal()
        for process in list(self._numbers):
            try:
                os.waitpid(process, 0)
            except ChildProcessError:
                pass

    def _signal(self) -> None:
        for process in list(self._numbers):
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                pass


def _say(pipe: int, number: int) -> None:
    os.write(pipe, bytes([number]))
