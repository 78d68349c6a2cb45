"""Stock clients of the protocol, unmodified, over HTTP and gRPC."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from tritonclient.grpc import model_config_pb2, service_pb2

from clew.api.inference.rpc import messages
from tests.api.inference.host import fitted, frame


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("served")
    command = [sys.executable, "-m", "tests.api.inference.host", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        http, rpc = process.stdout.readline().split()
        yield http.removeprefix("http://"), rpc
        process.terminate()
        assert process.wait(60) == 0


@pytest.fixture(params=["http", "grpc"])
def kit(request: pytest.FixtureRequest, addresses: tuple[str, str]) -> Iterator[Any]:
    """The client's module and a client."""
    module = getattr(tritonclient, request.param)
    client = module.InferenceServerClient(addresses[request.param == "grpc"])
    yield module, client
    client.close()


def asked(module: Any, n_rows: int = 3) -> list[Any]:
    X = frame()[0].head(n_rows)
    tensors = []
    for name, kind in (("age", "INT64"), ("hours", "FP64"), ("job", "BYTES")):
        tensor = module.InferInput(name, [n_rows, 1], kind)
        values = X[name].to_numpy()[:, None]
        tensor.set_data_from_numpy(values.astype(object) if kind == "BYTES" else values)
        tensors.append(tensor)
    return tensors


def test_inference(kit: Any) -> None:
    module, client = kit
    result = client.infer("income", asked(module), request_id="mine")
    X = frame()[0].head(3)
    labels = result.as_numpy("prediction")
    assert [label.decode() for label in labels] == fitted().predict(X).tolist()
    shares = result.as_numpy("probabilities")
    assert shares.shape == (3, 2)
    assert np.allclose(shares, fitted().predict_proba(X), rtol=1e-12)
    assert len(set(result.as_numpy("prediction_id"))) == 3
    response = result.get_response()
    assert (response["id"] if isinstance(response, dict) else response.id) == "mine"


def test_chosen_outputs_and_a_version(kit: Any) -> None:
    module, client = kit
    wanted = [module.InferRequestedOutput("probabilities")]
    version = client.get_model_metadata("income")
    version = (version["versions"] if isinstance(version, dict) else version.versions)[0]
    result = client.infer("income", asked(module), model_version=version, outputs=wanted)
    assert result.as_numpy("prediction") is None
    assert result.as_numpy("probabilities").shape == (3, 2)


def test_health_metadata_configuration_and_statistics(kit: Any) -> None:
    module, client = kit
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("income")
    assert not client.is_model_ready("nothing")
    plain = {} if module is tritonclient.http else {"as_json": True}
    assert client.get_server_metadata(**plain)["name"] == "clew"
    metadata = client.get_model_metadata("income", **plain)
    assert [one["datatype"] for one in metadata["inputs"]] == ["INT64", "FP64", "BYTES"]
    config = client.get_model_config("income", **plain)
    config = config.get("config", config)
    assert [one["data_type"] for one in config["input"]] == [
        "TYPE_INT64",
        "TYPE_FP64",
        "TYPE_STRING",
    ]
    client.infer("income", asked(module))
    for name in ("income", ""):
        (found,) = client.get_inference_statistics(name, **plain)["model_stats"]
        assert int(found["inference_stats"]["success"]["count"]) >= 3


def test_the_repository(kit: Any) -> None:
    module, client = kit
    plain = {} if module is tritonclient.http else {"as_json": True}
    client.load_model("income")
    index = client.get_model_repository_index(**plain)
    (found,) = index if isinstance(index, list) else index["models"]
    assert (found["name"], found["version"], found["state"]) == ("income", "2", "READY")
    with pytest.raises(Exception, match="no parameters"):
        client.load_model("income", config='{"backend": "python"}')
    client.unload_model("income")
    assert not client.is_server_ready()
    with pytest.raises(Exception, match="no such model"):
        client.infer("income", asked(module))
    client.load_model("income")
    assert client.is_model_ready("income")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_packed_bodies(kit: Any, coding: str) -> None:
    module, client = kit
    if module is tritonclient.http:
        packed = {"request_compression_algorithm": coding, "response_compression_algorithm": coding}
    else:
        packed = {"compression_algorithm": coding}
    result = client.infer("income", asked(module, 100), **packed)
    assert result.as_numpy("probabilities").shape == (100, 2)


def test_json_tensors_of_the_http_client(addresses: tuple[str, str]) -> None:
    with tritonclient.http.InferenceServerClient(addresses[0]) as client:
        tensors = []
        for name, kind, value in (
            ("age", "INT32", 40),
            ("hours", "FP32", 38.5),
            ("job", "BYTES", "x"),
        ):
            tensor = tritonclient.http.InferInput(name, [1, 1], kind)
            dtype = {"INT32": "i4", "FP32": "f4"}.get(kind, object)
            tensor.set_data_from_numpy(np.array([[value]], dtype=dtype), binary_data=False)
            tensors.append(tensor)
        wanted = [tritonclient.http.InferRequestedOutput("prediction", binary_data=False)]
        assert client.infer("income", tensors, outputs=wanted).as_numpy("prediction").shape == (1,)
        assert client.async_infer("income", tensors).get_result().as_numpy("prediction") is not None


