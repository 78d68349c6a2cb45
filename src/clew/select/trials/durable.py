"""A ledger in the store of this place: each finished trial is a node, and a claim takes a job.

Plans follow from the study and from results alone, so several processes that run one study plan
the same jobs. Who claims a job evaluates it; who dies frees it, and somebody else takes it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from clew.errors import ClewError, InvalidParameter, UnsupportedValue
from clew.lineage.canonical import Digest, NodeId, ValueId, digest
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Cost, Edge, Node, Value, call_id
from clew.select.domains import Choice, Integer, Real
from clew.select.schedulers.plan import Job
from clew.select.trials.trial import Finished
from clew.steps.runtime import Runtime

TRIAL = "clew.select:trial"
_FORMAT = 1
_DOMAINS = {"choice": Choice, "integer": Integer, "real": Real}


class StoreLedger:
    """Keeps one node a trial in a store that other processes may share.

    Parameters
    ----------
    runtime : Runtime
        The store, its vault and its claims.
    study : Digest
        Content id of everything that decides the study's trials.
    """

    shared = True

    def __init__(self, runtime: Runtime, study: Digest) -> None:
        self.runtime, self.study = runtime, study
        self._held: dict[int, ExitStack] = {}
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()
        self._top = -1  # the largest number known to be planned

    def take(self, job: Job) -> tuple[Job, bool]:
        """Take a job, unless somebody else evaluates it or has finished it."""
        stack = ExitStack()
        claim = NodeId(digest("trial-claim", _FORMAT, [self._key(job.number)]))
        free = stack.enter_context(self.runtime.claims.hold(claim, wait=False))
        # Whoever held it before may have finished it.
        if not free or self._finished(job.number) is not None:
            stack.close()
            return job, False
        with self._lock:
            self._held[job.number], self._jobs[job.number] = stack, job
            self._top = max(self._top, job.number)
        return job, True

    def finish(self, finished: Finished) -> None:
        """Write a node with what came of a job; durable when this returns.

        Raises
        ------
        InvalidParameter
            When the configuration or what the objective noted cannot be stored.
        """
        job = self._jobs[finished.number]
        record = plain(finished, job.bracket)
        try:
            value = fingerprint(record)
            size_bytes, content = self.runtime.vault.prepare(record, value)
        except (UnsupportedValue, TypeError) as error:
            raise InvalidParameter(
                f"Trial {finished.number} cannot be stored.",
                got=str(error),
                expected="plain values in configurations and notes",
                hint="use names in `choice` and look the objects up in the objective",
            ) from error
        shown = describe(value, record)
        stored = Value(
            value, shown.type_name, shown.preview, size_bytes=size_bytes, state="stored",
            content=content,
        )  # fmt: skip
        inputs = (Edge("study", ValueId(self.study)), Edge("trial", self._key(finished.number)))
        environment = self.runtime.environment[0]
        call = call_id(TRIAL, None, environment, None, inputs)
        node = Node(
            id=NodeId(digest("trial-kept", _FORMAT, [call, value])),
            call=call,
            operation=TRIAL,
            kind="trial",
            code=None,
            environment=environment,
            seed=None,
            inputs=inputs,
            outputs=(Edge("result", value),),
            cost=Cost(finished.seconds),
            created_ms=int(time.time() * 1000),
        )
        self.runtime.store.record([node], [stored])
        self.release(finished.number)

    def release(self, number: int) -> None:
        """Give a taken job back."""
        with self._lock:
            held = self._held.pop(number, None)
        if held is not None:
            held.close()

    def read(self, above: int) -> Sequence[tuple[Job, Finished | None]]:
        """Return what is finished from `above` on, others' jobs too."""
        found: list[tuple[Job, Finished | None]] = []
        number = above
        while True:
            if number not in self._held:
                trial = self._finished(number)
                if trial is not None:
                    found.append(trial)
                    self._top = max(self._top, number)
                elif number > self._top:
                    return found
            number += 1

    def _key(self, number: int) -> ValueId:
        return ValueId(digest("trial", _FORMAT, [self.study, number.to_bytes(8, "big")]))

    def _finished(self, number: int) -> tuple[Job, Finished] | None:
        for id in reversed(self.runtime.store.linked(self._key(number), "down")):
            node = self.runtime.store.node(id)
            if node is None or node.operation != TRIAL:
                continue
            result = node.output("result")
            try:
                record = None if result is None else self.runtime.vault.get(result)
            except ClewError:
                continue  # collected, or damaged: it is evaluated again
            if record is not None:
                return revived(record)
        return None


def plain(finished: Finished, bracket: int) -> dict[str, Any]:
    """Return a finished trial as plain values."""
    return {
        "number": finished.number,
        "configuration": dict(finished.configuration),
        "values": list(finished.values),
        "state": finished.state,
        "budget": finished.budget,
        "origin": finished.origin,
        "rung": finished.rung,
        "bracket": bracket,
        "reports": [[step, value] for step, value in finished.reports.items()],
        "attributes": dict(finished.attributes),
        "constraints": dict(finished.constraints),
        "seconds": finished.seconds,
        "copied_from": finished.copied_from,
        "error": finished.error,
        "domains": {name: _domain(domain) for name, domain in finished.domains.items()},
    }


def revived(record: Mapping[str, Any]) -> tuple[Job, Finished]:
    """Return the job and the trial that `plain` wrote."""
    trial = Finished(
        number=record["number"],
        configuration=record["configuration"],
        values=tuple(record["values"]),
        state=record["state"],
        budget=record["budget"],
        origin=record["origin"],
        rung=record["rung"],
        reports=dict(record["reports"]),
        attributes=record["attributes"],
        constraints=record["constraints"],
        seconds=record["seconds"],
        copied_from=record["copied_from"],
        error=record["error"],
        domains={name: _DOMAINS[kind](*of) for name, (kind, of) in record["domains"].items()},
    )
    job = Job(
        trial.number, trial.configuration, trial.budget, trial.origin, trial.rung, record["bracket"]
    )
    return job, trial


def _domain(domain: Any) -> tuple[str, list[Any]]:
    if isinstance(domain, Choice):
        return "choice", [tuple(domain.options), domain.ordered]
    kind = "integer" if isinstance(domain, Integer) else "real"
    return kind, [domain.low, domain.high, domain.log]
