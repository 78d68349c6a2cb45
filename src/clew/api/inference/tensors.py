"""Tensors on the wire: the protocol's JSON and its binary extension, to rows and back."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from clew.errors import InvalidParameter, WrongType
from clew.serve.hosted import Answered
from clew.serve.signature import Signature

DTYPES = {
    "BOOL": "?",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
KINDS = {"number": "FP64", "integer": "INT64", "boolean": "BOOL", "text": "BYTES"}
"""The datatype under which each kind of column is announced; any fitting one is accepted."""

MATRIX = "X"

_UNSUPPORTED = ("classification", "sequence_", "shared_memory_")
_MOST_DIMENSIONS = 8


class Tensor(msgspec.Struct):
    """An input or output tensor."""

    name: str
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: dict[str, Any] | None = None


class Wanted(msgspec.Struct):
    """An output that the client names."""

    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(msgspec.Struct):
    """The JSON part of a request."""

    inputs: list[Tensor]
    id: str | None = None
    outputs: list[Wanted] | None = None
    parameters: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(InferRequest).decode
_encode = msgspec.json.Encoder().encode


def parse(body: bytes, header_length: int | None) -> InferRequest:
    """Return a request, its tensors' data filled in from the binary part.

    Parameters
    ----------
    header_length : int or None
        Length of the JSON part (``Inference-Header-Content-Length``); None: all of it.
    """
    if header_length is not None and not 0 <= header_length <= len(body):
        raise InvalidParameter(
            "Inference-Header-Content-Length", got=str(header_length), expected=f"0 to {len(body)}"
        )
    try:
        request = _decode(body if header_length is None else body[:header_length])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidParameter(
            "the request is no inference request",
            got=str(error)[:300],
            expected='{"inputs": [{"name", "shape", "datatype", "data"}]}',
        ) from None
    check_parameters(request)
    if header_length is not None:
        _fill(request.inputs, memoryview(body)[header_length:])
    return request


def check_parameters(request: InferRequest) -> None:
    """Refuse what the request asks for and this server does not do, rather than not do it."""
    for given in (request, *request.inputs, *(request.outputs or ())):
        if given.parameters:
            for name in given.parameters:
                if name.startswith(_UNSUPPORTED):
                    raise InvalidParameter(
                        "this server does not do that", got=f"parameter {name[:80]!r}"
                    )


def _fill(inputs: Sequence[Tensor], rest: memoryview) -> None:
    for tensor in inputs:
        size = (tensor.parameters or {}).get("binary_data_size")
        if size is None:
            continue
        if type(size) is not int or not 0 <= size <= len(rest):
            raise InvalidParameter(
                f"input {tensor.name[:80]!r}: binary_data_size",
                got=repr(size),
                expected=f"≤ {len(rest)}",
            )
        tensor.data = binary_values(tensor, bytes(rest[:size]))
        rest = rest[size:]


def binary_values(tensor: Tensor, raw: bytes) -> list[Any]:
    """Return the values of a tensor in the protocol's binary form."""
    if tensor.datatype == "BYTES":
        return list(_texts(tensor, raw))
    dtype = DTYPES.get(tensor.datatype)
    if dtype is None:
        raise _bad_type(tensor)
    if len(raw) % np.dtype(dtype).itemsize:
        raise InvalidParameter(
            f"input {tensor.name[:80]!r}: binary data",
            got=f"{len(raw)} bytes",
            expected=tensor.datatype,
        )
    return list(np.frombuffer(raw, dtype=dtype).tolist())


def _texts(tensor: Tensor, raw: bytes) -> Iterator[str]:
    at = 0
    while at < len(raw):
        if at + 4 > len(raw):
            raise _cut(tensor)
        (length,) = struct.unpack_from("<I", raw, at)
        at += 4
        if at + length > len(raw):
            raise _cut(tensor)
        yield text_of(tensor, raw[at : at + length])
        at += length


