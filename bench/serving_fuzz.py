"""At least 100,000 requests that no client would send, to a deployment: over REST (JSON, and the
binary tensor extension) and over gRPC. No status of 500, no crash, and memory that stays flat.

Every request begins as a good one (`good`); then bytes, values, shapes, kinds, headers or the path
are changed. Of gRPC, the codes that tell of a fault of the server count (INTERNAL, UNKNOWN,
DATA_LOSS) as 500 does.
"""

from __future__ import annotations

import copy
import gzip
import http.client
import json
import signal
import struct
import sys
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from bench.figure import Figure
from bench.serving_swap import NAME, Server, world
from bench.tracking_calls import Call
from bench.tracking_fuzz import connect, send
from bench.tracking_mutate import broken, mutate, odd_value
from bench.tracking_servers import free_port

SHOWN = 20
FAULTS = ("INTERNAL", "UNKNOWN", "DATA_LOSS")
MOST_GROWTH_MB = 32
ODD_NUMBERS = [0, -1, 1, 2, 7, 1 << 20, (1 << 31) - 1, -(1 << 31), (1 << 63) - 1, -(1 << 63)]
KINDS = ["BOOL", "INT8", "UINT64", "FP16", "FP32", "FP64", "BYTES", "STRING", "fp64", "", "\x00"]


