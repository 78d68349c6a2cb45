"""What each call of the protocol's service answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError, EncodeError

from clew import __version__
from clew.api.inference import describe
from clew.api.inference.models import Models
from clew.api.inference.rpc import contents
from clew.api.inference.rpc.messages import DATA_TYPES, pb
from clew.api.inference.tensors import rows_of
from clew.entities.token import Scope
from clew.errors import ClewError, InvalidParameter, NotFound

_NUMBERS = {f"TYPE_{name}": number for number, name in enumerate(DATA_TYPES)}


@dataclass(frozen=True, slots=True)
class Call:
    """One method of the service.

    Parameters
    ----------
    asked : type
        The class of its requests.
    answer : callable
        Takes the models and a request, and returns the response.
    scope : str
        What a token must allow where tokens are demanded; "" for what everybody may ask.
    """

    asked: Any
    answer: Callable[[Models, Any], Awaitable[Any]]
    scope: Scope | None = "read"


def parsed(kind: Any, raw: bytes) -> Any:
    """Return a request from its bytes.

    Raises
    ------
    InvalidParameter
        When they are no such message.
    """
    try:
        return kind.FromString(raw)
    except (DecodeError, ValueError) as error:
        raise InvalidParameter(
            "the request is no message of the protocol", got=str(error)[:200]
        ) from None


def packed(response: Any) -> bytes:
    """Return a response's bytes.

    Raises
    ------
    InvalidParameter
        When it is too large for a message.
    """
    try:
        return bytes(response.SerializeToString())
    except (EncodeError, ValueError) as error:
        raise InvalidParameter("the answer is too large", got=str(error)[:200]) from None


async def stream(
    models: Models, requests: AsyncIterator[bytes], timeout_s: float
) -> AsyncIterator[bytes]:
    """Answer a stream of inference requests in order; what fails is answered with its message."""
    async for raw in requests:
        try:
            async with asyncio.timeout(timeout_s):
                answer = await _infer(models, parsed(pb.ModelInferRequest, raw))
            yield packed(pb.ModelStreamInferResponse(infer_response=answer))
        except TimeoutError:
            message = f"no answer within {timeout_s:g} s"
            yield packed(pb.ModelStreamInferResponse(error_message=message))
        except ClewError as error:
            yield packed(pb.ModelStreamInferResponse(error_message=str(error)))


async def _live(models: Models, request: Any) -> Any:
    return pb.ServerLiveResponse(live=True)


async def _ready(models: Models, request: Any) -> Any:
    return pb.ServerReadyResponse(ready=models.ready())


async def _model_ready(models: Models, request: Any) -> Any:
    try:
        models.get(request.name, request.version or None)
    except NotFound:
        return pb.ModelReadyResponse(ready=False)
    return pb.ModelReadyResponse(ready=True)


async def _server_metadata(models: Models, request: Any) -> Any:
    return pb.ServerMetadataResponse(**describe.server_metadata(__version__))


async def _metadata(models: Models, request: Any) -> Any:
    hosted = models.get(request.name, request.version or None)
    made = describe.metadata_of(hosted, models.versions(hosted.name))
    made.pop("parameters")
    return pb.ModelMetadataResponse(**made)


async def _config(models: Models, request: Any) -> Any:
    made = describe.config_of(models.get(request.name, request.version or None))
    for side in ("input", "output"):
        for tensor in made[side]:
            tensor["data_type"] = _NUMBERS[tensor["data_type"]]
    return pb.ModelConfigResponse(config=made)


async def _statistics(models: Models, request: Any) -> Any:
    named = bool(request.name)
    asked = [models.get(request.name, request.version or None)] if named else models
    return pb.ModelStatisticsResponse(model_stats=[describe.statistics_of(one) for one in asked])


async def _infer(models: Models, message: Any) -> Any:
    hosted = models.get(message.model_name, message.model_version or None)
    request = contents.request_of(message)
    rows = rows_of(request, hosted.compiled.signature)
    answers = await hosted.answer(rows, request.parameters)
    raw = bool(message.raw_input_contents)
    return contents.response_of(hosted, request, list(answers), raw=raw)


async def _index(models: Models, request: Any) -> Any:
    _one_repository(request)
    return pb.RepositoryIndexResponse(models=describe.index_of(models, ready=request.ready))


async def _load(models: Models, request: Any) -> Any:
    _one_repository(request)
    await models.load(request.model_name, dict(request.parameters))
    return pb.RepositoryModelLoadResponse()


async def _unload(models: Models, request: Any) -> Any:
    _one_repository(request)
    await models.unload(request.model_name)
    return pb.RepositoryModelUnloadResponse()


def _one_repository(request: Any) -> None:
    if request.repository_name:
        raise InvalidParameter(
            "this server has one repository", got=request.repository_name[:80], expected="no name"
        )


CALLS: Mapping[str, Call] = {
    "ServerLive": Call(pb.ServerLiveRequest, _live, None),
    "ServerReady": Call(pb.ServerReadyRequest, _ready, None),
    "ModelReady": Call(pb.ModelReadyRequest, _model_ready),
    "ServerMetadata": Call(pb.ServerMetadataRequest, _server_metadata),
    "ModelMetadata": Call(pb.ModelMetadataRequest, _metadata),
    "ModelConfig": Call(pb.ModelConfigRequest, _config),
    "ModelStatistics": Call(pb.ModelStatisticsRequest, _statistics),
    "ModelInfer": Call(pb.ModelInferRequest, _infer),
    "RepositoryIndex": Call(pb.RepositoryIndexRequest, _index),
    "RepositoryModelLoad": Call(pb.RepositoryModelLoadRequest, _load, "promote"),
    "RepositoryModelUnload": Call(pb.RepositoryModelUnloadRequest, _unload, "promote"),
}
"""The methods with one request and one response; `stream` answers ``ModelStreamInfer``."""
