"""One call of an estimator's method inside the context: looked up, or computed and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from clew.errors import Unhashable
from clew.lineage.canonical import Digest
from clew.reuse.estimators.checks import check_of
from clew.reuse.estimators.copying import Copier
from clew.reuse.estimators.describe import Traits, content_walk, quick_walk
from clew.reuse.estimators.identity import name, scalar_bytes, size_of
from clew.reuse.estimators.policies import ARRAYS, only_reads, passes_through
from clew.reuse.estimators.randomness import Mark, draw_in_vain, draws_in_vain
from clew.reuse.estimators.request import Refused, Request, build
from clew.reuse.estimators.results import (
    NotKept,
    Output,
    Result,
    bytes_of,
    capture_fit,
    capture_output,
    fill_slots,
    own_slots,
    private,
)
from clew.reuse.estimators.session import Frame, Session

Function = Callable[..., Any]


def invoke(
    session: Session,
    function: Function,
    method: str,
    estimator: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    to_library: bool,
) -> Any:
    """Return what ``function(estimator, *args, **kwargs)`` returns, computed or reused.

    Parameters
    ----------
    to_library : bool
        Whether the caller is scikit-learn itself, which does not write into what it gets; any
        other caller gets a private copy.
    """
    if any(frame.estimator is estimator for frame in session.frames()):
        return function(estimator, *args, **kwargs)
    if passes_through(estimator, method):
        with session.running(Frame(estimator, method)):
            out = function(estimator, *args, **kwargs)
        return _finish(session, out, to_library=to_library)
    try:
        request = build(session, function, method, estimator, args, kwargs)
    except Unhashable as error:
        return _execute(session, function, method, estimator, args, kwargs, error, to_library)
    begun = time.perf_counter()
    found = _lookup(session, request, estimator, begun, to_library=to_library)
    if found is not None:
        return found[0]
    with session.shelf.flight(request.key):  # another thread may have computed it meanwhile
        found = _lookup(session, request, estimator, begun, to_library=to_library)
        if found is not None:
            return found[0]
        return _compute(session, function, request, estimator, args, kwargs, to_library)


# -- hits -----------------------------------------------------------------------------------------
def _lookup(
    session: Session, request: Request, estimator: Any, begun: float, *, to_library: bool
) -> tuple[Any] | None:
    entry = session.shelf.get(request.key)
    if entry is None:
        return None
    result: Result = entry.value
    output = result.output
    if output.kind == "shared" and check_of(output.value) != output.check:
        session.shelf.drop(request.key)  # somebody wrote into it
        session.identities.forget(output.value)
        return None
    slots = fill_slots(result.slots, estimator, request.arguments, request.before)
    copier = Copier(slots)
    if result.changed is not None:
        _restore(session, estimator, result, copier)
    if result.draws:
        draw_in_vain()
    value = _deliver(session, request, output, copier, to_library=to_library)
    saved_s = entry.cost_s - (time.perf_counter() - begun)
    session.statistics.hit(request.subject, saved_s)
    for notice in result.notices:
        notice.give()
    for frame in session.frames():
        frame.notices.extend(result.notices)
    return (value,)


def _restore(session: Session, estimator: Any, result: Result, copier: Copier) -> None:
    made = {key: copier.copy(value) for key, value in (result.changed or {}).items()}
    attributes = vars(estimator)
    for key in result.removed:
        attributes.pop(key, None)
    attributes.update(made)
    if result.quick is not None and result.state is not None:
        session.states.remember(estimator, result.quick, result.state)


def _deliver(
    session: Session, request: Request, output: Output, copier: Copier, *, to_library: bool
) -> Any:
    made = name("output", request.key)
    if output.kind == "shared":
        if to_library:
            session.vouch(output.value, made)
            return output.value
        value = private(output.value)
    elif output.kind == "shallow":
        value = private(output.value)
    else:
        return copier.copy(output.value)
    session.identities.remember(value, made)
    return value


# -- executions -----------------------------------------------------------------------------------
def _execute(
    session: Session,
    function: Function,
    method: str,
    estimator: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: Unhashable,
    to_library: bool,
) -> Any:
    reason = error.message
    traits = error.traits if isinstance(error, Refused) else None
    args, kwargs = _guard(session, estimator, traits, args, kwargs)
    with session.running(Frame(estimator, method, traits=traits)):
        out = function(estimator, *args, **kwargs)
    session.statistics.execute(f"{type(estimator).__qualname__}.{method}", reason)
    return _finish(session, out, to_library=to_library)


def _guard(
    session: Session,
    estimator: Any,
    traits: Traits | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Put private copies in the place of shared arrays, unless the estimator only reads."""
    values = (*args, *kwargs.values())
    if not any(session.is_shared(value) for value in values) or only_reads(estimator, traits):
        return args, kwargs

    def own(value: Any) -> Any:
        if not session.is_shared(value):
            return value
        known = session.identities.known(value)
        made = private(value)
        return made if known is None else _named(session, made, known)

    return tuple(map(own, args)), {key: own(value) for key, value in kwargs.items()}


