"""Requests that no client would send, from those that clients send."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any
from urllib.parse import quote

from bench.tracking_calls import Call

TRAVERSALS = [
    *("../secret.txt", "..%2fsecret.txt", "%2e%2e/%2e%2e/secret.txt", "a/../../secret.txt"),
    *("/etc/passwd", "//etc/passwd", "..%5csecret.txt", "....//secret.txt", "%00", "a/%00b"),
    *("..%252f..%252fsecret.txt", "file:///etc/passwd", ".", "..", "", "%c0%ae%c0%ae/secret.txt"),
    *("../" * 12 + "etc/passwd", "%2e%2e%2f" * 12 + "etc/passwd", "\\..\\secret.txt"),
]
ODD = [
    *(None, True, False, 0, -1, 1 << 31, 1 << 63, 1 << 64, -(1 << 63), 10**30, 0.5, 1e308, -0.0),
    *("", " ", "NaN", "Infinity", "-Infinity", "nan", "null", "0", "-1", "1e999", "\x00", "\ud800"),
    *("'", '"', "`", "';--", "' OR 1=1", "%", "_", "\\", "a" * 300, "a" * 9000, "é" * 300, "😀"),
    *([], {}, [None], [[]], {"a": {}}, [{}] * 3, {"key": None}, [1, "a"], "last", "latest"),
    *("metrics.a > 1", "metrics.a > 'x'", "tags.`a b` LIKE '%'", "a = ", "AND", "((", "params."),
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
HEADERS = [
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/x-protobuf"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Range": "bytes=0-"},
    {"Range": "bytes=-1"},
    {"Range": "bytes=9-3"},
    {"Range": "bytes=0-1,3-4"},
    {"Range": "bytes=99999999999999999999-"},
    {"Range": "x"},
    {"Authorization": "Bearer x"},
    {"Authorization": "Basic !!!"},
    {"If-None-Match": '"x"'},
    {"Accept-Encoding": "br, gzip"},
    {"Cookie": "a=b; c"},
    {"X-MLFLOW-EXPERIMENT-ID": "x"},
]


def mutate(call: Call, random: Random) -> Call:
    """Return a request with one or a few things changed; one in twenty stays as it is."""
    changed = copy.deepcopy(call)
    for _ in range(random.choice([0, *[1] * 12, *[2] * 5, 3, 5])):
        random.choice([change_body, change_body, change_body, change_path, change_rest])(
            changed, random
        )
    return changed


def odd_value(random: Random) -> Any:
    """Return something that is rarely meant."""
    return random.choice(TRAVERSALS if random.random() < 0.3 else ODD)


def change_body(call: Call, random: Random) -> None:
    if not call.body.startswith((b"{", b"[")):
        change_query(call, random)
        return
    if random.random() < 0.1:
        call.body = broken(call.body, random)
        return
    try:
        body = json.loads(call.body)
    except (ValueError, RecursionError):
        return
    change_value(body, random)
    call.body = json.dumps(body).encode()


def broken(body: bytes, random: Random) -> bytes:
    at = random.randrange(len(body) + 1)
    return random.choice(
        [
            body[:at],
            body[:at] + bytes([random.randrange(256)]) + body[at:],
            body.replace(b'"', b"'"),
            b"[" * 5000,
            b'{"a":' * 5000,
            body + body,
            b"\xff\xfe" + body,
            body[:-1] + b', "a": NaN}',
            random.randbytes(20),
        ]
    )


def change_value(body: Any, random: Random) -> None:
    """Replace, drop, double or add something, here or deeper."""
    if isinstance(body, list):
        if body and random.random() < 0.7:
            if random.random() < 0.7 and isinstance(body[0], (dict, list)):
                change_value(body[0], random)
            else:
                body[random.randrange(len(body))] = odd_value(random)
        else:
            body.extend([odd_value(random)] if random.random() < 0.9 else body * 2000)
        return
    if not isinstance(body, dict) or not body:
        return
    key = random.choice(list(body))
    if isinstance(body[key], (dict, list)) and random.random() < 0.6:
        change_value(body[key], random)
        return
    what = random.random()
    if what < 0.7:
        body[key] = odd_value(random)
    elif what < 0.8:
        del body[key]
    elif what < 0.9:
        body[str(odd_value(random))] = odd_value(random)
    else:
        body[key] = [body[key]]


def change_query(call: Call, random: Random) -> None:
    path, mark, query = call.path.partition("?")
    pairs = query.split("&") if query else []
    value = quote(
        str(odd_value(random)), safe="%/" if random.random() < 0.3 else "", errors="replace"
    )
    if pairs and random.random() < 0.8:
        at = random.randrange(len(pairs))
        pairs[at] = pairs[at].partition("=")[0] + "=" + value
    else:
        pairs.append("x=" + value)
    call.path = path + (mark or "?") + "&".join(pairs)


def change_path(call: Call, random: Random) -> None:
    path, mark, query = call.path.partition("?")
    parts = path.split("/")
    at = random.randrange(1, len(parts))
    odd = str(odd_value(random)) if random.random() < 0.5 else random.choice(TRAVERSALS)
    parts[at] = quote(odd, safe="%/.\\", errors="replace")
    if random.random() < 0.2:
        parts.insert(at, "..")
    call.path = "/" + "/".join(parts[1:]) + mark + query


def change_rest(call: Call, random: Random) -> None:
    if random.random() < 0.3:
        call.method = random.choice(METHODS)
    else:
        call.headers.update(random.choice(HEADERS))
