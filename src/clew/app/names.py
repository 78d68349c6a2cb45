"""What a user may type for an id: one, its beginning, a run's step, a version of a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from clew.app.tracking import tracking_of
from clew.errors import Ambiguous, NotFound
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.records import Node, Run, Use
from clew.steps.runtime import Runtime

SHORTEST = 4
SHOWN = 12
"""How many names a message lists."""

_VERSION = re.compile(r"(?P<name>[^/:@]+)(?:@(?P<alias>[\w-]+)|/(?P<version>\d+))")

Kind = Literal["run", "node", "value"]


@dataclass(frozen=True, slots=True)
class Found:
    """Something that an id names."""

    kind: Kind
    id: str


def find(runtime: Runtime, text: str) -> Found:
    """Return what `text` names: the beginning of a run's, node's or value's id, or a version.

    A version of a registered model (``adult/3``, ``adult@champion``) is the value that it holds.

    Raises
    ------
    NotFound
        When nothing in the store begins so.
    Ambiguous
        When several things do.
    """
    shown = text.strip()
    version = _VERSION.fullmatch(shown)
    if version is not None:
        return Found("value", _content(runtime, version))
    matches = runtime.store.match(shown) if len(shown) >= SHORTEST else ()
    if not matches:
        raise NotFound(
            f"no run, node or value begins with {shown!r}",
            expected=f"at least {SHORTEST} characters of an id",
            hint="`clew runs` lists runs; `clew show RUN` lists its nodes and values",
        )
    exact = [match for match in matches if match[1] == shown]
    chosen = exact or list(matches)
    if len(chosen) > 1:
        # A call that read nothing besides its arguments is its node; a value may share no name.
        listing = ", ".join(f"{kind} {id[:16]}" for kind, id in chosen[:5])
        raise Ambiguous(f"{shown!r} names several things: {listing}", hint="give more characters")
    kind, id = chosen[0]
    return Found(kind, id)  # type: ignore[arg-type]


def _content(runtime: Runtime, match: re.Match[str]) -> str:
    """Return the id of the value that a version of a registered model holds."""
    tracking = tracking_of(runtime)
    if match["alias"]:
        version = tracking.aliases.version(match["name"], match["alias"])
    else:
        version = tracking.versions.get(match["name"], int(match["version"]))
    if version.content is None:
        raise NotFound(
            f"the model of {match[0]!r} is not on the lineage graph",
            got="a version without a content id",
            hint="models that clew.log_model stores are",
        )
    return version.content


def run_of(runtime: Runtime, text: str) -> Run:
    """Return the run that `text` names; ``last`` is the newest one."""
    if text in ("last", "-1"):
        newest = runtime.store.runs(limit=1)
        if not newest:
            raise NotFound("there are no runs in this store yet", hint="run a flow first")
        return newest[0]
    found = find(runtime, text)
    run = runtime.store.run(found.id) if found.kind == "run" else None
    if run is None:
        raise NotFound(f"{text!r} is a {found.kind}, not a run", hint="`clew runs` lists runs")
    return run


def nodes_of(runtime: Runtime, text: str) -> tuple[Node, ...]:
    """Return the nodes that `text` names: a node, a value's makers, a run's, or ``RUN:STEP``."""
    head, colon, label = text.partition(":")
    if colon or head in ("last", "-1"):
        run = run_of(runtime, head)
        uses = [use_of(runtime, run, label)] if label else runtime.store.uses(run.id)
        return _nodes(runtime, [use.node for use in uses if use.node is not None])
    found = find(runtime, text)
    if found.kind == "run":
        uses = runtime.store.uses(found.id)
        return _nodes(runtime, [use.node for use in uses if use.node is not None])
    id = Digest(bytes.fromhex(found.id))
    if found.kind == "node":
        return _nodes(runtime, [NodeId(id)])
    return _nodes(runtime, list(runtime.store.linked(ValueId(id), "up")))


def _nodes(runtime: Runtime, ids: list[NodeId]) -> tuple[Node, ...]:
    found = (runtime.store.node(id) for id in dict.fromkeys(ids))
    return tuple(node for node in found if node is not None)


def use_of(runtime: Runtime, run: Run, label: str) -> Use:
    """Return how a run used one step.

    Raises
    ------
    NotFound
        When the run has no step of that label.
    """
    uses = runtime.store.uses(run.id)
    for use in uses:
        if use.label == label:
            return use
    known = [use.label for use in uses]
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    listing = ", ".join(known[:SHOWN]) or "(none)"
    raise NotFound(f"run {run.id} has no step {label!r}", expected=f"one of {listing}{more}")
