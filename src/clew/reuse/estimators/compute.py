"""Calls computed: run, and what they leave behind captured, or the reason why it is not kept."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from clew.errors import Unhashable
from clew.lineage.records import Cost
from clew.reuse.estimators.call import Call
from clew.reuse.estimators.checks import check_of
from clew.reuse.estimators.classes import class_id
from clew.reuse.estimators.copying import Copier
from clew.reuse.estimators.describe import content_walk
from clew.reuse.estimators.identity import name, scalar_bytes, size_of
from clew.reuse.estimators.patches import user_code_ran
from clew.reuse.estimators.policies import ARRAYS, only_reads
from clew.reuse.estimators.quick import quick_digest
from clew.reuse.estimators.randomness import Mark, draws_in_vain
from clew.reuse.estimators.record import record
from clew.reuse.estimators.request import Request
from clew.reuse.estimators.results import (
    NotKept,
    Output,
    Result,
    arrays_of,
    bytes_of,
    capture_fit,
    capture_output,
    own_slots,
    private,
)
from clew.reuse.estimators.session import Frame, Session
from clew.reuse.estimators.world import watched

_PARAMS: dict[type, frozenset[str]] = {}


def compute(call: Call, request: Request) -> Any:
    """Execute a call, keep what a later one needs, and return what it returned."""
    session = call.session
    call.guard(request.traits)
    frame = Frame(
        *(call.estimator, request.method, request.key, request.traits, request.environment),
        *(request.data, request.content, request.given),
    )
    mark, begun, cpu_begun = Mark(), time.perf_counter(), time.thread_time()
    with session.running(frame), watched(session, frame):
        out = call.run_seeded(request.seed)
    cost = Cost(time.perf_counter() - begun, time.thread_time() - cpu_begun)
    if request.traits.user_code:
        user_code_ran()
    _note_cost(session, request, cost.wall_s)
    reason = _keep(call, request, frame, mark, out, cost)
    if reason is None:
        session.statistics.miss(request.subject)
    else:
        session.statistics.execute(request.subject, reason)
        if session.journal is not None:
            session.journal.execute(request.subject, reason)
    return call.finish(out)


def _keep(
    call: Call, request: Request, frame: Frame, mark: Mark, out: Any, cost: Cost
) -> str | None:
    """Keep the result; return why not, if it cannot be kept."""
    try:
        result = _capture(call, request, frame, mark, out)
    except NotKept as error:
        return error.message
    except Unhashable:
        return "its state has no sound id"
    except Exception as error:  # a copy protocol of somebody else's that fails: nothing is kept
        return f"cannot be copied ({type(error).__name__})"
    size = bytes_of(result)
    if call.session.graph is not None:
        record(call, request, result, replace(cost, size_bytes=size))
    if call.session.journal is not None:
        call.session.journal.miss(request.key, request.subject, cost.wall_s)
    kept = call.session.shelf.put(request.key, result, cost.wall_s, size)
    return None if kept or call.session.graph is not None else "not worth its place in the budget"


def _note_cost(session: Session, request: Request, cost_s: float) -> None:
    session.took[request.subject] = max(cost_s, 0.5 * session.took.get(request.subject, 0.0))
    if request.fits:
        return
    size = sum(size_of(value) for value, _ in request.data.values())
    if size > 100_000:
        old = session.costs.get(request.subject, cost_s / size)
        session.costs[request.subject] = 0.7 * old + 0.3 * cost_s / size


def _capture(call: Call, request: Request, frame: Frame, mark: Mark, out: Any) -> Result:
    """Return the result to keep; name the output and the state.

    Raises
    ------
    NotKept, Unhashable
        When a hit could not repeat the call.
    """
    session, estimator = call.session, call.estimator
    draws = _drawn(request, mark, estimator)
    if frame.spoiled is not None:
        raise NotKept(frame.spoiled)
    passed = call.passed(request.arguments)
    if _edited(session, request, passed, _written(request, estimator)):
        raise NotKept("writes into its input")
    if request.traits.user_code and class_id(type(estimator)) != request.traits.code:
        raise NotKept("changes what its code reads")
    slots, known = own_slots(estimator, request.arguments, request.before)
    for key, value in passed.items():  # private copies that took an argument's place
        if f"argument:{key}" in slots:
            known.setdefault(id(value), slots[f"argument:{key}"])
    owned = [part for value in passed.values() for part in arrays_of(value)]
    copier = Copier(known, owned)
    changed, quick, state = None, None, None
    removed: tuple[str, ...] = ()
    if request.fits:
        _unchanged(session, request, estimator)
        changed, removed = capture_fit(estimator, request.before, _params(estimator), copier)
        quick, state = quick_digest(estimator)[0], name("fitted", request.key)
        session.states.remember(estimator, quick, state)
    elif not _kept_state(estimator, request):
        raise NotKept("changes its own state")
    output = _keep_output(call, request, out, copier)
    return Result(output, changed, removed, slots, quick, state, tuple(frame.notices), draws)


def _drawn(request: Request, mark: Mark, estimator: Any) -> bool:
    if mark.unmoved():
        return False
    if request.fits and draws_in_vain(estimator) and mark.moved_by_one_integer():
        return True
    raise NotKept("drew from the global random generator")


_READ = frozenset({"X", "y", "sample_weight", "groups", "raw_documents"})
"""Arguments into which scikit-learn's own estimators do not write; they do into first guesses."""


