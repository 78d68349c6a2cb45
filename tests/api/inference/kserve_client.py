"""kserve's inference client, run in an environment of its own: HTTP address, gRPC address.

It stands alone, since kserve's dependencies exclude those of clew. What it got is printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

ROW = {"age": 40, "hours": 38.5, "job": "smith"}


def request(module: Any) -> Any:
    kinds = {"age": "INT64", "hours": "FP64", "job": "BYTES"}
    inputs = [
        module.InferInput(name=name, shape=[1], datatype=kind, data=[ROW[name]])
        for name, kind in kinds.items()
    ]
    return module.InferRequest(model_name="income", request_id="mine", infer_inputs=inputs)


def told(response: Any) -> Any:
    return [response.id, {output.name: list(output.data) for output in response.outputs}]


async def over_http(module: Any, address: str) -> dict[str, Any]:
    client = module.InferenceRESTClient(module.RESTConfig(protocol="v2", timeout=60))
    answer = await client.infer(address, request(module), model_name="income")
    return {
        "live": await client.is_server_live(address),
        "ready": await client.is_server_ready(address),
        "model": await client.is_model_ready(address, "income"),
        "answer": told(answer),
    }


async def over_grpc(module: Any, address: str) -> dict[str, Any]:
    client = module.InferenceGRPCClient(address, timeout=60)
    answer = await client.infer(request(module))
    seen = {
        "live": await client.is_server_live(),
        "ready": await client.is_server_ready(),
        "model": await client.is_model_ready("income"),
        "answer": told(answer),
    }
    await client.close()
    return seen


async def main(http: str, rpc: str) -> None:
    import kserve

    print(
        json.dumps(
            [await over_http(kserve, http), await over_grpc(kserve, rpc)], default=bytes.decode
        )
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
