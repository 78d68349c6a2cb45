"""What the lifecycle calls things: frozen, typed views on what the store knows.

Adds no facts. An entity is a record, never a live thing: `Run` is what was logged so far, not the
running process. All are `msgspec.Struct`, so they encode to JSON as they are (NaN and ±∞ become
null there: an edge that must keep them encodes metrics itself).

Ids are text. Times are milliseconds since the epoch (``*_ms``), sizes bytes (``*_bytes``).
"""

from clew.entities.artifact import Artifact, Owner
from clew.entities.dataset import Dataset, DatasetInput, DatasetSummary
from clew.entities.event import Event
from clew.entities.experiment import Experiment, Lifecycle, View
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel, ModelLink, ModelStatus
from clew.entities.page import Page
from clew.entities.registered import ModelVersion, RegisteredModel, Removed, Stage, VersionStatus
from clew.entities.run import Run, RunStatus
from clew.entities.trace import Trace

__all__ = [
    "Artifact",
    "Dataset",
    "DatasetInput",
    "DatasetSummary",
    "Event",
    "Experiment",
    "Lifecycle",
    "LoggedModel",
    "Metric",
    "ModelLink",
    "ModelStatus",
    "ModelVersion",
    "Owner",
    "Page",
    "RegisteredModel",
    "Removed",
    "Run",
    "RunStatus",
    "Stage",
    "Trace",
    "VersionStatus",
    "View",
]
