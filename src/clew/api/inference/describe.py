"""Models and the server as the protocol describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clew.api.inference.models import Models
from clew.api.inference.tensors import KINDS, MATRIX, kind_of
from clew.serve.hosted import Answering

EXTENSIONS = ["binary_tensor_data", "model_repository", "statistics", "model_configuration"]


def server_metadata(version: str) -> dict[str, Any]:
    """Return the server's metadata."""
    return {"name": "clew", "version": version, "extensions": EXTENSIONS}


def metadata_of(hosted: Answering, versions: Sequence[str]) -> dict[str, Any]:
    """Return a model's metadata: its inputs with datatypes, its outputs, and how it serves."""
    signature = hosted.compiled.signature
    inputs = [
        {"name": column.name, "datatype": KINDS[column.kind], "shape": [-1, 1]}
        for column in signature.columns
    ] or [{"name": MATRIX, "datatype": "FP64", "shape": [-1, signature.n_features]}]
    classes = hosted.compiled.classes
    example = hosted.compiled.example
    several = isinstance(example, list)
    kind = kind_of(example if several else [example])
    shape = [-1, len(example)] if several else [-1]
    outputs: list[dict[str, Any]] = [{"name": "prediction", "datatype": kind, "shape": shape}]
    if classes:
        outputs.append({"name": "probabilities", "datatype": "FP64", "shape": [-1, len(classes)]})
    outputs.append({"name": "prediction_id", "datatype": "BYTES", "shape": [-1]})
    if hosted.decides:
        outputs.append({"name": "confidence", "datatype": "FP64", "shape": [-1]})
    return {
        "name": hosted.name,
        "versions": list(versions),
        "platform": f"clew_{hosted.compiled.form}",
        "inputs": inputs,
        "outputs": outputs,
        "parameters": {
            "content": hosted.content,
            "reason": hosted.compiled.reason,
            "classes": list(classes),
        },
    }


def config_of(hosted: Answering) -> dict[str, Any]:
    """Return a model's configuration, in the shape of the model configuration extension."""
    metadata = metadata_of(hosted, [hosted.version])
    inputs, outputs = (
        [
            {"name": one["name"], "data_type": _config_type(one["datatype"]), "dims": one["shape"]}
            for one in metadata[side]
        ]
        for side in ("inputs", "outputs")
    )
    return {
        "name": hosted.name,
        "platform": metadata["platform"],
        "backend": "clew",
        "max_batch_size": 0,
        "input": inputs,
        "output": outputs,
    }


def _config_type(datatype: str) -> str:
    return "TYPE_STRING" if datatype == "BYTES" else f"TYPE_{datatype}"


def statistics_of(hosted: Answering) -> dict[str, Any]:
    """Return a model's counts, in the shape of the statistics extension."""
    counts = hosted.batcher.counts
    cache = hosted.cache
    hits = cache.hits if cache else 0
    busy = {"count": counts.rows, "ns": int(counts.busy_s * 1e9)}
    return {
        "name": hosted.name,
        "version": hosted.version,
        "inference_count": counts.rows + hits,
        "execution_count": counts.batches,
        "inference_stats": {
            "success": {**busy, "count": counts.rows + hits},
            "fail": {"count": counts.refused, "ns": 0},
            "compute_infer": busy,
            "cache_hit": {"count": hits, "ns": 0},
            "cache_miss": {"count": cache.misses if cache else 0, "ns": 0},
        },
    }


def index_of(models: Models, *, ready: bool = False) -> list[dict[str, str]]:
    """Return what the repository holds; with `ready`, what of it can be asked."""
    return [
        {"name": name, "version": version, "state": state, "reason": reason}
        for name, version, state, reason in models.listing()
        if state == "READY" or not ready
    ]
