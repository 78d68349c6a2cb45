"""A service: code around models, batched, kept, and followed back like a model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.app.deployments.open import Opened, Settings
from clew.app.served import Served
from clew.app.serving import journal_of
from clew.app.trace_back import origin
from clew.errors import InvalidParameter, NotFound, WrongType
from clew.registry import promote
from clew.serve import Endpoint, Service
from clew.serve.service import ServiceFailed, compiled_service
from tests.api.inference.test_deployed import Process
from tests.api.inference.test_deployed import versions as versions

SOURCE = """
from clew.errors import InvalidParameter
from clew.serve import Service


class Choice(Service):
    uses = {"one": "line@champion", "other": "line/2"}
    gives = "text"
    calls = []

    def predict(self, rows):
        self.calls.append(len(rows))
        if any(row["a"] > 100 for row in rows):
            raise InvalidParameter("too large", got="a", expected="100 at the most")
        if any(row["a"] < -100 for row in rows):
            return [1] * len(rows)
        first = self.models["one"].predict(rows)
        self.models["other"].predict(rows[:1])
        shares = self.models["one"].predict_proba(rows)
        return [f"{label} {share[1] > 0.5}" for label, share in zip(first, shares)]


class Nothing:
    pass
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "chosen_service.py").write_text(SOURCE)
    yield f"{tmp_path}/chosen_service.py:Choice"
    sys.modules.pop("chosen_service", None)


def asked(process: Process, *values: float) -> Any:
    body = {"rows": [{"a": a, "b": 0.0} for a in values]}
    return process.client("POST", "/v2/models/Choice/predict", body)


def test_a_service_answers_and_leads_back_to_models_and_code(
    served: Served, versions: list[Any], spec: str
) -> None:
    process = Process(served, spec)
    answers = asked(process, 2.0, -2.0).json()["predictions"]
    assert [one["prediction"] for one in answers] == ["1 True", "0 False"]
    found = origin(served.store, journal_of(served.store), answers[1]["id"])
    decision = found.prediction.decision
    assert decision is not None
    # What was asked for some of the rows only is no answer to this row.
    assert (decision.arms, decision.votes) == (("line/1", "line/2"), {"line/1": [0]})
    assert found.prediction.confidence is None
    operations = [step.operation.rpartition(":")[2] for step in found.steps]
    assert operations[0] == "service"
    assert operations.count("fit") == 2
    assert "rows" in operations
    metadata = process.client("GET", "/v2/models/Choice").json()
    assert metadata["platform"] == "clew_service"
    assert metadata["outputs"][0]["datatype"] == "BYTES"
    assert [one["name"] for one in metadata["inputs"]] == ["a", "b"]


def test_requests_together_are_one_call_and_one_spoils_no_other(
    served: Served, versions: list[Any], spec: str
) -> None:
    hosted = Process(served, spec).models.get("Choice")
    calls = sys.modules["chosen_service"].Choice.calls
    calls.clear()

    async def crowd() -> list[Any]:
        waiting = [hosted.answer([{"a": a, "b": 0.0}]) for a in (1.0, 2.0, 3.0)]
        answers = await asyncio.gather(*waiting)
        mixed = [hosted.answer([{"a": a, "b": 0.0}]) for a in (1.0, 1000.0)]
        return [*answers, *await asyncio.gather(*mixed, return_exceptions=True)]

    *good, last = asyncio.run(crowd())
    assert max(calls) > 1
    assert [one[0].prediction for one in good] == ["1 True"] * 4
    assert isinstance(last, InvalidParameter)


def test_what_a_service_declares_is_held(served: Served, versions: list[Any], spec: str) -> None:
    process = Process(served, spec)
    refused = asked(process, 1000.0)
    assert (refused.status, refused.json()["what"]) == (400, "too large")
    broken = asked(process, -1000.0)
    assert (broken.status, broken.json()["kind"]) == (500, "ServiceFailed")
    text = process.client("POST", "/v2/models/Choice/predict", {"rows": [{"a": "x", "b": 0.0}]})
    assert text.json()["kind"] == "WrongType"


def test_it_follows_the_aliases_of_its_models(
    served: Served, versions: list[Any], spec: str
) -> None:
    process = Process(served, spec)
    before = process.models.get("Choice")
    promote("line", 2)
    process.until(lambda: process.models.get("Choice") is not before)
    after = process.models.get("Choice")
    assert after.version != before.version
    assert after.arms == ("line/2",)  # type: ignore[attr-defined]
    assert asked(process, 2.0).json()["predictions"][0]["prediction"] == "0 False"


def test_what_is_no_service_is_told(served: Served, versions: list[Any], spec: str) -> None:
    place = spec.rpartition(":")[0]
    for wrong in (f"{place}:Nothing", f"{place}:Absent", "nowhere.py:Choice"):
        with pytest.raises(NotFound):
            Opened(served.store, [wrong], Settings(), None, "")
    with pytest.raises(InvalidParameter):
        Opened(served.store, [spec], Settings(sample=Path("rows.csv")), None, "")


class Plain(Service):
    reads = {"n": "integer"}
    gives = "number"
    given: Any = None

    def predict(self, rows: list[dict[str, Any]]) -> Any:
        return self.given if self.given is not None else [2 * row["n"] for row in rows]


@pytest.mark.parametrize("given", [[1.0, 2.0], ["a"], [True], [None], []])
def test_answers_of_another_kind_are_its_own_defect(
    monkeypatch: pytest.MonkeyPatch, given: list[Any]
) -> None:
    monkeypatch.setattr(Plain, "given", given)
    with pytest.raises(ServiceFailed):
        Endpoint(compiled_service(Plain, {}, [])).predict([{"n": 1}])


def test_a_service_without_models_answers_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint(compiled_service(Plain, {}, []))
    assert endpoint.predict([{"n": 1}, {"n": 2}]).tolist() == [2.0, 4.0]
    with pytest.raises(WrongType):
        endpoint.predict([{"n": "one"}])
    monkeypatch.setattr(Plain, "reads", {})
    with pytest.raises(InvalidParameter):
        compiled_service(Plain, {}, [])
    monkeypatch.setattr(Plain, "reads", {"n": "integers"})
    with pytest.raises(WrongType):
        compiled_service(Plain, {}, [])
    monkeypatch.setattr(Plain, "reads", {"n": "integer"})
    monkeypatch.setattr(Plain, "gives", "numbers")
    with pytest.raises(InvalidParameter):
        compiled_service(Plain, {}, [])
