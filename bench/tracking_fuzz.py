"""At least 100,000 requests that no client would send: no status of 500 or more, no file from
outside, no crash.

Half are calls of MLflow's client with something changed (`tracking_calls` holds the calls), the
rest come from the OpenAPI document of the server. What the server holds is made anew now and then,
since some of the calls delete it.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from bench.figure import Figure
from bench.tracking_calls import CALLS, Call, World, make_world
from bench.tracking_mutate import mutate, odd_value
from bench.tracking_servers import clew_server

FIGURES = ("tracking.fuzz_500s",)
SECRET = "the minotaur's true name"
LEAKS = (SECRET.encode(), b"root:x:0:0")
RENEWED = 400
SHOWN = 20


def figures(quick: bool) -> Iterator[Figure]:
    requests = 3_000 if quick else 100_000
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        outside = Path(base) / "secret.txt"
        outside.write_text(SECRET)
        with clew_server(Path(base) / "store") as server:
            statuses, bad, leaks = fuzz(server.port, requests)
            alive = server.process.poll() is None and status(server.port, "/health") == 200
        names = {path.name for path in Path(base).iterdir()}
        untouched = outside.read_text() == SECRET and names == {"secret.txt", "store", "store.log"}
    for what, count in bad.most_common(SHOWN):
        print(f"{count} x {what}", file=sys.stderr)
    failures = sum(bad.values()) + leaks
    agrees = alive and untouched and not leaks and 200 in statuses and 400 in statuses
    name = f"{sum(statuses.values())} requests: " + ", ".join(
        f"{count} of {code}" for code, count in sorted(statuses.items())
    )
    yield Figure(FIGURES[0], failures, "count", failures, requests, name, agrees)


def fuzz(port: int, requests: int) -> tuple[Counter[int], Counter[str], int]:
    """Send the requests; return the statuses, what failed, and how many answers leaked a file."""
    random = Random(0)
    statuses: Counter[int] = Counter()
    bad: Counter[str] = Counter()
    leaks = 0
    routes = declared(port)
    connection = connect(port)
    world = make_world(connection)
    for number in range(requests):
        if number % RENEWED == RENEWED - 1:
            connection.close()
            connection = connect(port)
            world = make_world(connection)
        if number % 2 or not routes:
            sent = mutate(random.choice(CALLS)(world), random)
        else:
            sent = from_route(random.choice(routes), world, random)
        try:
            code, content = send(connection, sent)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            connection = connect(port)
            code, content = answered_with(error), b""
        statuses[code] += 1
        if code >= 500:
            bad[
                f"{code} {sent.method} {shown(sent.path)} {sent.body[:200]!r} {content[:200]!r}"
            ] += 1
        if any(leak in content for leak in LEAKS):
            leaks += 1
            bad[f"leak {sent.method} {sent.path}"] += 1
    connection.close()
    return statuses, bad, leaks


def answered_with(error: Exception) -> int:
    """A connection that the server closed on a malformed request counts as refused."""
    return 0 if isinstance(error, (OSError, http.client.HTTPException)) else -1


def send(connection: http.client.HTTPConnection, sent: Call) -> tuple[int, bytes]:
    connection.putrequest(sent.method, sent.path, skip_accept_encoding=True)
    for name, value in {**sent.headers, "Content-Length": str(len(sent.body))}.items():
        connection.putheader(name, value)
    connection.endheaders(sent.body)
    response = connection.getresponse()
    return response.status, response.read(1 << 20)


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30)


def status(port: int, path: str) -> int:
    return send(connect(port), Call("GET", path))[0]


def declared(port: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the operations of the server's OpenAPI document, but the streams of events."""
    code, content = send(connect(port), Call("GET", "/openapi.json"))
    if code != 200:
        raise RuntimeError(f"/openapi.json is answered with {code}")
    document = json.loads(content)
    prefix = (document.get("servers") or [{"url": ""}])[0]["url"].rstrip("/")
    return [
        (method.upper(), prefix + path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in ("get", "post", "put", "patch", "delete")
        and "text/event-stream" not in json.dumps(operation.get("responses", {}))
    ]


def from_route(route: tuple[str, str, dict[str, Any]], world: World, random: Random) -> Call:
    """Return a request to an operation, its parameters half likely and half odd."""
    method, path, operation = route
    query = []
    for parameter in operation.get("parameters", []):
        name = parameter.get("name", "x")
        value = str(likely(name, world, random) if random.random() < 0.5 else odd_value(random))
        if parameter.get("in") == "path":
            path = path.replace("{" + name + "}", quoted(value, random))
        elif random.random() < 0.7:
            query.append(f"{quoted(name, random)}={quoted(value, random)}")
    body: Any = {}
    if "requestBody" in operation:
        names = random.sample(BODY_NAMES, k=random.randint(0, 5))
        body = {
            name: likely(name, world, random) if random.random() < 0.5 else odd_value(random)
            for name in names
        }
    target = path + ("?" + "&".join(query) if query else "")
    call = Call(method, target, json.dumps(body).encode() if body else b"")
    return mutate(call, random) if random.random() < 0.3 else call


BODY_NAMES = [
    *("name", "id", "ids", "run_ids", "tags", "key", "value", "filter", "order_by", "limit"),
    *("experiment_ids", "page_token", "view", "version", "alias", "reason", "columns", "query"),
]


def likely(name: str, world: World, random: Random) -> Any:
    """Return a value that a parameter of that name could have."""
    choices = [world.run, world.experiment, world.model, world.registered, "1", "0", "last", "loss"]
    if "limit" in name or name in ("depth", "version", "step"):
        return random.choice([1, 10, 1000])
    if name.endswith("s"):
        return [random.choice(choices)]
    return random.choice(choices)


def quoted(text: str, random: Random) -> str:
    from urllib.parse import quote

    return quote(text, safe="/.%" if random.random() < 0.3 else "", errors="replace")


def shown(path: str) -> str:
    return path if len(path) < 200 else path[:200] + "…"