def _cut(tensor: Tensor) -> InvalidParameter:
    return InvalidParameter(f"input {tensor.name[:80]!r}: the binary data of its texts is cut off")


def text_of(tensor: Tensor, value: bytes) -> str:
    """Return a text, which travels as UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise WrongType(
            f"input {tensor.name[:80]!r} holds bytes that are no text", expected="UTF-8"
        ) from None


def _bad_type(tensor: Tensor) -> WrongType:
    return WrongType(
        f"input {tensor.name[:80]!r}: unknown datatype",
        got=tensor.datatype[:40],
        expected=", ".join([*DTYPES, "BYTES"]),
    )


def rows_of(request: InferRequest, signature: Signature) -> list[Any]:
    """Return the rows of a request: mappings for a frame's model, else lists of numbers.

    A frame's model reads one input for each column, of shape (n,) or (n, 1), or one input that
    holds them all, of shape (n, columns), where they are all of one kind.
    """
    if not request.inputs:
        raise InvalidParameter("the request has no inputs", expected=_expected(signature))
    if not signature.is_frame or len(request.inputs) == 1 < len(signature.columns):
        return _matrix_rows(request.inputs, signature)
    columns: dict[str, list[Any]] = {}
    n_rows: int | None = None
    for tensor in request.inputs:
        values = _flat(tensor)
        if tensor.name in columns:
            raise InvalidParameter(f"input {tensor.name[:80]!r} is given twice")
        if tensor.shape not in ([len(values)], [len(values), 1]):
            raise InvalidParameter(
                f"input {tensor.name[:80]!r}: shape",
                got=str(tensor.shape),
                expected="[n] or [n, 1]",
            )
        if n_rows is not None and len(values) != n_rows:
            raise InvalidParameter(
                f"input {tensor.name[:80]!r} has another number of rows",
                got=str(len(values)),
                expected=str(n_rows),
            )
        n_rows = len(values)
        columns[tensor.name] = values
    lacking = [column.name for column in signature.columns if column.name not in columns]
    if lacking:
        raise InvalidParameter(
            "inputs are missing", got=", ".join(columns), expected=", ".join(lacking) + " too"
        )
    parts = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in parts]


def _matrix_rows(inputs: Sequence[Tensor], signature: Signature) -> list[Any]:
    tensor = inputs[0]
    if len(inputs) != 1:
        raise InvalidParameter(
            "this model has one input", got=f"{len(inputs)} inputs", expected=_expected(signature)
        )
    values, width = _flat(tensor), signature.n_features
    shape = [1, *tensor.shape] if len(tensor.shape) == 1 else tensor.shape
    if len(shape) != 2 or shape[1] != width or shape[0] * width != len(values):
        raise InvalidParameter(
            f"input {tensor.name[:80]!r}: shape", got=str(tensor.shape), expected=f"[n, {width}]"
        )
    rows = [values[start : start + width] for start in range(0, len(values), width)]
    if not signature.is_frame:
        return rows
    names = [column.name for column in signature.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _expected(signature: Signature) -> str:
    if signature.is_frame:
        return ", ".join(column.name for column in signature.columns)
    return f"{MATRIX} of shape [n, {signature.n_features}]"


def _flat(tensor: Tensor) -> list[Any]:
    """Return a tensor's data row by row, nested or flat as it came, checked against its shape."""
    if tensor.datatype not in DTYPES and tensor.datatype != "BYTES":
        raise _bad_type(tensor)
    if not isinstance(tensor.data, list):
        raise InvalidParameter(f"input {tensor.name[:80]!r} has no data", expected="a list")
    values = tensor.data
    if len(values) == 1 and tensor.shape in ([1], [1, 1]) and type(values[0]) is not list:
        return values  # a row on its own is what comes most often
    depth = 0
    while any(type(value) is list for value in values):
        depth += 1
        if depth > 8 or not all(type(value) is list for value in values):
            raise InvalidParameter(f"input {tensor.name[:80]!r}: its data is nested unevenly")
        values = [item for value in values for item in value]
    if len(tensor.shape) > _MOST_DIMENSIONS:
        raise InvalidParameter(
            f"input {tensor.name[:80]!r}: shape",
            got=f"{len(tensor.shape)} dimensions",
            expected=f"{_MOST_DIMENSIONS} at the most",
        )
    if any(size < 0 for size in tensor.shape) or math.prod(tensor.shape) != len(values):
        raise InvalidParameter(
            f"input {tensor.name[:80]!r}: data and shape do not fit",
            got=f"{len(values)} values",
            expected=f"{tensor.shape}",
        )
    return values


