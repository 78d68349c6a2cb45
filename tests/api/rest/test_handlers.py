"""Every route of the contract has a handler that fits it."""

from __future__ import annotations

import inspect
import typing

import pytest

from clew.api.rest.contract.basis import Nothing
from clew.api.rest.contract.routes import ROUTES
from clew.api.rest.handlers import HANDLERS


def test_no_handler_is_missing_or_left_over() -> None:
    assert set(HANDLERS) == {route.name for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_handler_has_the_parameters_of_its_route(route) -> None:
    handler = HANDLERS[route.name]
    parameters = inspect.signature(handler).parameters
    hints = typing.get_type_hints(handler)
    expected = {"served", *route.parameters}
    if route.query is not Nothing:
        expected.add("query")
        assert hints["query"] is route.query
    if route.body is not None:
        expected.add("body")
        assert hints["body"] is route.body
    if route.accepts is not None:
        expected.add("receive" if route.accepts.endswith("octet-stream") else "content")
    assert set(parameters) - {"caller", "request"} == expected
    if route.answer is not None and route.media == "application/json":
        assert hints["return"] is route.answer or route.resource == "session"
