"""The contract holds together: routes, structs, and the document made of them."""

from __future__ import annotations

import json
import re
from collections import Counter

import msgspec
import pytest

from clew.api.rest import openapi
from clew.api.rest.contract.basis import Answer, Body, Query
from clew.api.rest.contract.routes import PREFIX, ROUTES
from clew.api.rest.contract.runs import RunsQuery

DOCUMENT = openapi.document()


def test_no_two_routes_share_a_name_or_a_request() -> None:
    assert max(Counter(route.name for route in ROUTES).values()) == 1
    requests = [(route.method, re.sub(r"{\w+}", "{}", route.path)) for route in ROUTES]
    assert max(Counter(requests).values()) == 1


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_route_is_declared_whole(route) -> None:
    assert issubclass(route.query, Query)
    assert route.body is None or issubclass(route.body, Body)
    assert route.body is None or route.method not in ("GET", "DELETE")
    assert route.scope in ("read", "log", "promote", "admin") or route.resource == "session"
    assert route.body is None or route.accepts is None
    assert (route.scope == "read") == (route.method == "GET") or route.resource in (
        "session",
        "tokens",
        "store",
    )
    operation = DOCUMENT["paths"][PREFIX + route.path][route.method.lower()]
    named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
    assert named == set(route.parameters)
    assert operation["summary"] == route.does


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    names = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert names == set(DOCUMENT["components"]["schemas"])


def test_every_field_of_an_answer_is_required_and_no_unknown_one_is_sent() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("RunRow", "Event", "Artifact"):
        assert set(schemas[name]["required"]) >= set(schemas[name]["properties"])
    assert schemas["TagChange"]["additionalProperties"] is False
    assert "required" not in schemas["TagChange"] or not schemas["TagChange"]["required"]


def test_docstrings_describe_schemas_and_fields() -> None:
    schema = DOCUMENT["components"]["schemas"]["RunDetail"]
    assert "----" not in schema["description"]
    assert schema["properties"]["note"]["description"] == 'Markdown; "" when there is none.'
    for kind in (*Answer.__subclasses__(), *Query.__subclasses__(), *Body.__subclasses__()):
        described = set(openapi._documentation(kind)[1])
        assert described <= set(kind.__struct_fields__), kind


def test_a_query_is_read_from_text() -> None:
    query = msgspec.convert(
        {"limit": "7", "experiment": ["1"], "filter": ""}, RunsQuery, strict=False
    )
    assert (query.limit, query.experiment, query.view) == (7, ["1"], "active")
    for wrong in ({"limit": "-1"}, {"limits": "7"}, {"view": "none"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, RunsQuery, strict=False)
