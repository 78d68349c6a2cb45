"""Messages that several requests share, and the enums of MLflow's protocol."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from clew.api.mlflow.message import Message
from clew.api.mlflow.protojson import Int64

Key = Annotated[str, msgspec.Meta(min_length=1)]

RunStatusName = Annotated[
    Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"],
    msgspec.Meta(
        extra={"numbers": {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}}
    ),
]
ViewType = Annotated[
    Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"],
    msgspec.Meta(extra={"numbers": {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"}}),
]
ModelStatusName = Annotated[
    Literal[
        "LOGGED_MODEL_STATUS_UNSPECIFIED",
        "LOGGED_MODEL_PENDING",
        "LOGGED_MODEL_READY",
        "LOGGED_MODEL_UPLOAD_FAILED",
    ],
    msgspec.Meta(
        extra={
            "numbers": {
                0: "LOGGED_MODEL_STATUS_UNSPECIFIED",
                1: "LOGGED_MODEL_PENDING",
                2: "LOGGED_MODEL_READY",
                3: "LOGGED_MODEL_UPLOAD_FAILED",
            }
        }
    ),
]

STATUS_TO_WIRE = {
    "running": "RUNNING",
    "scheduled": "SCHEDULED",
    "finished": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
    "interrupted": "KILLED",
    "lost": "FAILED",
}
VIEW_OF: dict[str, Any] = {"ACTIVE_ONLY": "active", "DELETED_ONLY": "deleted", "ALL": "all"}


class Pair(Message):
    """A tag, param or entry of metadata."""

    key: Key
    value: str = ""


def pairs(items: list[Pair]) -> dict[str, str]:
    """Return tags or params as a dict, the last of equal keys winning."""
    return {item.key: item.value for item in items}


class MetricIn(Message):
    """A metric in a batch."""

    key: Key
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None
