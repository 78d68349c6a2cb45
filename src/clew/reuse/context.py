"""`with clew.reuse():` — scikit-learn code, unchanged, computes nothing twice.

Facts added: none of its own; it puts a session of `clew.reuse.estimators` in force.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from clew.errors import InvalidParameter
from clew.reuse.place import HERE, runtime_of

if TYPE_CHECKING:
    from clew.reuse.estimators.session import Session
    from clew.reuse.estimators.statistics import Stats

_GIB = 2**30
_lock = threading.RLock()
_entered: list[reuse] = []


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """A script that ran.

    Parameters
    ----------
    id : str
        Of the run, as `clew runs` lists it.
    context : reuse
        What was reused.
    """

    id: str
    context: reuse


class reuse:
    """Reuse inside scikit-learn: equal fits, transforms and predictions are computed once.

    Inside the context, `fit`, `transform`, `fit_transform`, `predict`, `predict_proba`,
    `decision_function` and `score` of scikit-learn-compatible estimators are looked up by class,
    code, parameters and content of their inputs, in pipelines, searches, cross-validation and
    wherever else they are called. Results are those of running without it, to the last bit.

    Parameters
    ----------
    budget_bytes : int, optional
        Most memory that kept results may take. Default: an eighth of the machine's, at most
        2 GiB. What saves the fewest seconds for its size goes first.
    seed : int, optional
        Estimators whose `random_state` is not set get a seed that derives from this one, their
        parameters and their inputs, and can then be reused. Without it they are executed.

    store : {"default"}, path or None
        Where calls are recorded, and where results that are worth it outlive the process and are
        shared with others: the store of this place by default (`clew lineage`, `clew impact` and
        `clew gc` work on it), or one in a folder that nobody else can write into. None: results
        live as long as this object, and worker processes share a temporary store.

    Notes
    -----
    The same object can be entered again and still knows what it kept; `clear` forgets it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> X, y = np.eye(4), np.arange(4.0)
    >>> with reuse() as r:
    ...     first, second = Ridge().fit(X, y), Ridge().fit(X, y)
    >>> bool((first.coef_ == second.coef_).all()), r.stats.hits
    (True, 1)
    """

    def __init__(
        self,
        *,
        budget_bytes: int | None = None,
        seed: int | None = None,
        store: str | Path | None = HERE,
    ) -> None:
        if budget_bytes is not None and budget_bytes < 0:
            raise InvalidParameter(
                "budget_bytes must not be negative", got=str(budget_bytes), expected=">= 0"
            )
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
            raise InvalidParameter(
                "seed must be a non-negative int", got=repr(seed), expected="an int >= 0"
            )
        self.budget_bytes = _default_budget() if budget_bytes is None else budget_bytes
        self.seed = seed
        self.store = store
        self._session: Session | None = None

    def __enter__(self) -> reuse:
        with _lock:
            session = self._made()
            if not _entered:
                from clew.reuse.estimators import install, workers

                install.install()
                workers.install()
            _entered.append(self)
            from clew.reuse.estimators.session import enter

            enter(session)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from clew.reuse.estimators.session import leave

        with _lock:
            session = self._made()
            leave(session)
            _entered.remove(self)
            if not _entered:
                from clew.reuse.estimators import install, workers

                workers.remove()
                install.remove()
        if session.graph is not None:
            session.graph.flush()

    @property
    def stats(self) -> Stats:
        """Hits, misses, executions with their reasons, seconds saved, bytes kept."""
        session = self._made()
        return session.statistics.total(session.shelf.size_bytes)

    def explain(self) -> str:
        """Return, for each method of each class, what was reused, computed, executed, and why."""
        return self._made().statistics.explain()

    def clear(self) -> None:
        """Forget everything that was kept in memory; what is in the store stays."""
        session = self._made()
        session.shelf.clear()
        session.identities.clear()

    def _made(self) -> Session:
        if self._session is None:
            from clew.reuse.estimators.session import Session

            runtime = runtime_of(self.store)
            graph = None
            if runtime is not None:
                from clew.reuse.estimators.graph import Graph

                graph = Graph(runtime)
            self._session = Session(self.budget_bytes, self.seed, graph)
        return self._session


def run_script(path: str | Path, argv: Sequence[str] = ()) -> ScriptRun:
    """Run a Python script as ``__main__`` inside the context; return the run.

    The run is recorded as a flow's is: `clew runs` lists it, `clew why` says of each call what was
    reused, computed or executed, and why.

    Parameters
    ----------
    path : path
        The script.
    argv : sequence of str
        What the script finds in ``sys.argv[1:]``.
    """
    from clew.reuse.script import record

    place = str(Path(path))
    before, before_path = sys.argv, list(sys.path)
    context = reuse()
    sys.argv = [place, *argv]
    sys.path.insert(0, str(Path(place).resolve().parent))
    try:
        with record(context._made(), place, argv) as run, context:
            runpy.run_path(place, run_name="__main__")
    finally:
        sys.argv = before
        sys.path[:] = before_path
    return ScriptRun(run.id, context)


def _default_budget() -> int:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return _GIB
    return min(2 * _GIB, total // 8)
