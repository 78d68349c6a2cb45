"""Datasets that runs read."""

from __future__ import annotations

import msgspec


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, by digest.

    Parameters
    ----------
    name, digest : str
        Together they name it within an experiment.
    source_type, source : str
        Where it came from: a kind, and text (usually JSON) that only that kind understands.
    schema, profile : str or None
        JSON of the columns and of a few figures (rows, means, missing values).
    content : str or None
        Content id (hexadecimal) on the lineage graph. Where the digest is no content id of clew,
        the store derives one from it, so that equal digests meet in one value.
    """

    name: str
    digest: str
    source_type: str = "local"
    source: str = ""
    schema: str | None = None
    profile: str | None = None
    content: str | None = None


class DatasetInput(msgspec.Struct, frozen=True):
    """A dataset as a run read it; the tag ``mlflow.data.context`` says as what (``training`` …)."""

    dataset: Dataset
    tags: dict[str, str] = {}


class DatasetSummary(msgspec.Struct, frozen=True):
    """One dataset of an experiment with the context in which it was used."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None
