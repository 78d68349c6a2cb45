"""Find traces by MLflow's filters.

Stores only list traces by experiment and time; clients' filters are few and simple, so they are
applied here. The grammar is that of runs: comparisons joined by AND.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any

from clew.api.mlflow import traceinfo
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.entities import Trace

_MAX_SCANNED = 20_000
_COMPARISON = re.compile(
    r"\s*(?P<key>(?:\w+\.)?(?:`[^`]+`|\"[^\"]+\"|[\w.\-/]+))\s*"
    r"(?P<op>=|!=|<=|>=|<|>|NOT\s+IN\b|IN\b|LIKE\b|ILIKE\b|RLIKE\b|IS\s+NOT\s+NULL\b|IS\s+NULL\b)\s*"
    r"(?P<value>'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?|\((?:[^()']|'[^']*')*\))?\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"AND\s", re.IGNORECASE)
_NUMBERS = ("timestamp", "execution_time", "end_time")
_TEXTS = ("status", "request_id", "trace_id", "client_request_id", "name", "run_id")

_Test = Callable[[Trace], bool]


def page(
    call: Call, ids: Sequence[str], filter: str, order_by: Sequence[str], limit: int, token: str
) -> tuple[Sequence[Trace], str | None]:
    """Return a page of the traces of experiments, and the token of the next."""
    if limit < 1:
        raise Failure(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive"
            " integer"
        )
    if not ids:
        return (), None
    if not filter.strip() and not order_by:
        found = call.stores.traces.search(ids, limit=limit, page_token=token or None)
        return found.items, found.next
    tests = _parse(filter)
    start = _offset(token)
    traces = [t for t in _all(call, ids) if all(test(t) for test in tests)]
    for clause in reversed(order_by):
        _sort(traces, clause)
    rest = traces[start:]
    if len(rest) <= limit:
        return rest, None
    return rest[:limit], base64.b64encode(b'{"offset": %d}' % (start + limit)).decode()


def _all(call: Call, ids: Sequence[str]) -> list[Trace]:
    traces: list[Trace] = []
    token: str | None = None
    while len(traces) < _MAX_SCANNED:
        found = call.stores.traces.search(ids, limit=500, page_token=token)
        traces += found.items
        token = found.next
        if token is None:
            return traces
    raise Failure(
        f"These experiments have more than {_MAX_SCANNED} traces: filters and orders are not "
        "supported on so many.",
    )


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        match = re.fullmatch(rb'\{"offset": (\d{1,9})\}', base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        match = None
    if match is None:
        raise Failure("Invalid page token, could not base64-decode")
    return int(match.group(1))


def _parse(filter: str) -> list[_Test]:
    tests: list[_Test] = []
    at = 0
    while at < len(filter.rstrip()):
        if tests:
            joined = _AND.match(filter, at)
            if joined is None:
                raise Failure(f"Invalid clause(s) in filter string: {filter[at : at + 100]!r}")
            at = joined.end()
        match = _COMPARISON.match(filter, at)
        if match is None:
            raise Failure(f"Invalid clause(s) in filter string: {filter[at : at + 100]!r}")
        op = re.sub(r"\s+", " ", match["op"].upper())
        if (match["value"] is None) != op.startswith("IS "):
            raise Failure(f"Invalid clause(s) in filter string: {match[0].strip()!r}")
        tests.append(_test(match["key"], op, match["value"]))
        at = match.end()
    return tests


def _test(key: str, op: str, value: str | None) -> _Test:
    read, numeric = _reader(key)
    wanted = _value(value, numeric, key)
    compare = _compare(op, wanted, key)
    return lambda trace: compare(read(trace))


def _reader(key: str) -> tuple[Callable[[Trace], Any], bool]:
    kind, dot, rest = key.partition(".")
    kind = kind.lower() if dot else "attribute"
    name = (rest if dot else key).strip('`"')
    if kind in ("tag", "tags"):
        return lambda t: t.tags.get(name), False
    if kind in ("metadata", "request_metadata"):
        return lambda t: traceinfo.unpacked(t).get("trace_metadata", {}).get(name), False
    if kind in ("attribute", "attributes", "attr", "trace"):
        return _attribute(name)
    raise Failure(
        f"Invalid entity type '{kind}'. "
        "Valid entity types are ['tag', 'attribute', 'request_metadata'] on this server"
    )


def _attribute(name: str) -> tuple[Callable[[Trace], Any], bool]:
    plain = name.lower().removesuffix("_ms")
    if plain == "timestamp":
        return lambda t: t.started_ms, True
    if plain == "execution_time":
        return lambda t: t.duration_ms, True
    if plain == "end_time":
        return lambda t: None if t.duration_ms is None else t.started_ms + t.duration_ms, True
    if plain == "status":
        return lambda t: t.state, False
    if plain in ("request_id", "trace_id"):
        return lambda t: t.id, False
    if plain == "client_request_id":
        return lambda t: traceinfo.unpacked(t).get("client_request_id"), False
    if plain == "name":
        return lambda t: t.tags.get("mlflow.traceName"), False
    if plain == "run_id":
        return (
            lambda t: traceinfo.unpacked(t).get("trace_metadata", {}).get("mlflow.sourceRun"),
            False,
        )
    raise Failure(
        f"Invalid attribute key '{name}' specified. Valid keys are '{(*_NUMBERS, *_TEXTS)}'"
    )


def _value(text: str | None, numeric: bool, key: str) -> Any:
    if text is None:
        return None
    if text.startswith("("):
        return tuple(part.replace("''", "'") for part in re.findall(r"'([^']*)'", text))
    quoted = text[0] in "'\""
    if quoted == numeric:
        expected = "a numeric value" if numeric else "a quoted string value"
        raise Failure(f"Expected {expected} for {key}. Got value {text}")
    return text[1:-1] if quoted else float(text)


def _compare(op: str, wanted: Any, key: str) -> Callable[[Any], bool]:
    if op in ("IS NULL", "IS NOT NULL"):
        return lambda value: (value is None) == (op == "IS NULL")
    if op in ("IN", "NOT IN"):
        if not isinstance(wanted, tuple):
            raise Failure(f"Expected a list of quoted strings for {key}.")
        return lambda value: value is not None and (value in wanted) == (op == "IN")
    if op in ("LIKE", "ILIKE", "RLIKE"):
        if not isinstance(wanted, str):
            raise Failure(f"Invalid comparator '{op}' for {key}")
        if op == "RLIKE":
            raise Failure("Comparator RLIKE is not supported for traces on this server")
        flags = re.IGNORECASE | re.DOTALL if op == "ILIKE" else re.DOTALL
        parts = [re.escape(c) if c not in "%_" else (".*" if c == "%" else ".") for c in wanted]
        pattern = re.compile("".join(parts), flags)
        return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
    orders: dict[str, Callable[[Any], bool]] = {
        "=": lambda value: value == wanted,
        "!=": lambda value: value is not None and value != wanted,
        "<": lambda value: value < wanted,
        "<=": lambda value: value <= wanted,
        ">": lambda value: value > wanted,
        ">=": lambda value: value >= wanted,
    }
    if op in ("<", "<=", ">", ">=") and isinstance(wanted, str):
        raise Failure(f"Invalid comparator '{op}' for {key}: it needs a number")
    test = orders[op]
    return lambda value: value is not None and test(value)


def _sort(traces: list[Trace], clause: str) -> None:
    words = clause.strip().split()
    descending = len(words) > 1 and words[-1].upper() == "DESC"
    if len(words) > 2 or (len(words) == 2 and words[1].upper() not in ("ASC", "DESC")) or not words:
        raise Failure(f"Invalid order_by clause '{clause}'")
    read, _ = _reader(words[0])
    there = [t for t in traces if read(t) is not None]
    there.sort(key=read, reverse=descending)
    traces[:] = [*there, *(t for t in traces if read(t) is None)]
