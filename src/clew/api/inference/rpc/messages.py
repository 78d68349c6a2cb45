"""The protocol's messages, built when the module is loaded.

Written from the public protocol (names, numbers and types of the fields are what travels), as the
lines of a ``.proto`` file. They live in a pool of their own, so that clients' generated modules may
be loaded in the same process, and whichever protobuf is installed builds them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from clew.errors import MissingExtra

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError as error:
    raise MissingExtra(
        "inference over gRPC needs grpcio and protobuf",
        got=str(error),
        hint="pip install 'clew[grpc]'",
    ) from error

SERVICE = "inference.GRPCInferenceService"

_PARAMETERS = "map<string, InferParameter> parameters"
_TENSOR = "string name = 1; string datatype = 2; repeated int64 shape = 3"
_NAMED = "string name = 1; string version = 2"

MESSAGES: Mapping[str, str] = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "bool live = 1",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "bool ready = 1",
    "ModelReadyRequest": _NAMED,
    "ModelReadyResponse": "bool ready = 1",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "string name = 1; string version = 2; repeated string extensions = 3",
    "ModelMetadataRequest": _NAMED,
    "ModelMetadataResponse": "string name = 1; repeated string versions = 2; string platform = 3;"
    " repeated ModelMetadataResponse.TensorMetadata inputs = 4;"
    " repeated ModelMetadataResponse.TensorMetadata outputs = 5",
    "ModelMetadataResponse.TensorMetadata": _TENSOR,
    "InferParameter": "oneof parameter_choice bool bool_param = 1;"
    " oneof parameter_choice int64 int64_param = 2;"
    " oneof parameter_choice string string_param = 3;"
    " oneof parameter_choice double double_param = 4;"
    " oneof parameter_choice uint64 uint64_param = 5",
    "InferTensorContents": "repeated bool bool_contents = 1; repeated int32 int_contents = 2;"
    " repeated int64 int64_contents = 3; repeated uint32 uint_contents = 4;"
    " repeated uint64 uint64_contents = 5; repeated float fp32_contents = 6;"
    " repeated double fp64_contents = 7; repeated bytes bytes_contents = 8",
    "ModelInferRequest": "string model_name = 1; string model_version = 2; string id = 3;"
    f" {_PARAMETERS} = 4; repeated ModelInferRequest.InferInputTensor inputs = 5;"
    " repeated ModelInferRequest.InferRequestedOutputTensor outputs = 6;"
    " repeated bytes raw_input_contents = 7",
    "ModelInferRequest.InferInputTensor": f"{_TENSOR}; {_PARAMETERS} = 4;"
    " InferTensorContents contents = 5",
    "ModelInferRequest.InferRequestedOutputTensor": f"string name = 1; {_PARAMETERS} = 2",
    "ModelInferResponse": "string model_name = 1; string model_version = 2; string id = 3;"
    f" {_PARAMETERS} = 4; repeated ModelInferResponse.InferOutputTensor outputs = 5;"
    " repeated bytes raw_output_contents = 6",
    "ModelInferResponse.InferOutputTensor": f"{_TENSOR}; {_PARAMETERS} = 4;"
    " InferTensorContents contents = 5",
    "ModelStreamInferResponse": "string error_message = 1; ModelInferResponse infer_response = 2",
    "ModelConfigRequest": _NAMED,
    "ModelConfigResponse": "ModelConfig config = 1",
    "ModelConfig": "string name = 1; string platform = 2; int32 max_batch_size = 4;"
    " repeated ModelInput input = 5; repeated ModelOutput output = 6; string backend = 17",
    "ModelInput": "string name = 1; DataType data_type = 2; repeated int64 dims = 4",
    "ModelOutput": "string name = 1; DataType data_type = 2; repeated int64 dims = 3",
    "ModelStatisticsRequest": _NAMED,
    "ModelStatisticsResponse": "repeated ModelStatistics model_stats = 1",
    "ModelStatistics": "string name = 1; string version = 2; uint64 last_inference = 3;"
    " uint64 inference_count = 4; uint64 execution_count = 5; InferStatistics inference_stats = 6",
    "InferStatistics": "StatisticDuration success = 1; StatisticDuration fail = 2;"
    " StatisticDuration queue = 3; StatisticDuration compute_input = 4;"
    " StatisticDuration compute_infer = 5; StatisticDuration compute_output = 6;"
    " StatisticDuration cache_hit = 7; StatisticDuration cache_miss = 8",
    "StatisticDuration": "uint64 count = 1; uint64 ns = 2",
    "ModelRepositoryParameter": "oneof parameter_choice bool bool_param = 1;"
    " oneof parameter_choice int64 int64_param = 2;"
    " oneof parameter_choice string string_param = 3;"
    " oneof parameter_choice bytes bytes_param = 4",
    "RepositoryIndexRequest": "string repository_name = 1; bool ready = 2",
    "RepositoryIndexResponse": "repeated RepositoryIndexResponse.ModelIndex models = 1",
    "RepositoryIndexResponse.ModelIndex": f"{_NAMED}; string state = 3; string reason = 4",
    "RepositoryModelLoadRequest": "string repository_name = 1; string model_name = 2;"
    " map<string, ModelRepositoryParameter> parameters = 3",
    "RepositoryModelLoadResponse": "",
    "RepositoryModelUnloadRequest": "string repository_name = 1; string model_name = 2;"
    " map<string, ModelRepositoryParameter> parameters = 3",
    "RepositoryModelUnloadResponse": "",
}
"""Each message and its fields; a dot in the name stands for one within another."""

DATA_TYPES = (
    "INVALID",
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "FP32",
    "FP64",
    "STRING",
)
"""Values of the enumeration ``DataType``, from 0, without their prefix ``TYPE_``."""

_FIELD = re.compile(
    r"(?:(?P<repeated>repeated) |oneof (?P<choice>\w+) )?"
    r"(?P<type>map<string, \w+>|[\w.]+) (?P<name>\w+) = (?P<number>\d+)"
)
_Field = descriptor_pb2.FieldDescriptorProto
_PLAIN = {
    name: getattr(_Field, f"TYPE_{name.upper()}")
    for name in ("bool", "bytes", "double", "float", "int32", "int64", "string", "uint32", "uint64")
}


def _file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="clew_inference.proto", package="inference", syntax="proto3"
    )
    kinds = file.enum_type.add(name="DataType")
    for number, name in enumerate(DATA_TYPES):
        kinds.value.add(name=f"TYPE_{name}", number=number)
    made: dict[str, Any] = {}
    for full, fields in MESSAGES.items():
        outer, _, name = full.rpartition(".")
        message = made[outer].nested_type.add() if outer else file.message_type.add()
        message.name, made[full] = name, message
        for text in filter(None, fields.split(";")):
            _add_field(message, full, text.strip())
    return file


def _add_field(message: Any, full: str, text: str) -> None:
    match = _FIELD.fullmatch(text)
    assert match is not None, text
    field = message.field.add(name=match["name"], number=int(match["number"]))
    kind: str = match["type"]
    repeated = match["repeated"] is not None or kind.startswith("map<")
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if kind.startswith("map<"):
        entry = message.nested_type.add(name=match["name"].capitalize() + "Entry")
        entry.options.map_entry = True
        _add_field(entry, full, "string key = 1")
        _add_field(entry, full, f"{kind[12:-1]} value = 2")
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".inference.{full}.{entry.name}"
    elif kind in _PLAIN:
        field.type = _PLAIN[kind]
    else:
        field.type = _Field.TYPE_ENUM if kind == "DataType" else _Field.TYPE_MESSAGE
        field.type_name = f".inference.{kind}"
    if match["choice"] is not None:
        if not message.oneof_decl:
            message.oneof_decl.add(name=match["choice"])
        field.oneof_index = 0


def _classes() -> SimpleNamespace:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return SimpleNamespace(
        **{
            name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"inference.{name}"))
            for name in MESSAGES
            if "." not in name
        }
    )


pb = _classes()
"""The message classes, by name."""
