"""Encodings of Arrow types, fields and schemas, with their metadata."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from clew.lineage.canonical import frame
from clew.lineage.fingerprint import Context, encode


def encode_type(type_: Any, ctx: Context) -> bytes:
    """Encode a data type; of a nested one its fields, of an extension also its parameters."""
    if isinstance(type_, pa.BaseExtensionType):
        name = type_.extension_name.encode()
        held = type_.__arrow_ext_serialize__() if hasattr(type_, "__arrow_ext_serialize__") else b""
        parts = [b"extension", name, held, encode_type(type_.storage_type, ctx)]
    elif pt.is_dictionary(type_):
        inner = [encode_type(type_.index_type, ctx), encode_type(type_.value_type, ctx)]
        parts = [b"dictionary", *inner, bytes([type_.ordered])]
    elif pt.is_map(type_):
        inner = [encode_field(type_.key_field, ctx), encode_field(type_.item_field, ctx)]
        parts = [b"map", *inner, bytes([type_.keys_sorted])]
    elif pt.is_run_end_encoded(type_):
        parts = [b"runs", encode_type(type_.run_end_type, ctx), encode_type(type_.value_type, ctx)]
    elif pt.is_nested(type_):
        parts = _nested(type_, ctx)
    else:
        parts = [str(type_).encode()]
    return b"".join(map(frame, parts))


def _nested(type_: Any, ctx: Context) -> list[bytes]:
    name = f"nested {type_.id}".encode()
    fields = [encode_field(type_.field(i), ctx) for i in range(type_.num_fields)]
    if pt.is_fixed_size_list(type_):
        fields.append(str(type_.list_size).encode())
    if pt.is_union(type_):
        fields.append(bytes(type_.type_codes))
    return [name, *fields]


def encode_field(field: Any, ctx: Context) -> bytes:
    """Encode a field: name, type, whether it may be null, metadata."""
    parts = [field.name.encode(errors="surrogatepass"), encode_type(field.type, ctx)]
    parts += [bytes([field.nullable]), encode_metadata(field.metadata, ctx)]
    return b"".join(map(frame, parts))


def encode_schema(schema: Any, ctx: Context) -> bytes:
    """Encode a schema: its fields in order, and its metadata."""
    fields = b"".join(frame(encode_field(field, ctx)) for field in schema)
    return frame(fields) + frame(encode_metadata(schema.metadata, ctx))


def encode_metadata(metadata: dict[bytes, bytes] | None, ctx: Context) -> bytes:
    """Encode key-value metadata in its order; none and empty are the same to Arrow."""
    return encode(tuple(metadata.items()), ctx) if metadata else b""
