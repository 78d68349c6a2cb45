"""Whatever is asked, the answer is what the contract promises, and never a defect."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.api.problem import Problem
from clew.api.rest import openapi
from clew.api.rest.contract.routes import PREFIX, ROUTES
from clew.api.server.assemble import assemble
from clew.app.served import open_served
from clew.app.settings import load
from clew.entities import Dataset, DatasetInput, Metric, Owner
from clew.wire.message import MEDIA
from tests.api.conftest import Client

pytestmark = pytest.mark.slow
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")


@schemathesis.serializer(MEDIA)
def as_message(context, value) -> bytes:
    """Tell schemathesis that it may draw bodies of this kind."""
    return message_of(value)


def message_of(value: object) -> bytes:
    """Return a message; what it cannot hold (numbers beyond 64 bits) as text."""
    return msgspec.msgpack.encode(_held(value))


def _held(value: object) -> object:
    if isinstance(value, dict):
        return {str(_held(name)): _held(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_held(part) for part in value]
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value if isinstance(value, int | float | bytes | None) else str(value)


BY_REQUEST = {(r.method, PREFIX + r.path): r for r in ROUTES if r.name != "events.stream"}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> tuple[Client, list[str]]:
    """A store with something of each kind, and the names of it."""
    served = open_served(load(store=tmp_path_factory.mktemp("fuzz")))
    tracking = served.tracking
    run = tracking.runs.create("0", name="run")
    tracking.logging.log(
        run.id,
        metrics=[Metric("auc", value, i, i) for i, value in enumerate((0.5, float("nan")))],
        params={"depth": "3"},
    )
    data = Dataset(name="rows", digest="d1", schema="[1, {}]", profile='{"columns": 3}')
    tracking.logging.log_inputs(run.id, datasets=[DatasetInput(data)])
    writer = tracking.artifacts.writer(Owner("run", run.id), "a.csv")
    writer.write(b"a,b\n1,2\n")
    writer.commit()
    model = tracking.models.create("0", source_run_id=run.id)
    tracking.registered.create("m")
    tracking.versions.create("m", f"models:/{model.id}", model_id=model.id, run_id=run.id)
    tracking.aliases.set("m", "best", 1)
    names = [run.id, model.id, "0", "m", "1", "rows", "d1", "best", "a.csv", "last"]
    return Client(assemble(served)), names


def operations() -> list:
    schema = schemathesis.openapi.from_dict(openapi.document())
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if (one.method.upper(), one.path) in BY_REQUEST]


@pytest.mark.parametrize("operation", operations(), ids=lambda one: f"{one.method} {one.path}")
def test_no_request_is_a_defect(operation, world) -> None:
    client, names = world
    route = BY_REQUEST[operation.method.upper(), operation.path]

    @given(case=operation.as_strategy(), known=st.lists(st.sampled_from(names), max_size=4))
    @settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
    def ask(case, known) -> None:
        values = dict(case.path_parameters or {})
        for name, one in zip(values, known, strict=False):
            values[name] = one
        path = re.sub(r"{(\w+)}", lambda m: quote(str(values[m[1]]), safe="%"), operation.path)
        query = {k: v for k, v in (case.query or {}).items() if v is not None}
        for name, one in zip(query, known[len(values) :], strict=False):
            query[name] = one
        text = urlencode(query, doseq=True, errors="surrogatepass")
        body = case.body if isinstance(case.body, dict | list | str | int | float) else None
        if case.media_type == MEDIA:
            raw = message_of(case.body if body is not None else [])
            answer = client(
                route.method, f"{path}?{text}", raw=raw, headers={"content-type": MEDIA}
            )
        else:
            answer = client(route.method, f"{path}?{text}", body)
        assert answer.status < 500 or answer.json()["kind"] == "MissingExtra", answer.body
        if answer.status >= 400:
            msgspec.json.decode(answer.body, type=Problem)
        elif answer.headers.get("content-type") == MEDIA:
            msgspec.msgpack.decode(answer.body)
        elif route.answer is not None:
            msgspec.json.decode(answer.body, type=route.answer)
            json.loads(answer.body)

    ask()
