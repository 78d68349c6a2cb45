"""Answer a query: parse, check, and ask the handlers."""

from __future__ import annotations

import logging
import sys
from functools import cache, partial
from typing import Any, ClassVar

from clew.api.mlflow import failure, protojson
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.graphql.limits import excess
from clew.api.mlflow.graphql.schema import CALLS, SCHEMA
from clew.api.mlflow.message import Message, Reader, Rules
from clew.api.mlflow.routes import Table
from clew.api.mlflow.wire import Json
from clew.errors import ClewError

_MAX_TOKENS = 20_000
_log = logging.getLogger(__name__)
_FLOATS = {"NaN": None, "Infinity": sys.float_info.max, "-Infinity": -sys.float_info.max}
"""JSON has no such numbers; MLflow's stores keep infinity as the largest one there is."""
_ABSENT = {"String": "", "LongString": 0, "Float": 0.0, "Boolean": False}
"""What a field is that REST leaves out: MLflow answers with messages, which have no gaps."""


class Query(Message):
    """A request: GraphQL's three fields (``operationName`` as proto3 JSON reads it)."""

    rules: ClassVar[Rules] = {"query": ("required", "string")}
    query: str = ""
    variables: Any = None
    operation_name: str | None = None


READER = Reader(Query)
"""Reads requests."""


def answer(call: Call, table: Table, request: Query) -> Json:
    """Return ``data`` and ``errors``.

    Raises
    ------
    Failure
        When the query is no GraphQL, or this server has no GraphQL.
    """
    try:
        import graphql
    except ImportError:
        raise Failure(
            "This server has no GraphQL: install it with `pip install 'clew[graphql]'`.",
            failure.NOT_IMPLEMENTED,
        ) from None
    try:
        document = graphql.parse(request.query, max_tokens=_MAX_TOKENS)
    except (graphql.GraphQLError, RecursionError) as error:
        text = getattr(error, "message", "Query is nested too deeply")
        raise Failure(f"Invalid GraphQL query: {text}") from None
    if not isinstance(request.variables, dict | None):
        raise Failure(
            f"Invalid value for parameter 'variables' supplied: {request.variables!r:.80}"
        )
    problem = excess(document)
    if problem is not None:
        return {"data": None, "errors": [problem]}
    schema = _schema()
    problems = graphql.validate(schema, document)
    if problems:
        return {"data": None, "errors": [p.message for p in problems]}
    result = graphql.execute_sync(
        schema,
        document,
        context_value=partial(_ask, call, table),
        variable_values=request.variables,
        operation_name=request.operation_name,
        field_resolver=_field,
    )
    errors = [e.message for e in result.errors] if result.errors else None
    return {"data": result.data, "errors": errors}


@cache
def _schema() -> Any:
    """Return the schema, with what its fields do beyond naming parts of an answer."""
    import graphql

    schema = graphql.build_schema(SCHEMA)
    types: dict[str, Any] = schema.type_map
    types["LongString"].serialize = str
    types["LongString"].parse_value = int
    for root in ("Query", "Mutation"):
        for name, field in types[root].fields.items():
            field.resolve = _echo if name.startswith("test") else partial(_call, *CALLS[name])
    types["MlflowRun"].fields["experiment"].resolve = _experiment
    types["MlflowRun"].fields["modelVersions"].resolve = _model_versions
    return schema


def _field(parent: Json, info: Any, **_arguments: Any) -> Any:
    """Return a part of an answer: its names have underscores there."""
    kind = str(info.return_type)
    value = parent.get(protojson.snake(info.field_name))
    if value is None:
        return [] if kind.startswith("[") else _ABSENT.get(kind)
    return _FLOATS.get(value, value) if kind == "Float" else value


def _echo(_root: None, _info: Any, inputString: str | None = None) -> Json:
    return {"output": inputString}


def _call(
    method: str, path: str, _root: None, info: Any, input: dict[str, Any] | None = None
) -> Any:
    return info.context(method, path, input or {})


def _experiment(run: Json, info: Any) -> Any:
    asked = {"experiment_id": run["info"]["experiment_id"]}
    return info.context(*CALLS["mlflowGetExperiment"], asked)["experiment"]


def _model_versions(run: Json, info: Any) -> Any:
    asked = {"filter": f"run_id='{run['info']['run_id']}'"}
    return info.context(*CALLS["mlflowSearchModelVersions"], asked).get("model_versions", [])


def _ask(call: Call, table: Table, method: str, path: str, given: Json) -> Json:
    """Return what a REST call answers; its failures become the query's errors."""
    import graphql

    found = table.find(path, b"")
    assert found is not None, path
    endpoint = found[0][method]
    try:
        answer: Json = endpoint.handle(call, endpoint.reader.plain(dict(given), {}))
    except Failure as error:
        raise graphql.GraphQLError(error.message) from None
    except ClewError as error:
        raise graphql.GraphQLError(failure.of(error).message) from None
    except Exception:
        _log.exception("GraphQL: %s %s", method, path)
        raise graphql.GraphQLError("The server failed to answer.") from None
    return answer