def _written(request: Request, estimator: Any) -> list[str]:
    """Return the names of the arguments into which a call may have written."""
    if only_reads(estimator, request.traits):
        return [key for key in request.data if key not in _READ]
    return list(request.data)


def _edited(
    session: Session, request: Request, passed: Mapping[str, Any], names: Iterable[str]
) -> bool:
    """Tell whether an argument is no longer what it was when the call began."""
    for key in names:
        given, made = request.data[key]
        value = passed.get(key, given)
        known = session.identities.known(value)
        if known != made and (known is not None or session.identities.of(value) != made):
            return True
    return False


def _unchanged(session: Session, request: Request, estimator: Any) -> None:
    """Make sure that a fit left what it found as it was.

    Raises
    ------
    NotKept
        When it edited a parameter in place, or fitted an estimator that is one.
    """
    after, walk = vars(estimator), content_walk(session.identities)
    for key, was in request.content.items():
        value = request.before[key]
        if after.get(key, estimator) is not value or scalar_bytes(value) is not None:
            continue
        if walk.attribute(key, value) != was:
            raise NotKept("changes its own parameters")


def _kept_state(estimator: Any, request: Request) -> bool:
    """Tell whether a call that is no fit left the estimator as it was.

    A reader may add attributes, or replace some; it does not write into what it learnt.
    """
    if not only_reads(estimator, request.traits):
        return bool(quick_digest(estimator)[0] == request.quick)
    after, before = vars(estimator), request.before
    return after.keys() == before.keys() and all(after[key] is before[key] for key in before)


def _keep_output(call: Call, request: Request, out: Any, copier: Copier) -> Output:
    """Return how to keep what the call returned, and name it."""
    session = call.session
    array_like = request.method in ARRAYS
    state = vars(call.estimator)
    output = capture_output(out, request.arguments, state, copier, array_like=array_like)
    if output.kind not in ("shared", "shallow"):
        return output
    made = name("output", request.key)
    session.identities.remember(out, made)
    if output.kind == "shallow":
        return output
    if call.to_library:
        session.share(out)
        return output
    kept = private(out)
    session.identities.remember(kept, made)
    session.share(kept)
    return Output("shared", kept, check_of(kept))


def _params(estimator: Any) -> frozenset[str]:
    cls = type(estimator)
    found = _PARAMS.get(cls)
    if found is None:
        found = _PARAMS[cls] = frozenset(estimator.get_params(deep=False))
    return found
