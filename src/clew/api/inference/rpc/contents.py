"""Tensors in gRPC's messages, to requests and back."""

from __future__ import annotations

from typing import Any

from clew.api.inference import tensors
from clew.api.inference.forms import decision_of
from clew.api.inference.rpc.messages import pb
from clew.api.inference.tensors import InferRequest, Tensor, Wanted
from clew.errors import InvalidParameter, WrongType
from clew.serve.hosted import Answered, Answering

_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""Where a tensor's values stand when they are not raw; FP16 is always raw."""


def request_of(message: Any) -> InferRequest:
    """Return a ``ModelInferRequest`` in the form in which all requests are answered.

    Raises
    ------
    InvalidParameter, WrongType
        When its tensors are not what they say.
    """
    raw = message.raw_input_contents
    if raw and len(raw) != len(message.inputs):
        raise InvalidParameter(
            "raw_input_contents", got=f"{len(raw)} parts", expected=f"{len(message.inputs)}"
        )
    inputs = [
        Tensor(given.name, list(given.shape), given.datatype, None, _parameters(given))
        for given in message.inputs
    ]
    wanted = [Wanted(given.name, _parameters(given)) for given in message.outputs]
    request = InferRequest(inputs, message.id or None, wanted or None, _parameters(message))
    tensors.check_parameters(request)
    for at, (tensor, given) in enumerate(zip(inputs, message.inputs, strict=True)):
        if not raw:
            tensor.data = _typed(tensor, given.contents)
        elif given.HasField("contents"):
            raise InvalidParameter(f"input {tensor.name[:80]!r} has raw contents and typed ones")
        else:
            tensor.data = tensors.binary_values(tensor, raw[at])
    return request


def response_of(
    hosted: Answering, request: InferRequest, answers: list[Answered], *, raw: bool
) -> Any:
    """Return a ``ModelInferResponse``; its contents are raw where those of the request were."""
    response = pb.ModelInferResponse(
        model_name=hosted.name,
        model_version=answers[0].version or hosted.version,
        id=request.id or "",
    )
    if answers[0].decision is not None:
        for name, text in decision_of(answers).items():
            response.parameters[name].string_param = text
    for _, (name, shape, kind, values) in tensors.chosen(answers, request.outputs):
        output = response.outputs.add(name=name, datatype=kind, shape=shape)
        if raw:
            response.raw_output_contents.append(tensors.raw_of(kind, values))
        elif kind == "BYTES":
            output.contents.bytes_contents.extend(str(value).encode() for value in values)
        else:
            getattr(output.contents, _CONTENTS[kind]).extend(values)
    return response


def _typed(tensor: Tensor, contents: Any) -> list[Any]:
    field = _CONTENTS.get(tensor.datatype)
    if field is None:
        raise WrongType(
            f"input {tensor.name[:80]!r}: a datatype without typed contents",
            got=tensor.datatype[:40],
            expected=", ".join(_CONTENTS),
        )
    given = [kind.name for kind, _ in contents.ListFields()]
    if given not in ([], [field]):
        raise InvalidParameter(
            f"input {tensor.name[:80]!r}: contents of another datatype",
            got=", ".join(given),
            expected=field,
        )
    values = list(getattr(contents, field))
    if tensor.datatype != "BYTES":
        return values
    return [tensors.text_of(tensor, value) for value in values]


def _parameters(message: Any) -> dict[str, Any] | None:
    if not message.parameters:
        return None
    made = {}
    for name, value in message.parameters.items():
        field = value.WhichOneof("parameter_choice")
        made[name] = None if field is None else getattr(value, field)
    return made
