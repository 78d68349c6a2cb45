"""Logged models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clew.entities import LoggedModel, ModelStatus
from clew.lineage.canonical import ValueId


class LoggedModels(Protocol):
    """Models that runs made, before anybody registers them."""

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        model_type: str | None = None,
        source_run_id: str | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        id: str | None = None,
        created_ms: int | None = None,
    ) -> LoggedModel:
        """Add a pending model to an active experiment; a name is made up when none is given.

        Parameters
        ----------
        created_ms : int, optional
            When it was made (elsewhere, before it was imported); now by default.
        """

    def get(self, id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """Return a model; `NotFound` when there is none or it is deleted."""

    def finalize(
        self,
        id: str,
        status: ModelStatus,
        message: str | None = None,
        *,
        value: ValueId | None = None,
    ) -> LoggedModel:
        """Say that its files are complete, or failed. ``ready`` gives the model its content id.

        Parameters
        ----------
        value : ValueId, optional
            Content id of the object that the files were made from: its thread leads on to them.
        """

    def set_tags(self, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""

    def delete_tag(self, id: str, key: str) -> None:
        """Remove a tag; `NotFound` when there is none of that key."""

    def log_params(self, id: str, params: Mapping[str, str]) -> None:
        """Add params; one that is there with another value is `InvalidParameter`."""

    def delete(self, id: str) -> None:
        """Delete a model softly."""
