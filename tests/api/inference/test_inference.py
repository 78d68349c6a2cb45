"""The inference application, asked as its clients ask."""

from __future__ import annotations

import asyncio
import gzip
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from clew.api.access import Access
from clew.api.inference.app import Inference
from clew.api.inference.limits import Limits
from clew.api.inference.models import Models
from clew.api.server.guard import LOCAL_NAMES, Guard
from clew.app.access import make
from clew.app.served import Served
from clew.serve import compile_model
from clew.serve.hosted import Hosted
from tests.api.conftest import Answer, Client
from tests.api.inference import host
from tests.api.inference.host import ROW, fitted, frame


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return host.served(tmp_path)


@pytest.fixture
def client(models: Models) -> Client:
    return Client(Inference(models))


def tensors(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kinds = {"age": "INT64", "hours": "FP64", "job": "BYTES"}
    return [
        {"name": n, "datatype": k, "shape": [len(rows), 1], "data": [row[n] for row in rows]}
        for n, k in kinds.items()
    ]


def named(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return {output["name"]: output for output in answer.json()["outputs"]}


def test_an_inference_gives_the_models_answers(client: Client) -> None:
    X, _ = frame()
    rows = X.head(5).to_dict("records")
    request = {"id": "mine", "inputs": tensors(rows)}
    answer = client("POST", "/v2/models/income/infer", request)
    outputs = named(answer)
    model = fitted()
    assert answer.json()["id"] == "mine"
    assert outputs["prediction"]["data"] == model.predict(X.head(5)).tolist()
    assert outputs["probabilities"]["shape"] == [5, 2]
    given = np.array(outputs["probabilities"]["data"]).reshape(5, 2)
    assert np.allclose(given, model.predict_proba(X.head(5)), rtol=1e-12)
    versioned = client("POST", "/v2/models/income/versions/1/infer", request)
    assert named(versioned)["prediction"] == outputs["prediction"]


def test_nested_data_and_flat_shapes_are_understood(client: Client) -> None:
    inputs = tensors([ROW])
    inputs[0] |= {"data": [[40]]}
    inputs[1] |= {"shape": [1]}
    assert client("POST", "/v2/models/income/infer", {"inputs": inputs}).status == 200


def test_the_binary_extension_both_ways(client: Client) -> None:
    texts = b"".join(struct.pack("<I", len(t)) + t for t in (b"smith", "küfer".encode()))
    parts = [
        np.array([40, 60], "<i4").tobytes(),
        np.array([38.5, 20.0], "<f4").tobytes(),
        texts,
    ]
    inputs = [
        {"name": n, "datatype": k, "shape": [2, 1], "parameters": {"binary_data_size": len(p)}}
        for (n, k), p in zip(
            (("age", "INT32"), ("hours", "FP32"), ("job", "BYTES")), parts, strict=True
        )
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    body = head + b"".join(parts)
    for content, coding in (
        (body, {}),
        (gzip.compress(body, mtime=0), {"content-encoding": "gzip"}),
    ):
        answer = client(
            "POST",
            "/v2/models/income/infer",
            raw=content,
            headers={"inference-header-content-length": str(len(head)), **coding},
        )
        assert answer.status == 200, answer.body
        length = int(answer.headers["inference-header-content-length"])
        response, rest = json.loads(answer.body[:length]), answer.body[length:]
        sizes = {o["name"]: o["parameters"]["binary_data_size"] for o in response["outputs"]}
        assert sum(sizes.values()) == len(rest)
        first = sizes["prediction"]
        assert rest[:first] == struct.pack("<I", 2) + b"no" + struct.pack("<I", 3) + b"yes"
        shares = np.frombuffer(rest[first : first + sizes["probabilities"]], "<f8")
        assert np.allclose(shares.reshape(2, 2).sum(axis=1), 1)


def test_chosen_outputs_only(client: Client) -> None:
    request = {"inputs": tensors([ROW]), "outputs": [{"name": "probabilities"}]}
    assert list(named(client("POST", "/v2/models/income/infer", request))) == ["probabilities"]
    request["outputs"] = [{"name": "nothing"}]
    refused = client("POST", "/v2/models/income/infer", request)
    assert (refused.status, refused.json()["expected"]) == (
        400,
        "prediction, probabilities, prediction_id",
    )


def test_health_metadata_and_repository(client: Client) -> None:
    assert client("GET", "/v2/health/live").json()["live"] is True
    assert client("GET", "/v2/health/ready").json() == {"ready": True, "live": True}
    assert client("GET", "/v2").json()["name"] == "clew"
    metadata = client("GET", "/v2/models/income").json()
    assert [i["datatype"] for i in metadata["inputs"]] == ["INT64", "FP64", "BYTES"]
    assert metadata["parameters"]["classes"] == ["no", "yes"]
    assert client("GET", "/v2/models/income/versions/1/ready").json()["ready"] is True
    assert client("GET", "/v2/models/income/config").json()["name"] == "income"
    assert client("POST", "/v2/repository/index", {}).json()[0]["state"] == "READY"
    assert client("POST", "/v2/repository/models/income/load", {}).status == 200
    assert client("GET", "/v2/models/income").json()["versions"] == ["2"]
    assert client("POST", "/v2/repository/models/income/unload", {}).status == 200
    assert client("GET", "/v2/health/ready").status == 503
    gone = client("POST", "/v2/models/income/infer", {"inputs": tensors([ROW])})
    assert gone.status == 404


def test_a_moved_alias_is_followed_and_a_version_that_cannot_be_loaded_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    X, _ = frame()
    compiled = compile_model(fitted(), X)
    wanted = ["1"]

    def load(name: str) -> Hosted:
        if wanted[0] == "broken":
            raise ValueError("no such file")
        return Hosted(name, wanted[0], "content" + wanted[0], compiled)

    async def drive() -> list[str]:
        models = Models(load, moved=lambda hosted: hosted.version != wanted[0])
        models.add(load("income"))
        following = asyncio.ensure_future(models.follow(0.01))
        seen = []
        for version in ("2", "broken", "3"):
            wanted[0] = version
            for _ in range(20):
                await models.get("income").answer([ROW] * 3)
                await asyncio.sleep(0.01)
            seen.append(models.get("income").version)
        following.cancel()
        return seen

    assert asyncio.run(drive()) == ["2", "2", "3"]
    assert "goes on as it was" in caplog.text


def test_plain_rows_feedback_and_the_prediction_itself(client: Client) -> None:
    answer = client("POST", "/v2/models/income/predict", {"rows": [ROW]}).json()
    (given,) = answer["predictions"]
    assert (answer["version"], given["prediction"]) == ("1", "no")
    told = {"feedback": [{"id": given["id"], "truth": "yes"}]}
    assert client("POST", "/v2/models/income/feedback", told).status == 200
    kept = client("GET", f"/v2/predictions/{given['id']}").json()
    assert (kept["row"], kept["answer"], kept["content"]) == (ROW, "no", "content1")
    assert [said["truth"] for said in kept["feedback"]] == ["yes"]


def test_the_cache_gives_the_same_answer_under_an_id_of_its_own(client: Client) -> None:
    first = client("POST", "/v2/models/income/predict", {"rows": [ROW, ROW]}).json()["predictions"]
    again = client("POST", "/v2/models/income/predict", {"rows": [ROW]}).json()["predictions"]
    assert len({one["id"] for one in (*first, *again)}) == 3
    assert {one["prediction"] for one in (*first, *again)} == {"no"}
    stats = client("GET", "/v2/models/income/stats").json()["model_stats"][0]
    assert stats["inference_stats"]["cache_hit"]["count"] == 1
    assert client("GET", f"/v2/predictions/{again[0]['id']}").json()["answer"] == "no"


@pytest.mark.parametrize(
    "request_",
    [
        {"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}},
        {"dataframe_records": [ROW]},
        {"instances": [ROW]},
        {"inputs": {name: [value] for name, value in ROW.items()}},
        {"inputs": [list(ROW.values())]},
    ],
)
def test_mlflows_forms(client: Client, request_: dict[str, Any]) -> None:
    assert client("POST", "/invocations", request_).json() == {"predictions": ["no"]}


def test_mlflows_csv_and_ping(client: Client) -> None:
    body = b"job,age,hours\nsmith,40,38.5\nclerk,60,\n"
    answer = client("POST", "/invocations", raw=body, headers={"content-type": "text/csv"})
    assert answer.status == 400  # this model was fitted on rows without gaps
    body = b"job,age,hours\nsmith,40,38.5\nclerk,60,20\n"
    answer = client("POST", "/invocations", raw=body, headers={"content-type": "text/csv"})
    assert answer.json() == {"predictions": ["no", "yes"]}
    assert client("GET", "/ping").status == 200


def test_a_matrix_model(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    compiled = compile_model(LinearRegression().fit(X, X @ [1.0, 2.0]), X)
    models = Models(lambda name: pytest.fail(name))
    models.add(Hosted("line", "1", "abc", compiled))
    client = Client(Inference(models))
    tensor = {"name": "X", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}
    outputs = named(client("POST", "/v2/models/line/infer", {"inputs": [tensor]}))
    assert np.allclose(outputs["prediction"]["data"], [5, 11])
    assert outputs["prediction"]["datatype"] == "FP64"
    assert client("POST", "/invocations", {"inputs": [[1, 2]]}).status == 200
    refused = client("POST", "/v2/models/line/feedback", {"feedback": []})
    assert refused.status == 409


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"inputs": []}, "no inputs"),
        ({"inputs": [{"name": "age"}]}, "no inference request"),
        ({"inputs": tensors([ROW])[:2]}, "job too"),
        ({"inputs": [*tensors([ROW]), tensors([ROW])[0]]}, "given twice"),
        ({"inputs": [{**tensors([ROW])[0], "datatype": "INT65"}, *tensors([ROW])[1:]]}, "INT65"),
        ({"inputs": [{**tensors([ROW])[0], "shape": [2]}, *tensors([ROW])[1:]]}, "do not fit"),
        ({"inputs": [{**tensors([ROW])[0], "data": ["old"]}, *tensors([ROW])[1:]]}, "'age'"),
        ({"inputs": [{**tensors([ROW])[0], "data": [[1], 2]}, *tensors([ROW])[1:]]}, "nested"),
    ],
)
def test_bad_requests_are_explained(client: Client, change: dict[str, Any], text: str) -> None:
    answer = client("POST", "/v2/models/income/infer", change)
    assert answer.status == 400, answer.body
    assert text in answer.json()["error"]


def test_limits(models: Models) -> None:
    client = Client(Inference(models, limits=Limits(most_bytes=2000)))
    large = {"rows": [ROW] * 100}
    assert client("POST", "/v2/models/income/predict", large).status == 413
    bomb = gzip.compress(b" " * 10_000_000, mtime=0)
    answer = client(
        "POST", "/v2/models/income/predict", raw=bomb, headers={"content-encoding": "gzip"}
    )
    assert answer.status in (400, 413)
    for path in ("/v2/models/none/infer", "/v2/nothing", "/v2/models/income/nothing", "/../x"):
        assert client("POST", path, {}).status == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)