def _named(session: Session, value: Any, made: Digest) -> Any:
    session.identities.remember(value, made)
    return value


def _finish(session: Session, value: Any, *, to_library: bool) -> Any:
    """Return a result to whoever called: code outside the library never gets a shared array."""
    if to_library or not session.is_shared(value):
        return value
    return private(value)


# -- computations ---------------------------------------------------------------------------------
def _compute(
    session: Session,
    function: Function,
    request: Request,
    estimator: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    to_library: bool,
) -> Any:
    args, kwargs = _guard(session, estimator, request.traits, args, kwargs)
    frame = Frame(
        *(estimator, request.method, request.key, request.traits, request.environment),
        *(request.data, request.content, request.given),
    )
    mark = Mark()
    begun = time.perf_counter()
    with session.running(frame):
        if request.seed is None:
            out = function(estimator, *args, **kwargs)
        else:
            out = _seeded(function, estimator, args, kwargs, request.seed)
    cost_s = time.perf_counter() - begun
    _note_cost(session, request, cost_s)
    try:
        result = _capture(session, request, frame, mark, estimator, out, args, kwargs, to_library)
    except NotKept as error:
        session.statistics.execute(request.subject, error.message)
    except Unhashable:
        session.statistics.execute(request.subject, "its state has no sound id")
    except Exception as error:  # a copy protocol of somebody else's that fails: nothing is kept
        session.statistics.execute(request.subject, f"cannot be copied ({type(error).__name__})")
    else:
        size = bytes_of(result.output.value) + bytes_of(result.changed)
        if session.shelf.put(request.key, result, cost_s, size):
            session.statistics.miss(request.subject)
        else:
            session.statistics.execute(request.subject, "larger than the budget allows")
    return _finish(session, out, to_library=to_library)


def _seeded(
    function: Function, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any], seed: int
) -> Any:
    estimator.random_state = seed
    try:
        return function(estimator, *args, **kwargs)
    finally:
        estimator.random_state = None


def _note_cost(session: Session, request: Request, cost_s: float) -> None:
    if request.fits:
        return
    size = sum(size_of(value) for value, _ in request.data.values())
    if size > 100_000:
        old = session.costs.get(request.subject, cost_s / size)
        session.costs[request.subject] = 0.7 * old + 0.3 * cost_s / size


def _capture(
    session: Session,
    request: Request,
    frame: Frame,
    mark: Mark,
    estimator: Any,
    out: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    to_library: bool,
) -> Result:
    """Return the result to keep; name the output and the state.

    Raises
    ------
    NotKept, Unhashable
        When a hit could not repeat the call.
    """
    draws = _drawn(request, mark, estimator)
    if frame.spoiled is not None:
        raise NotKept(frame.spoiled)
    passed = dict(zip(request.arguments, args, strict=False)) | kwargs
    if request.traits.user_code and _edited(session, request, passed):
        raise NotKept("writes into its input")
    slots, known = own_slots(estimator, request.arguments, request.before)
    for key, value in passed.items():  # private copies that took an argument's place
        if f"argument:{key}" in slots:
            known.setdefault(id(value), slots[f"argument:{key}"])
    changed, quick, state = None, None, None
    removed: tuple[str, ...] = ()
    if request.fits:
        _unchanged(session, request, estimator)
        copier = Copier(known)
        changed, removed = capture_fit(estimator, request.before, _params(estimator), copier)
        quick = quick_walk().state(estimator)
        state = name("fitted", request.key)
        session.states.remember(estimator, quick, state)
    elif quick_walk().state(estimator) != request.quick:
        raise NotKept("changes its own state")
    output = _keep_output(session, request, out, known, to_library=to_library)
    notices = tuple(frame.notices)
    return Result(output, changed, removed, slots, quick, state, notices, draws)


def _drawn(request: Request, mark: Mark, estimator: Any) -> bool:
    if mark.unmoved():
        return False
    if request.fits and draws_in_vain(estimator) and mark.moved_by_one_integer():
        return True
    raise NotKept("drew from the global random generator")


def _edited(session: Session, request: Request, passed: Mapping[str, Any]) -> bool:
    """Tell whether an argument is no longer what it was when the call began."""
    for key, (given, made) in request.data.items():
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


def _keep_output(
    session: Session, request: Request, out: Any, known: dict[int, Any], *, to_library: bool
) -> Output:
    """Return how to keep what the call returned, and name it."""
    array_like = request.method in ARRAYS
    output = capture_output(out, request.arguments, known, array_like=array_like)
    if output.kind not in ("shared", "shallow"):
        return output
    made = name("output", request.key)
    session.identities.remember(out, made)
    if output.kind == "shallow":
        return output
    if to_library:
        session.share(out)
        return output
    kept = private(out)
    session.identities.remember(kept, made)
    session.share(kept)
    return Output("shared", kept, check_of(kept))


_PARAMS: dict[type, frozenset[str]] = {}


def _params(estimator: Any) -> frozenset[str]:
    cls = type(estimator)
    found = _PARAMS.get(cls)
    if found is None:
        found = _PARAMS[cls] = frozenset(estimator.get_params(deep=False))
    return found
