"""A script as a run: when it ran, how it ended, and what it asked of estimators."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clew.lineage.records import Run
from clew.lineage.ulid import new_ulid
from clew.reuse.estimators.journal import Journal
from clew.reuse.estimators.session import Session
from clew.steps.provenance import capture, redacted


@contextmanager
def record(session: Session, path: str, argv: Sequence[str]) -> Iterator[Run]:
    """Record what happens in the block as a run of the script."""
    shown = redacted("argv", " ".join(argv))
    run = Run(
        id=new_ulid(),
        flow=f"{Path(path).name}:__main__",
        status="running",
        started_ms=_now_ms(),
        arguments=json.dumps({"argv": shown} if argv else {}),
        context=json.dumps(capture()),
    )
    graph = session.graph
    if graph is None:
        yield run
        return
    graph.runtime.store.start(run)
    session.journal = Journal()
    status, problem = "finished", None
    try:
        yield run
    except SystemExit as error:
        if error.code not in (None, 0):
            status, problem = "failed", redacted("error", f"SystemExit: {error.code}")[:2000]
        raise
    except KeyboardInterrupt:
        status, problem = "interrupted", "interrupted; run it again to go on from here"
        raise
    except BaseException as error:
        status, problem = "failed", redacted("error", f"{type(error).__name__}: {error}")[:2000]
        raise
    finally:
        graph.flush()
        graph.runtime.store.use(run.id, list(session.journal.uses()))
        session.journal = None
        graph.runtime.store.finish(
            dataclasses.replace(run, status=status, ended_ms=_now_ms(), error=problem)
        )


def _now_ms() -> int:
    return int(time.time() * 1000)