def fuzz_500s(quick: bool) -> Figure:
    requests = 3_000 if quick else 100_000
    with world() as (store, sent), Server(store, grpc_port=free_port()) as server:
        row = json.loads(sent[0])["rows"][0]
        random = Random(0)
        seen, bad, before = fuzz(server, row, requests // 5, random)
        flat_from_mb = server.memory_mb()
        more, worse, after = fuzz(server, row, requests - requests // 5, random)
        grown_mb = server.memory_mb() - flat_from_mb
        alive = before == after and server.alive()
        server.stop(signal.SIGTERM)
    bad, seen = bad + worse, seen + more
    for what, count in bad.most_common(SHOWN):
        print(f"{count} x {what}", file=sys.stderr)
    told = ", ".join(f"{count} of {code}" for code, count in sorted(seen.items()))
    return Figure(
        "serving.fuzz_500s",
        sum(bad.values()),
        "count",
        sum(bad.values()),
        seen.total(),
        f"requests: {told}; memory grew by {grown_mb:.0f} MB",
        alive and grown_mb < MOST_GROWTH_MB and {"200", "400", "OK"} <= set(seen),
    )


FIGURES = {"serving.fuzz_500s": fuzz_500s}


def fuzz(
    server: Server, row: dict[str, Any], requests: int, random: Random
) -> tuple[Counter[str], Counter[str], Any]:
    """Send requests; return the statuses, what failed, and the answer to a good one at the end."""
    import grpc

    calls = good(row)
    message = rpc_message(row)
    seen: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    connection = connect(server.port)
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options=options) as channel:
        for number in range(requests):
            if number % 3 == 2:
                method, raw = rpc_request(message, random)
                code, content = ask(channel, method, raw)
                shown = f"{code} {method} {raw[:200]!r} {content!r}"
                failed = code in FAULTS
            else:
                call = changed(random.choice(calls), random)
                status, content = post(connection, call)
                if not status:
                    connection.close()
                    connection = connect(server.port)
                code, failed = str(status), status >= 500 and status != 503
                shown = f"{code} {call.method} {call.path[:200]} {call.body[:200]!r} {content!r}"
            seen[code] += 1
            if failed:
                bad[shown] += 1
    connection.close()
    _, content = send(connect(server.port), calls[0])
    return seen, bad, json.loads(content)["outputs"]


def post(connection: http.client.HTTPConnection, call: Call) -> tuple[int, bytes]:
    """Send a request; a connection that the server closed on a malformed one counts as 0."""
    try:
        status, content = send(connection, call)
    except (OSError, http.client.HTTPException, ValueError):
        return 0, b""
    return status, content[:200]


def ask(channel: Any, method: str, raw: bytes) -> tuple[str, bytes]:
    """Call a method with bytes; return the code, and the message of an error."""
    import grpc

    path = f"/inference.GRPCInferenceService/{method}"
    try:
        channel.unary_unary(path, _registered_method=False)(raw, timeout=60)
    except grpc.RpcError as error:
        return error.code().name, str(error.details())[:200].encode()
    return "OK", b""


def good(row: dict[str, Any]) -> list[Call]:
    """Return requests that are answered with 200, of all the forms that the server takes."""
    names, values = list(row), list(row.values())
    tensors = [
        {"name": name, "shape": [1, 1], "datatype": kind_of(value), "data": [value]}
        for name, value in row.items()
    ]
    base = f"/v2/models/{NAME}"
    bodies: Sequence[tuple[str, Any]] = (
        (f"{base}/infer", {"inputs": tensors, "id": "a", "outputs": [{"name": "prediction"}]}),
        (f"{base}/versions/1/infer", {"inputs": tensors}),
        (f"{base}/predict", {"rows": [row] * 3, "context": {"user": "a"}}),
        ("/invocations", {"dataframe_split": {"columns": names, "data": [values]}}),
        ("/invocations", {"dataframe_records": [row]}),
        ("/invocations", {"inputs": {name: [value] for name, value in row.items()}}),
        ("/invocations", {"instances": [row]}),
        (f"{base}/feedback", {"feedback": [{"id": "0" * 26, "truth": 1, "reward": 0.5}]}),
        ("/v2/repository/index", {"ready": True}),
        (f"/v2/repository/models/{NAME}/load", {"parameters": {}}),
    )
    calls = [Call("POST", path, json.dumps(body).encode()) for path, body in bodies]
    table = (",".join(names) + "\n" + ",".join(map(str, values)) + "\n").encode()
    calls.append(Call("POST", "/invocations", table, {"Content-Type": "text/csv"}))
    for path in ("", "/ready", "/stats", "/config", "/versions/1"):
        calls.append(Call("GET", base + path))
    calls.append(Call("GET", "/v2/predictions/" + "0" * 26))
    return [*calls, *[binary(row)] * 8]


def kind_of(value: Any) -> str:
    return "BYTES" if isinstance(value, str) else "FP64"


def raw_of(value: Any) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return struct.pack("<I", len(text)) + text
    return struct.pack("<d", value)


def binary(row: dict[str, Any]) -> Call:
    """Return a request of the binary tensor extension, answered in binary too."""
    parts = [raw_of(value) for value in row.values()]
    tensors = [
        {
            "name": name,
            "shape": [1, 1],
            "datatype": kind_of(value),
            "parameters": {"binary_data_size": len(part)},
        }
        for (name, value), part in zip(row.items(), parts, strict=True)
    ]
    head = json.dumps({"inputs": tensors, "parameters": {"binary_data_output": True}}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    return Call("POST", f"/v2/models/{NAME}/infer", head + b"".join(parts), headers)


def changed(call: Call, random: Random) -> Call:
    """Return a request with something changed; the parts of a binary one stay where they were."""
    length = call.headers.get("Inference-Header-Content-Length")
    if length is None:
        made = mutate(call, random)
    else:
        head, parts = call.body[: int(length)], call.body[int(length) :]
        made = copy.deepcopy(call)
        what = random.random()
        if what < 0.6:
            head = mutate(Call("POST", "/", head), random).body
            made.headers["Inference-Header-Content-Length"] = str(len(head))
        elif what < 0.9:
            parts = broken(parts, random)
        else:
            made.headers["Inference-Header-Content-Length"] = str(random.choice(ODD_NUMBERS))
        made.body = head + parts
    if random.random() < 0.05:
        packed = gzip.compress(made.body, 1)
        made.body = packed if random.random() < 0.5 else broken(packed, random)
        made.headers["Content-Encoding"] = random.choice(["gzip", "deflate", "br", "identity"])
    return made


def rpc_message(row: dict[str, Any]) -> Any:
    """Return a good request over gRPC."""
    from clew.api.inference.rpc.messages import pb

    message = pb.ModelInferRequest(model_name=NAME)
    for name, value in row.items():
        tensor = message.inputs.add(name=name, datatype=kind_of(value), shape=[1, 1])
        if isinstance(value, str):
            tensor.contents.bytes_contents.append(value.encode())
        else:
            tensor.contents.fp64_contents.append(value)
    return message


def rpc_request(message: Any, random: Random) -> tuple[str, bytes]:
    """Return a method and bytes that are nearly a request for it."""
    methods = ["ModelReady", "ModelMetadata", "ModelConfig", "RepositoryIndex", "ServerMetadata"]
    method = "ModelInfer" if random.random() < 0.85 else random.choice([*methods, "Nothing"])
    made = copy.deepcopy(message)
    for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
        change_message(made, random)
    raw = made.SerializeToString()
    return method, broken(raw, random) if random.random() < 0.3 else raw


def change_message(made: Any, random: Random) -> None:
    tensor = random.choice(made.inputs) if made.inputs else made.inputs.add()
    match random.randrange(8):
        case 0:
            tensor.datatype = random.choice(KINDS)
        case 1:
            del tensor.shape[:]
            tensor.shape.extend(random.choices(ODD_NUMBERS, k=random.randrange(5)))
        case 2:
            tensor.ClearField("contents")
        case 3:
            numbers = [float("nan"), float("inf"), -0.0, 1e308]
            tensor.contents.fp64_contents.extend(random.choices(numbers, k=random.randrange(4)))
        case 4:
            made.raw_input_contents.append(random.randbytes(random.randrange(40)))
        case 5:
            text = random.choice(["", "nobody", "../../etc/passwd", "\x00", "é" * 9000])
            setattr(made, random.choice(["model_name", "model_version", "id"]), text)
        case 6:
            tensor.name = str(odd_value(random)).encode(errors="replace").decode()
        case _:
            made.outputs.add(name=random.choice(["prediction", "", "x" * 300]))