def test_a_stream_answers_in_order_and_says_what_failed(addresses: tuple[str, str]) -> None:
    module = tritonclient.grpc
    got: list[tuple[Any, Any]] = []
    with module.InferenceServerClient(addresses[1]) as client:
        client.start_stream(lambda result, error: got.append((result, error)))
        for at, name in enumerate(["income", "nothing", "income"]):
            client.async_stream_infer(name, asked(module), request_id=str(at))
        client.stop_stream()
    assert [error is None for _, error in got] == [True, False, True]
    assert "no such model" in str(got[1][1])
    assert [got[at][0].get_response().id for at in (0, 2)] == ["0", "2"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model_name": "nothing"}, grpc.StatusCode.NOT_FOUND),
        ({"model_version": "77"}, grpc.StatusCode.NOT_FOUND),
        ({"inputs": []}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"raw_input_contents": [b"1"]}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"raw_input_contents": [b"1"] * 3}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_errors_have_their_codes(
    addresses: tuple[str, str], change: dict[str, Any], code: grpc.StatusCode
) -> None:
    request = typed_request(**change)
    with grpc.insecure_channel(addresses[1]) as channel:
        with pytest.raises(grpc.RpcError) as failed:
            called(channel, "ModelInfer", request.SerializeToString())
        assert failed.value.code() == code, failed.value
        for raw, wanted in (
            (b"\xff\xff", grpc.StatusCode.INVALID_ARGUMENT),
            (b"x" * (2 << 20), grpc.StatusCode.RESOURCE_EXHAUSTED),
        ):
            with pytest.raises(grpc.RpcError) as failed:
                called(channel, "ModelInfer", raw)
            assert failed.value.code() == wanted
        with pytest.raises(grpc.RpcError) as failed:
            called(channel, "TraceSetting", b"")
        assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_typed_contents_are_answered_with_typed_contents(addresses: tuple[str, str]) -> None:
    with grpc.insecure_channel(addresses[1]) as channel:
        raw = called(channel, "ModelInfer", typed_request().SerializeToString())
    response = service_pb2.ModelInferResponse.FromString(raw)
    assert not response.raw_output_contents
    made = {output.name: output.contents for output in response.outputs}
    assert list(made["prediction"].bytes_contents) == [b"no"]
    assert np.isclose(sum(made["probabilities"].fp64_contents), 1)


def typed_request(**change: Any) -> Any:
    tensor = service_pb2.ModelInferRequest.InferInputTensor
    inputs = [
        tensor(name="age", datatype="INT32", shape=[1], contents={"int_contents": [40]}),
        tensor(name="hours", datatype="FP32", shape=[1, 1], contents={"fp32_contents": [38.5]}),
        tensor(name="job", datatype="BYTES", shape=[1], contents={"bytes_contents": [b"smith"]}),
    ]
    return service_pb2.ModelInferRequest(**{"model_name": "income", "inputs": inputs, **change})


def called(channel: grpc.Channel, method: str, raw: bytes) -> bytes:
    return channel.unary_unary(f"/{messages.SERVICE}/{method}")(raw, timeout=30)


@pytest.mark.parametrize("name", messages.MESSAGES)
def test_messages_are_those_of_the_public_protocol(name: str) -> None:
    module = service_pb2 if hasattr(service_pb2, name.split(".")[0]) else model_config_pb2
    public, own = module, messages.pb
    for part in name.split("."):
        public, own = getattr(public, part), getattr(own, part)
    known = {field.name: field for field in public.DESCRIPTOR.fields}
    for field in own.DESCRIPTOR.fields:
        peer = known[field.name]
        assert (field.number, field.type, field.is_repeated) == (
            peer.number,
            peer.type,
            peer.is_repeated,
        )


def test_the_enumeration_is_that_of_the_public_protocol() -> None:
    public = model_config_pb2.DataType.items()
    own = [(f"TYPE_{name}", number) for number, name in enumerate(messages.DATA_TYPES)]
    assert own == public[: len(own)]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_kserves_client(addresses: tuple[str, str], tmp_path: Path) -> None:
    """Its dependencies exclude those of clew: it runs in an environment of its own."""
    venv.create(tmp_path / "kserve", with_pip=True)
    python = tmp_path / "kserve/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "kserve>=0.15"], check=True)
    script = Path(__file__).with_name("kserve_client.py")
    command = [python, script, f"http://{addresses[0]}", addresses[1]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    for seen in json.loads(done.stdout.splitlines()[-1]):
        assert seen["live"] is seen["ready"] is seen["model"] is True
        id, outputs = seen["answer"]
        assert (id, outputs["prediction"]) == ("mine", ["no"])
        assert np.isclose(sum(outputs["probabilities"]), 1)