TENSOR = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["age", "hours", "job", "X", ""]),
        "datatype": st.sampled_from(["FP64", "INT64", "BYTES", "BOOL", "??"]),
        "shape": st.lists(st.integers(-1, 3), max_size=3),
        "data": JSON,
    },
    optional={"parameters": st.dictionaries(st.just("binary_data_size"), JSON)},
)


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    path=st.sampled_from(["infer", "predict", "feedback", "/invocations"]),
    body=st.one_of(
        JSON,
        st.fixed_dictionaries({"inputs": st.lists(TENSOR, max_size=4)}),
        st.fixed_dictionaries({"rows": JSON}),
        st.fixed_dictionaries({"dataframe_split": JSON}),
        st.fixed_dictionaries({"instances": JSON}),
        st.fixed_dictionaries({"feedback": JSON}),
    ),
    tail=st.binary(max_size=20),
    length=st.none() | st.integers(-5, 300),
)
def test_nothing_malformed_is_a_defect(
    client: Client, path: str, body: Any, tail: bytes, length: int | None
) -> None:
    headers = {} if length is None else {"inference-header-content-length": str(length)}
    where = path if path.startswith("/") else f"/v2/models/income/{path}"
    raw = json.dumps(body).encode() + tail
    answer = client("POST", where, raw=raw, headers=headers)
    assert answer.status < 500, (raw, answer.body)