Output = tuple[str, list[int], str, list[Any]]
"""Name, shape, datatype and values of an output tensor, row by row."""


def outputs_of(
    answers: Sequence[Answered], wanted: Sequence[Wanted] | None, *, binary: bool
) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Return the output tensors, and the binary parts that follow the JSON.

    Parameters
    ----------
    wanted : sequence of Wanted or None
        The outputs to return; None: all.
    binary : bool
        Whether outputs are binary unless they say otherwise (``binary_data_output``).
    """
    tensors: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for output, (name, shape, kind, values) in chosen(answers, wanted):
        tensor: dict[str, Any] = {"name": name, "datatype": kind, "shape": shape}
        if output is None or output.parameters is None:
            as_binary = binary
        else:
            as_binary = bool(output.parameters.get("binary_data", binary))
        if as_binary:
            raw = raw_of(kind, values)
            tensor["parameters"] = {"binary_data_size": len(raw)}
            parts.append(raw)
        else:
            tensor["data"] = values
        tensors.append(tensor)
    return tensors, parts


def chosen(
    answers: Sequence[Answered], wanted: Sequence[Wanted] | None
) -> Iterator[tuple[Wanted | None, Output]]:
    """Yield the outputs that are wanted, in their order; None: all.

    Raises
    ------
    InvalidParameter
        When one is wanted that there is not, or twice.
    """
    if not wanted:
        for output in _outputs(answers):
            yield None, output
        return
    made = {output[0]: output for output in _outputs(answers)}
    for one in wanted:
        if one.name not in made:
            raise InvalidParameter(
                "no such output, or it is named twice",
                got=one.name[:80],
                expected=", ".join(made) or "each once",
            )
        yield one, made.pop(one.name)


def _outputs(answers: Sequence[Answered]) -> Iterator[Output]:
    n_rows = len(answers)
    first = answers[0].prediction
    if isinstance(first, list):
        flat = [value for answer in answers for value in answer.prediction]
        yield "prediction", [n_rows, len(first)], kind_of(flat), flat
    else:
        labels = [answer.prediction for answer in answers]
        yield "prediction", [n_rows], kind_of(labels), labels
    if answers[0].probabilities is not None:
        shares = [share for answer in answers for share in answer.probabilities or ()]
        yield "probabilities", [n_rows, len(answers[0].probabilities)], "FP64", shares
    yield "prediction_id", [n_rows], "BYTES", [answer.id for answer in answers]
    if answers[0].confidence is not None:
        yield "confidence", [n_rows], "FP64", [answer.confidence for answer in answers]


def kind_of(values: Sequence[Any]) -> str:
    """Return the datatype of plain values."""
    kinds = {bool: "BOOL", int: "INT64", float: "FP64"}
    return kinds.get(type(values[0]), "BYTES")


def raw_of(kind: str, values: Sequence[Any]) -> bytes:
    """Return values in the protocol's binary form."""
    if kind != "BYTES":
        return np.array(values, dtype=DTYPES[kind]).tobytes()
    encoded = [str(value).encode() for value in values]
    return b"".join(struct.pack("<I", len(value)) + value for value in encoded)


def encoded(response: dict[str, Any], parts: Sequence[bytes]) -> tuple[bytes, int | None]:
    """Return a response's bytes, and the length of its JSON where binary parts follow."""
    head = _encode(response)
    return (b"".join([head, *parts]), len(head)) if parts else (head, None)
