"""Predictions: found, and followed back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clew.api.rest.contract.predictions import (
    DecisionDetail,
    FeedbackLine,
    PredictionDetail,
    PredictionRow,
    PredictionsQuery,
    PredictionsTable,
    ShadowLine,
    SourceRowLine,
    Thread,
    ThreadStep,
    VersionLine,
)
from clew.api.rest.dispatch import Handler
from clew.api.rest.handlers.deployments import state_line
from clew.app.predictions import Wanted, search
from clew.app.served import Served
from clew.app.serving import journal_of
from clew.app.trace_back import Origin, origin
from clew.errors import InvalidParameter
from clew.serve.journal import Prediction


def listed(served: Served, query: PredictionsQuery) -> PredictionsTable:
    """Find predictions."""
    wanted = Wanted(
        model=query.model,
        version=query.version,
        arm=query.arm,
        answer=query.answer,
        judged=query.judged,
        columns=_columns(query.column),
        least_confidence=query.least_confidence,
        most_confidence=query.most_confidence,
        since_ms=query.since_ms,
        until_ms=query.until_ms,
    )
    page = search(journal_of(served.store), wanted, limit=query.limit, before=query.before)
    return PredictionsTable(
        rows=[_row(found) for found in page.items], scanned=page.scanned, next=page.next
    )


def get(served: Served, id: str) -> PredictionDetail:
    """Return one prediction with its thread."""
    found = origin(served.store, journal_of(served.store), id)
    prediction = found.prediction
    return PredictionDetail(
        prediction=_row(prediction),
        decision=_decision(prediction),
        shadows=[
            ShadowLine(
                arm=shadow.arm,
                content=shadow.content,
                answer=_plain(shadow.answer),
                probabilities=shadow.probabilities,
                latency_ms=shadow.seconds * 1e3,
                error=shadow.error,
            )
            for shadow in prediction.shadows
        ],
        thread=_thread(found),
    )


def _columns(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidParameter("column", got=repr(text[:100]), expected="NAME=VALUE")
        found[name] = value
    return found


def _row(found: Prediction) -> PredictionRow:
    decision = found.decision
    seconds = found.seconds if decision is None else decision.latency_s
    return PredictionRow(
        id=found.id,
        time_ms=found.time_ms,
        model=found.model,
        version=found.version,
        content=found.content,
        arm=", ".join(decision.votes or decision.arms) if decision else "",
        policy=decision.policy if decision else "",
        row={name: _plain(value) for name, value in found.row.items()},
        answer=_plain(found.answer),
        probabilities=found.probabilities,
        confidence=found.confidence,
        latency_ms=seconds * 1e3,
        batch_rows=found.batch_rows,
        feedback=[
            FeedbackLine(
                id=said.id,
                time_ms=said.time_ms,
                truth=_plain(said.truth),
                reward=said.reward,
                note=said.note,
                rewards=said.observed.rewards if said.observed else {},
            )
            for said in found.feedback
        ],
    )


def _decision(found: Prediction) -> DecisionDetail | None:
    decision = found.decision
    if decision is None:
        return None
    return DecisionDetail(
        deployment=decision.deployment,
        policy=decision.policy,
        arms=list(decision.arms),
        chances=decision.chances,
        context=dict(decision.contexts[0]) if decision.contexts else {},
        votes={arm: _plain(labels[0]) for arm, labels in decision.votes.items()},
        late=list(decision.late),
        latency_ms=decision.latency_s * 1e3,
        note=decision.note,
    )


def _thread(found: Origin) -> Thread:
    version = found.version
    return Thread(
        deployment=state_line(found.deployment) if found.deployment else None,
        version=VersionLine(
            name=version.name,
            version=version.version,
            aliases=list(version.aliases),
            created_ms=version.created_ms,
            model_id=version.model_id,
            run_id=version.run_id,
        )
        if version
        else None,
        gate=found.gate,
        run=found.run,
        study=found.study,
        steps=[
            ThreadStep(id=step.node, operation=step.operation, kind=step.kind)
            for step in found.steps
        ],
        features=list(found.features),
        reads=list(found.reads),
        rows=[
            SourceRowLine(
                value=row.value,
                operation=row.operation,
                position=row.position,
                found_by=row.found_by,
                row=row.row,
            )
            for row in found.rows
        ],
    )


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: no NaN, no infinity."""
    if isinstance(value, float) and not -1e308 < value < 1e308:
        return {True: "Infinity", False: "-Infinity"}[value > 0] if value == value else "NaN"
    return value


HANDLERS: Mapping[str, Handler] = {"predictions.list": listed, "predictions.get": get}
