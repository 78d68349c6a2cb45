"""The other blessing: a version that loads, knows its columns, answers in time, and alike.

What TFX calls the infrastructure check. It is no statistic: the version is loaded as serving loads
it, and asked for rows that it was fitted on, together and one by one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from clew.app import facts
from clew.app.evidence import VERDICT
from clew.app.gates import record
from clew.app.serving import find, registered
from clew.app.store import Store
from clew.app.tracking import tracking_of
from clew.debug.gates.ledger import RowSet, Step
from clew.debug.gates.verdict import Finding, Outcome, Verdict, combined
from clew.errors import ClewError, InvalidParameter

GATE = "infrastructure"
_ROWS = 64


@dataclass(frozen=True, slots=True)
class Fitness:
    """What came of it: the verdict, and the node that holds it."""

    verdict: Verdict
    node: str


def infrastructure(
    store: Store, spec: str, *, latency_ms: float = 50.0, trust: bool = False
) -> Fitness:
    """Check a registered version as serving would use it, and record the verdict.

    Parameters
    ----------
    spec : str
        ``adult/3`` or ``adult@champion``.
    latency_ms : float
        What the median answer to one row may take, in milliseconds.
    trust : bool
        Also load types of a model that are no library's own.

    Raises
    ------
    InvalidParameter
        When `spec` names no registered version.
    """
    version = registered(store, spec)
    if version is None:
        raise InvalidParameter("a registered version", got=spec, expected="adult/3, adult@champion")
    findings = tuple(_findings(store, spec, latency_ms, trust=trust))
    verdict = combined(GATE, findings, 0)
    inputs: dict[str, object] = {"version": f"{version.name}/{version.version}"}
    if version.content:
        inputs["new_model"] = bytes.fromhex(version.content)
    plain = {finding.clause: [finding.outcome, finding.reason] for finding in findings}
    result = facts.stored(store, plain)
    node = facts.record(store, VERDICT, "gate", inputs, {"result": result})
    step = Step(
        key=GATE,
        new=spec,
        old="",
        version=f"{version.name}/{version.version}",
        content=version.content or "",
        outcome=verdict.outcome,
        node=node.hex(),
        time_ms=time.time_ns() // 1_000_000,
    )
    state = RowSet(
        id=f"{version.name}-{version.version}",
        gate=GATE,
        rows=0,
        reliability=1.0,
        mode="fp-free",
        kind="none",
        steps=1,
        passes=1,
        judged=(step,),
    )
    record.put(tracking_of(store.runtime), state, "gate.judged", f"{spec}: {verdict.outcome}")
    return Fitness(verdict, node.hex())


def _findings(store: Store, spec: str, latency_ms: float, *, trust: bool) -> list[Finding]:
    from clew.serve import Endpoint

    try:
        found = find(store, spec, trust=trust)
        endpoint = Endpoint(found.model, found.sample)
    except (ClewError, ImportError) as error:
        return [_finding("loads", str(error).splitlines()[0], holds=False)]
    compiled = endpoint.compiled
    columns = compiled.signature.n_features
    findings = [
        _finding("loads", f"as {compiled.form}", holds=True),
        _finding("schema", f"{columns} columns", holds=columns > 0),
    ]
    sample = found.sample
    rows = sample.iloc[:_ROWS] if hasattr(sample, "iloc") else sample[:_ROWS]
    together = list(endpoint.predict(rows))
    alone, spent_ms = [], []
    for at in range(len(rows)):
        row = rows.iloc[at : at + 1] if hasattr(rows, "iloc") else rows[at : at + 1]
        started = time.perf_counter()
        alone.append(endpoint.predict(row)[0])
        spent_ms.append((time.perf_counter() - started) * 1000)
    differ = sum(bool(a != b) for a, b in zip(together, alone, strict=True))
    said = f"{differ} of {len(alone)} rows are answered otherwise alone than together"
    findings.append(_finding("batch equals online", said, holds=differ == 0))
    median = sorted(spent_ms)[len(spent_ms) // 2]
    said = f"median {median:.3f} ms, at most {latency_ms:g} ms"
    findings.append(_finding("latency", said, holds=median <= latency_ms))
    return findings


def _finding(clause: str, reason: str, *, holds: bool) -> Finding:
    outcome: Outcome = "PASS" if holds else "FAIL"
    return Finding(clause, outcome, "measured", reason)