def test_bodies_in_every_coding(client: Client) -> None:
    body = json.dumps({"rows": [ROW] * 100}).encode()
    engine = zlib.compressobj(wbits=-15)
    bare = engine.compress(body) + engine.flush()
    contents = [gzip.compress(body, mtime=0), zlib.compress(body), bare, body]
    for coding, content in zip(("gzip", "deflate", "deflate", "identity"), contents, strict=True):
        headers = {"content-encoding": coding, "accept-encoding": coding}
        answer = client("POST", "/v2/models/income/predict", raw=content, headers=headers)
        assert answer.status == 200, answer.body
        told = answer.headers.get("content-encoding")
        unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}[told]
        assert len(json.loads(unpack(answer.body))["predictions"]) == 100
        assert told == (None if coding == "identity" else coding)


@pytest.mark.parametrize(
    ("coding", "content", "status"),
    [
        ("gzip", gzip.compress(b'{"rows": []}', mtime=0)[:-4], 400),  # cut off
        ("gzip", gzip.compress(b"{}", mtime=0) + b"more", 400),
        ("deflate", b"no such stream", 400),
        ("br", b"{}", 415),
    ],
)
def test_bodies_that_are_not_what_they_say(
    client: Client, coding: str, content: bytes, status: int
) -> None:
    headers = {"content-encoding": coding}
    answer = client("POST", "/v2/models/income/predict", raw=content, headers=headers)
    assert answer.status == status, answer.body


