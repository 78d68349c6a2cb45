"""Who watches is told of every request: the access log, traces, and counts for Prometheus."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from clew.api.inference.app import Inference
from clew.api.inference.limits import DEFAULT
from clew.api.inference.models import Models
from clew.api.inference.watch import AccessLog, Watcher
from clew.serve.deployment.alone import Alone
from clew.serve.hosted import Hosted
from tests.api.conftest import Client
from tests.api.inference import host
from tests.api.inference.host import ROW

PATH = "/v2/models/income/predict"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@pytest.fixture
def models(tmp_path: Path) -> Models:
    made = host.served(tmp_path)
    hosted = made.get("income")
    assert isinstance(hosted, Hosted)
    made.add(Alone("income", "1", "content1", hosted.compiled))
    return made


def rpc(models: Models, watchers: list[Watcher], names: list[str]) -> list[Any]:
    """Ask for models over gRPC; return the responses, or the errors."""
    grpc = pytest.importorskip("grpc")
    from clew.api.inference.rpc.messages import pb
    from clew.api.inference.rpc.server import RpcServer

    async def ask() -> list[Any]:
        server = RpcServer(models, "127.0.0.1:0", limits=DEFAULT, watchers=watchers)
        port = await server.start()
        found: list[Any] = []
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
            for name in names:
                request = pb.ModelInferRequest(model_name=name)
                for column, value in ROW.items():
                    tensor = request.inputs.add(name=column, shape=[1, 1])
                    tensor.datatype = "BYTES" if isinstance(value, str) else "FP64"
                    if isinstance(value, str):
                        tensor.contents.bytes_contents.append(value.encode())
                    else:
                        tensor.contents.fp64_contents.append(value)
                metadata = tuple(PARENT.items())
                try:
                    found.append(await call(request.SerializeToString(), metadata=metadata))
                except grpc.RpcError as error:
                    found.append(error)
        await server.stop(1)
        return found

    return asyncio.run(ask())


def test_a_line_for_each_request_says_who_answered(models: Models) -> None:
    file = io.StringIO()
    watchers: list[Watcher] = [AccessLog(file)]
    client = Client(Inference(models, watchers=watchers))
    given = client("POST", PATH, {"rows": [ROW, ROW]}, headers=PARENT).json()
    assert client("POST", PATH, {"rows": []}).status == 400
    assert client("GET", "/v2/health/live").status == 200
    rpc(models, watchers, ["income", "nobody"])
    good, bad, health, called, absent = map(json.loads, file.getvalue().splitlines())
    assert (good["status"], good["model"], good["version"], good["rows"]) == (
        "200",
        "income",
        "1",
        2,
    )
    assert good["prediction"] == given["predictions"][0]["id"]
    assert good["trace"] == PARENT["traceparent"]
    assert (bad["status"], "prediction" in bad) == ("400", False)
    assert (health["path"], health["protocol"]) == ("/v2/health/live", "http")
    assert (called["status"], called["method"], called["rows"]) == ("OK", "ModelInfer", 1)
    assert (called["protocol"], called["trace"]) == ("grpc", PARENT["traceparent"])
    assert absent["status"] == "NOT_FOUND"


def test_spans_go_on_with_the_callers_trace(models: Models) -> None:
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from clew.api.inference.traces import Traces

    exporter = memory.InMemorySpanExporter()
    traces = Traces(exporter)
    client = Client(Inference(models, watchers=[traces]))
    client("POST", PATH, {"rows": [ROW]}, headers=PARENT)
    client("GET", "/v2/models/nobody")
    rpc(models, [traces], ["income"])
    traces._provider.force_flush()
    spans = exporter.get_finished_spans()
    traces.close()
    answer, request, nobody, called = spans
    assert f"{request.context.trace_id:032x}" == TRACE
    assert (answer.name, answer.parent.span_id) == ("answer income/1", request.context.span_id)
    assert request.start_time <= answer.start_time <= answer.end_time <= request.end_time
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["clew.rows"] == 1
    assert (nobody.attributes["http.response.status_code"], nobody.parent) == (404, None)
    assert (called.attributes["rpc.system"], f"{called.context.trace_id:032x}") == ("grpc", TRACE)


def test_latencies_and_statuses_are_counted(models: Models) -> None:
    client = Client(Inference(models))
    for _ in range(5):
        assert client("POST", PATH, {"rows": [ROW]}).status == 200
    assert client("POST", PATH, {"rows": 1}).status == 400
    text = client("GET", "/metrics").body.decode()
    labels = 'model="income",version="1"'
    buckets = [
        int(count)
        for count in re.findall(rf"clew_request_seconds_bucket\{{{labels},le=.*\}} (\d+)", text)
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 5
    assert f"clew_request_seconds_count{{{labels}}} 5" in text
    assert f"clew_rows_total{{{labels}}} 5" in text
    assert 'clew_responses_total{protocol="http",status="200"} 5' in text
    assert 'clew_responses_total{protocol="http",status="400"} 1' in text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+=".*"\})? [0-9.e+-]+', line), line


def test_the_example_of_kubernetes_asks_what_is_answered(models: Models) -> None:
    text = (Path(__file__).parents[3] / "docs/serving.md").read_text("utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    deployment, service = yaml.safe_load_all(block)
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    client = Client(Inference(models))
    for probe in ("readinessProbe", "livenessProbe"):
        get = container[probe]["httpGet"]
        assert client("GET", get["path"]).status == 200
        assert get["port"] in [port["name"] for port in container["ports"]]
    assert pod["spec"]["terminationGracePeriodSeconds"] > DEFAULT.timeout_s
    labels = pod["metadata"]["labels"]
    assert labels == deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
