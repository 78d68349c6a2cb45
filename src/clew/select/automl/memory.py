"""Searches of this store: each finished one is a node, and begins others on tables that are alike.

The facts are nodes of the operation ``clew.select:automl``: rows, targets, options and the earlier
searches that proposed configurations go in; the profile with the best configurations, and the
model, come out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clew.errors import ClewError, Unhashable
from clew.lineage.canonical import Digest, NodeId, ValueId, digest
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Cost, Edge, Node, Reason, Use, Value, call_id
from clew.select.automl.learners import Learner
from clew.select.automl.profile import Profile, are_near, distance
from clew.steps.runtime import Runtime

if TYPE_CHECKING:
    from clew.select.automl.study import AutoML

AUTOML = "clew.select:automl"
_FORMAT = 1
_LOOKED_AT = 200
_NEAREST, _BEST, _PROPOSED = 3, 5, 4


@dataclass(frozen=True, slots=True)
class Near:
    """An earlier search on a table that is alike.

    Parameters
    ----------
    study : str
        Id of its node.
    record : ValueId
        Id of what it found, which a later search names as an input.
    distance : float
        Between the profiles.
    best : tuple of (str, mapping)
        Learners and configurations, the best first.
    """

    study: str
    record: ValueId
    distance: float
    best: tuple[tuple[str, Mapping[str, Any]], ...]


class Memory:
    """Finished searches of a store, which other processes may share.

    Parameters
    ----------
    runtime : Runtime
        The store and its values.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def near(self, profile: Profile, kind: str) -> list[Near]:
        """Return the nearest searches for the same kind of task, the nearest and newest first."""
        found: list[Near] = []
        for node in self.runtime.store.history(AUTOML, _LOOKED_AT):
            record = node.output("result")
            try:
                kept = None if record is None else self.runtime.vault.get(record)
            except ClewError:
                continue  # collected or damaged: it proposes nothing
            if record is None or kept is None or kept["kind"] != kind or not kept["best"]:
                continue
            apart = distance(kept["profile"], profile)
            if are_near(apart):
                best = tuple((name, dict(of)) for name, of, _ in kept["best"])
                found.append(Near(node.id.hex(), record, apart, best))
        return sorted(found, key=lambda near: near.distance)[:_NEAREST]

    def keep(self, study: AutoML, X: Any, y: Any, options: Mapping[str, Any], run: str) -> str:
        """Write a finished search as a node that a run used, and return the node's id.

        Raises
        ------
        Unhashable
            When rows or targets have no content id.
        """
        parts = {"X": X, "y": y, "options": dict(options)}
        inputs = tuple(Edge(name, fingerprint(part)) for name, part in parts.items())
        shown = [describe(edge.value, parts[edge.name]) for edge in inputs]
        inputs += tuple(
            Edge(f"near{i}", near.record, NodeId(Digest(bytes.fromhex(near.study))))
            for i, near in enumerate(study.near_)
        )
        record = {
            "profile": dict(study.profile_),
            "kind": study.task_.kind,
            "metric": study.task_.metric,
            "score": float(study.score_),
            "best": [
                [line.model, dict(line.configuration), float(line.score)]
                for line in study.leaderboard_
                if line.folds == study.n_folds_ and line.model != "stack"
            ][:_BEST],
        }
        kept = self._stored(record)
        outputs, made = [Edge("result", kept.id)], []
        try:
            model = fingerprint(study.model_)
        except Unhashable:
            pass  # the model stands for itself: no thread leads to it
        else:
            outputs.append(Edge("model", model))
            made.append(describe(model, study.model_))
        environment = self.runtime.environment[0]
        call = call_id(AUTOML, None, environment, None, inputs)
        node = Node(
            # A search that ends by the clock may find another model each time.
            id=NodeId(digest("automl-kept", _FORMAT, [call, *(edge.value for edge in outputs)])),
            call=call,
            operation=AUTOML,
            kind="automl",
            code=None,
            environment=environment,
            seed=None,
            inputs=inputs,
            outputs=tuple(outputs),
            cost=Cost(study.seconds_),
            created_ms=int(time.time() * 1000),
        )
        why = Reason("always-run", "a search that ends by the clock is never reused")
        use = Use(0, "automl", node.id, "computed", why, study.seconds_)
        self.runtime.store.record([node], [*shown, kept, *made], run=run, uses=(use,))
        return node.id.hex()

    def _stored(self, record: Mapping[str, Any]) -> Value:
        id = fingerprint(record)
        _, size_bytes = self.runtime.vault.put(record, id)
        return replace(describe(id, record), size_bytes=size_bytes, state="stored")


def proposals(
    near: Sequence[Near], learners: Sequence[Learner]
) -> list[tuple[str, Mapping[str, Any], str]]:
    """Return (learner, configuration, study) to try first: the best of each search in turn."""
    names = {each.name: set(each.space) for each in learners}
    found: list[tuple[str, Mapping[str, Any], str]] = []
    for place in range(_BEST):
        for each in near:
            if place >= len(each.best):
                continue
            learner, configuration = each.best[place]
            # What a learner's space does not have any more is not proposed.
            known = set(configuration) == names.get(learner)
            if known and all((learner, configuration) != of[:2] for of in found):
                found.append((learner, configuration, each.study))
    return found[:_PROPOSED]
