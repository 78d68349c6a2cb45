"""Calls looked up: answered from an earlier result, or handed on to be computed or executed."""

from __future__ import annotations

import time
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import Digest
from clew.reuse.estimators.call import Call
from clew.reuse.estimators.checks import check_of
from clew.reuse.estimators.compute import compute
from clew.reuse.estimators.copying import Copier
from clew.reuse.estimators.identity import name
from clew.reuse.estimators.patches import user_code_ran
from clew.reuse.estimators.policies import passes_through
from clew.reuse.estimators.randomness import draw_in_vain
from clew.reuse.estimators.record import outputs_of
from clew.reuse.estimators.request import Refused, Request, build
from clew.reuse.estimators.results import Output, Result, fill_slots, private
from clew.reuse.estimators.session import Frame, Session


def invoke(call: Call) -> Any:
    """Return what a call returns, computed or reused."""
    session, estimator = call.session, call.estimator
    if any(frame.estimator is estimator for frame in session.frames()):
        return call.run()
    if call.to_library:
        session.settle((*call.args, *call.kwargs.values()))
    else:
        session.forget_vouched()
        user_code_ran()
    if passes_through(estimator, call.method):
        session.settle(())
        with session.running(Frame(estimator, call.method)):
            out = call.run()
        return call.finish(out)
    try:
        request = build(call)
    except Unhashable as error:
        session.settle(())
        return _execute(call, error)
    begun = time.perf_counter()
    found = _lookup(call, request, begun)
    if found is not None:
        return found[0]
    with session.flight(request.key, request.subject) as first:
        found = _lookup(call, request, begun, near=first)  # somebody may have computed it meanwhile
        return compute(call, request) if found is None else found[0]


def _execute(call: Call, error: Unhashable) -> Any:
    traits = error.traits if isinstance(error, Refused) else None
    call.guard(traits)
    with call.session.running(Frame(call.estimator, call.method, traits=traits)):
        out = call.run()
    user_code_ran()
    call.session.statistics.execute(call.subject, error.message)
    if call.session.journal is not None:
        call.session.journal.execute(call.subject, error.message)
    return call.finish(out)


def _lookup(call: Call, request: Request, begun: float, *, near: bool = False) -> tuple[Any] | None:
    session = call.session
    entry = session.recall(request.key, request.subject, near=near)
    if entry is None:
        return None
    result: Result = entry.value
    output = result.output
    if output.kind == "shared" and check_of(output.value) != output.check:
        session.shelf.drop(request.key)  # somebody wrote into it
        session.identities.forget(output.value)
        return None
    slots = fill_slots(result.slots, call.estimator, request.arguments, request.before)
    copier = Copier(slots)
    if result.changed is not None:
        _restore(call, result, copier)
    if result.draws:
        draw_in_vain()
    value = _deliver(call, request, output, copier)
    session.statistics.hit(request.subject, entry.cost_s - (time.perf_counter() - begun))
    if session.journal is not None:
        session.journal.hit(request.key, request.subject, entry.cost_s)
    if session.graph is not None:
        session.graph.made(request.key, *outputs_of(request.key))
    for frame in session.frames():
        frame.notices.extend(result.notices)
    for notice in result.notices:
        notice.give()
    return (value,)


def _restore(call: Call, result: Result, copier: Copier) -> None:
    made = {key: copier.copy(value) for key, value in (result.changed or {}).items()}
    attributes = vars(call.estimator)
    for key in result.removed:
        attributes.pop(key, None)
    attributes.update(made)
    if result.quick is not None and result.state is not None:
        call.session.states.remember(call.estimator, result.quick, result.state)


def _deliver(call: Call, request: Request, output: Output, copier: Copier) -> Any:
    made = name("output", request.key)
    if output.kind == "shared":
        if call.to_library:
            _publish(call.session, output.value, made)
            call.session.vouch(output.value, made)
            return output.value
        value = private(output.value)
    elif output.kind == "shallow":
        value = private(output.value)
    else:
        return copier.copy(output.value)
    call.session.identities.remember(value, made)
    return value


def _publish(session: Session, value: Any, made: Digest) -> None:
    """Make a result that was read from a file known: it is shared from now on."""
    if not session.is_shared(value):
        session.share(value)
        session.identities.remember(value, made)
