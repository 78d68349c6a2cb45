"""One run of a flow, from its arguments to its end."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clew.lineage.preview import preview
from clew.lineage.records import Run
from clew.lineage.ulid import new_ulid
from clew.steps.bind import call
from clew.steps.context import building, running
from clew.steps.execute import delivered
from clew.steps.flowrun import FlowRun
from clew.steps.graph import FlowGraph
from clew.steps.observe import unobserved
from clew.steps.outcome import FlowResult, settle
from clew.steps.place import import_root
from clew.steps.provenance import capture, redacted
from clew.steps.ref import refs_in, task_of
from clew.steps.runtime import Engine, Runtime, current
from clew.steps.schedule import Scheduler
from clew.steps.session import Listener, Session

if TYPE_CHECKING:
    from clew.steps.flow import Flow


def launch(
    flow: Flow[..., Any],
    arguments: Mapping[str, Any],
    *,
    engine: str | None = None,
    workers: int | None = None,
    listeners: Sequence[Listener] = (),
    repairing: bool = False,
) -> FlowRun:
    """Run a flow to its end; the run's record says how it went, whatever happens.

    Parameters
    ----------
    repairing : bool, default False
        The run is the second try to have a result whose bytes were no good.
    """
    runtime = current()
    policy = runtime.policy
    opened = runtime.open_engine(engine or policy.engine, workers or policy.workers)
    with unobserved():
        session = Session(runtime, _record(flow, arguments), listeners)
    try:
        result = _execute(runtime, session, flow, arguments, opened)
    except KeyboardInterrupt:
        session.finish("interrupted", error="interrupted; run it again to go on from here")
        opened.close(cancel=True)
        raise
    except BaseException as error:
        shown = redacted("error", f"{type(error).__name__}: {error}")
        # A text of some databases cannot hold NUL.
        session.finish("failed", error=shown.replace("\0", "\\0")[:2000])
        opened.close(cancel=True)
        raise
    opened.close()
    run = session.finish("finished", result=result.id)

    def again() -> FlowRun:
        return launch(flow, arguments, engine=engine, workers=workers, repairing=True)

    uses = tuple(session.uses.values())
    return FlowRun(runtime, run, uses, result, None if repairing else again)


def _execute(
    runtime: Runtime,
    session: Session,
    flow: Flow[..., Any],
    arguments: Mapping[str, Any],
    engine: Engine,
) -> FlowResult:
    def value(index: int) -> Any:
        with unobserved():
            return delivered(copy.deepcopy(scheduler.value(index)))

    def run_now(index: int) -> None:
        with unobserved():
            scheduler.run_now(index)

    graph = FlowGraph(value, run_now)
    scheduler = Scheduler(runtime, session, graph, engine)
    inside, logging = building.set(graph), running.set(session)
    try:
        returned = call(flow.function, flow.signature, arguments)
    finally:
        building.reset(inside)
        running.reset(logging)
    with unobserved():
        scheduler.satisfy(graph.sinks())
        result = settle(runtime, scheduler, graph, returned)
        scheduler.close(map(task_of, refs_in(returned)))
    return result


def _record(flow: Flow[..., Any], arguments: Mapping[str, Any]) -> Run:
    shown = {name: redacted(name, preview(value)) for name, value in arguments.items()}
    return Run(
        id=new_ulid(),
        flow=flow.name,
        status="running",
        started_ms=int(time.time() * 1000),
        arguments=json.dumps(shown),
        context=json.dumps({**capture(), "import_from": import_root(flow.function)}),
    )
