"""The OpenAPI 3.1 document of `/api/v1`, made from the contract.

Schemas come from the structs (msgspec writes JSON Schema 2020-12, which OpenAPI 3.1 uses), the
descriptions of fields from the structs' docstrings.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from clew import __version__
from clew.api.problem import Problem
from clew.api.rest.contract.basis import Body, Query
from clew.api.rest.contract.route import Route
from clew.api.rest.contract.routes import PREFIX, ROUTES

_REF = "#/components/schemas/{name}"

Schema = dict[str, Any]


def document(routes: Iterable[Route] = ROUTES) -> dict[str, Any]:
    """Return the document as plain data."""
    listed = tuple(routes)
    kinds = [r.answer for r in listed if r.answer is not None]
    kinds += [r.body for r in listed if r.body is not None]
    kinds.append(Problem)
    shapes, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    by_kind = dict(zip(map(_key, kinds), shapes, strict=True))
    types = _structs(kinds)
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clew",
            "version": __version__,
            "description": "The machine-learning lifecycle on one lineage graph.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {}],
        "tags": [{"name": name} for name in dict.fromkeys(r.resource for r in listed)],
        "paths": paths,
        "components": {
            "schemas": {
                name: _described(schema, types.get(name))
                for name, schema in sorted(components.items())
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `clew token create`; a server that listens beyond "
                    "this machine demands one.",
                }
            },
        },
    }


def encoded() -> bytes:
    """Return the document as JSON, in the form in which it is kept."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2) + b"\n"


def _operation(route: Route, shapes: Mapping[object, Schema]) -> Schema:
    operation: Schema = {
        "operationId": route.name.replace(".", "_"),
        "summary": route.does,
        "tags": [route.resource],
        "parameters": [*_path_parameters(route), *_query_parameters(route.query)],
        "responses": {
            str(route.status): {
                "description": "Success",
                "content": {route.media: {"schema": _answer(route, shapes)}},
            },
            "default": {
                "description": "It was not answered",
                "content": {"application/problem+json": {"schema": shapes[_key(Problem)]}},
            },
        },
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": shapes[_key(route.body)]}},
        }
    elif route.accepts is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {route.accepts: {"schema": _message(route)}},
        }
    if route.scope is None:
        operation["security"] = [{}]
    else:
        operation["description"] = f"A token needs the scope `{route.scope}`."
    return operation


def _answer(route: Route, shapes: Mapping[object, Schema]) -> Schema:
    if route.answer is None:
        return {"type": "string", "format": "binary"}
    return shapes[_key(route.answer)]


def _message(route: Route) -> Schema:
    """Return the schema of a body that is not JSON: MessagePack's by the names of its fields."""
    if not route.fields:
        return {"type": "string", "format": "binary"}
    arguments: Schema = {
        "type": "object",
        "properties": {name: {} for name in route.fields},
        "additionalProperties": False,
    }
    seeds: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    return {"type": "array", "prefixItems": [arguments, seeds], "minItems": 1}


def _path_parameters(route: Route) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMAS.get(name, _TEXT)}
        for name in route.parameters
    ]


_TEXT: Schema = {"type": "string", "minLength": 1}
_PATH_SCHEMAS: dict[str, Schema] = {
    "version": {"type": "integer", "minimum": 1, "maximum": 1 << 53}
}


def _query_parameters(query: type[Query]) -> list[Schema]:
    (reference,), components = msgspec.json.schema_components([query], ref_template=_REF)
    schema = components[reference["$ref"].rpartition("/")[2]]
    described = _described(schema, query)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _without_null({k: v for k, v in shape.items() if k != "description"}),
            **({"description": shape["description"]} if "description" in shape else {}),
        }
        for name, shape in described["properties"].items()
    ]


def _without_null(schema: Schema) -> Schema:
    """Return the schema of a parameter: absent where a struct says None."""
    kept = [part for part in schema.get("anyOf", []) if part != {"type": "null"}]
    rest = {k: v for k, v in schema.items() if k != "anyOf"}
    if rest.get("default", 0) is None:
        del rest["default"]
    if len(kept) == 1:
        return {**kept[0], **rest}
    return {**rest, "anyOf": kept} if kept else rest


def _described(schema: Schema, kind: Any) -> Schema:
    """Return a schema with its docstring taken apart: the summary, and a text for each field."""
    if kind is None or "properties" not in schema:
        return schema
    summary, texts = _documentation(kind)
    properties = {
        name: {**shape, "description": texts[name]} if name in texts else shape
        for name, shape in schema["properties"].items()
    }
    found = {**schema, "description": summary, "properties": properties}
    if issubclass(kind, Query | Body):
        found["additionalProperties"] = False
    else:
        # What answers hold is always there, defaults included.
        found["required"] = list(properties)
    return found


def _documentation(kind: type) -> tuple[str, dict[str, str]]:
    text = inspect.cleandoc(kind.__doc__ or "")
    summary, _, parameters = text.partition("\nParameters\n----------\n")
    texts: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", parameters):
        head, _, body = block.partition("\n")
        for name in head.partition(" : ")[0].split(", "):
            if body:
                texts[name] = _one_line(body)
    return _one_line(summary), texts


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _key(kind: Any) -> object:
    return kind if isinstance(kind, type) else repr(kind)


def _structs(kinds: Iterable[Any]) -> dict[str, type[msgspec.Struct]]:
    """Return every struct that stands in these types, by name.

    Raises
    ------
    AssertionError
        When two structs of the contract have the same name.
    """
    found: dict[str, type[msgspec.Struct]] = {}

    def visit(node: object) -> None:
        if isinstance(node, msgspec.inspect.StructType):
            name = node.cls.__name__
            if name in found:
                assert found[name] is node.cls, f"two structs are called {name}"
                return
            found[name] = node.cls
            for field in node.fields:
                visit(field.type)
        elif isinstance(node, msgspec.inspect.Type):
            for part in node.__struct_fields__:
                inner = getattr(node, part)
                for one in inner if isinstance(inner, tuple) else (inner,):
                    visit(one)

    for kind in kinds:
        visit(msgspec.inspect.type_info(kind))
    return found