def test_a_body_that_ends_early_is_no_request(models: Models) -> None:
    sent: list[dict[str, Any]] = []
    messages = [
        {"type": "http.request", "body": b"age,hours,job\n40,38.5,smith\n", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/invocations",
        "headers": [(b"content-type", b"text/csv")],
    }
    asyncio.run(Inference(models)(scope, receive, send))
    assert sent[0]["status"] == 400
    assert models.get("income").batcher.counts.rows == 0


def test_a_declared_size_is_refused_before_it_comes(models: Models) -> None:
    client = Client(Inference(models, limits=Limits(most_bytes=2000)))
    for size in ("2001", "9" * 18, "9" * 4000):
        headers = {"content-length": size}
        answer = client("POST", "/v2/models/income/predict", raw=b"{}", headers=headers)
        assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_what_takes_too_long_is_ended(models: Models) -> None:
    async def drive() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(60)
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": []}
        await Inference(models, limits=Limits(timeout_s=0.01))(scope, receive, send)
        return sent

    assert asyncio.run(drive())[0]["status"] == 504


def test_who_may_ask(models: Models, served: Served) -> None:
    access = Access(served.tokens, needs_token=True)
    client = Client(Inference(models, access=access))
    rows = {"rows": [ROW]}
    assert client("GET", "/v2/health/ready").status == 200
    assert client("POST", "/v2/models/income/predict", rows).status == 401
    reader, logger, promoter = (
        {"authorization": f"Bearer {make(served.tokens, scope, [scope])[1]}"}
        for scope in ("read", "log", "promote")
    )
    answer = client("POST", "/v2/models/income/predict", rows, headers=reader)
    assert answer.status == 200
    told = {"feedback": [{"id": answer.json()["predictions"][0]["id"], "reward": 1}]}
    assert client("POST", "/v2/models/income/feedback", told, headers=reader).status == 403
    assert client("POST", "/v2/models/income/feedback", told, headers=logger).status == 200
    load = "/v2/repository/models/income/load"
    assert client("POST", load, {}, headers=logger).status == 403
    assert client("POST", load, {}, headers=promoter).status == 200
    wrong = {"authorization": "Bearer nothing"}
    assert client("GET", "/metrics", headers=wrong).status == 401


def test_a_strangers_page_is_refused(models: Models) -> None:
    client = Client(Inference(models, guard=Guard(LOCAL_NAMES)))
    rows = {"rows": [ROW]}
    path = "/v2/models/income/predict"
    assert client("POST", path, rows).status == 200
    assert client("POST", path, rows, headers={"host": "evil.example"}).status == 403
    assert client("POST", path, rows, headers={"origin": "http://evil.example"}).status == 403


@pytest.mark.parametrize("parameter", ["classification", "sequence_id", "shared_memory_region"])
def test_what_is_not_done_is_refused(client: Client, parameter: str) -> None:
    asked = {"inputs": tensors([ROW]), "parameters": {parameter: 1}}
    answer = client("POST", "/v2/models/income/infer", asked)
    assert (answer.status, parameter in answer.json()["got"]) == (400, True)


def test_the_repository_lists_what_is_ready_and_loads_nothing_from_requests(client: Client) -> None:
    given = {"parameters": {"config": "{}"}}
    assert client("POST", "/v2/repository/models/income/load", given).status == 400
    assert client("POST", "/v2/repository/models/../../etc/load", {}).status == 404
    client("POST", "/v2/repository/models/income/unload", {})
    assert [one["state"] for one in client("POST", "/v2/repository/index").json()] == [
        "UNAVAILABLE"
    ]
    assert client("POST", "/v2/repository/index", {"ready": True}).json() == []


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**400])
def test_numbers_beyond_64_bits_are_refused(client: Client, number: int) -> None:
    """Neither tensors nor the journal hold them; the model is served with a cache here."""
    for column in ("age", "hours"):
        refused = client("POST", "/v2/models/income/predict", {"rows": [{**ROW, column: number}]})
        assert refused.status == 400, refused.body
        error = refused.json()["error"]
        assert column in error or "64 bits" in error
    told = {"feedback": [{"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "truth": number}]}
    assert client("POST", "/v2/models/income/feedback", told).status == 400


def test_names_of_columns_are_texts(client: Client) -> None:
    split = {"columns": ["age", ["hours"], "job"], "data": [[40, 38.5, "smith"]]}
    assert client("POST", "/invocations", {"dataframe_split": split}).status == 400
