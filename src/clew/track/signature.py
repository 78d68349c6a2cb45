"""What a model takes and gives, as MLflow writes it down: columns, or tensors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

_KINDS = {"b": "boolean", "i": "long", "u": "long", "f": "double", "U": "string", "S": "binary"}


def signature_of(model: Any, example: Any) -> dict[str, str | None] | None:
    """Return ``{"inputs": …, "outputs": …}`` from an example and what the model makes of it."""
    if example is None:
        return _from_features(model)
    outputs = None
    if hasattr(model, "predict"):
        outputs = schema(model.predict(example))
    return {"inputs": schema(example), "outputs": outputs, "params": None}


def schema(data: Any) -> str:
    """Return the JSON of the columns of a table, or of an array's type and shape."""
    if hasattr(data, "columns") and hasattr(data, "__getitem__"):
        columns = [
            {"type": _kind(np.asarray(data[name])), "name": str(name), "required": True}
            for name in data.columns
        ]
        return json.dumps(columns)
    array = np.asarray(data)
    # MLflow refuses types of texts that say how long they are.
    kind = {"U": "str", "S": "bytes"}.get(array.dtype.kind, str(array.dtype))
    spec = {"dtype": kind, "shape": [-1, *array.shape[1:]]}
    return json.dumps([{"type": "tensor", "tensor-spec": spec}])


def _kind(values: Any) -> str:
    return _KINDS.get(values.dtype.kind, "string")


def _from_features(model: Any) -> dict[str, str | None] | None:
    """Return the columns that a fitted estimator remembers."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return None
    columns = [{"type": "any", "name": str(name), "required": True} for name in names]
    return {"inputs": json.dumps(columns), "outputs": None, "params": None}


def example_file(example: Any) -> tuple[dict[str, Any], str] | None:
    """Return how MLflow describes an example, and the text of its file; None when it cannot be."""
    if hasattr(example, "to_pandas"):
        example = example.to_pandas()
    if hasattr(example, "columns") and hasattr(example, "iloc"):
        head = example.head(5)
        rows = [[_plain(value) for value in row] for row in head.itertuples(index=False, name=None)]
        content = {"columns": [str(name) for name in head.columns], "data": rows}
        info = {
            "artifact_path": "input_example.json",
            "type": "dataframe",
            "pandas_orient": "split",
        }
        return info, json.dumps(content)
    try:
        array = np.asarray(example)[:5]
    except (TypeError, ValueError, IndexError):
        return None
    if array.dtype.kind not in "biufU":
        return None
    info = {"artifact_path": "input_example.json", "type": "ndarray", "format": "tf-serving"}
    return info, json.dumps({"inputs": array.tolist()})


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)
