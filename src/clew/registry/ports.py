"""The ports of the model registry: what it asks of a store.

MLflow's semantics (3.18); thread-safety, durability, errors and their texts as in
`clew.track.ports`. Names of models hold 1 to 256 characters without ``/`` and ``:``; keys of tags
250, values 100,000 characters; aliases 255 letters, digits, ``_`` and ``-``, and neither ``latest``
nor like ``v1``.

Every change of an alias, a stage, a description, a name and every deletion adds an
`~clew.entities.Event` to the audit trail in the same transaction, with the `actor` and `reason` of
the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from clew.entities import ModelVersion, Page, RegisteredModel, Removed, Stage


class RegisteredModels(Protocol):
    """Names with versions."""

    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        created_ms: int | None = None,
    ) -> RegisteredModel:
        """Add a name; `AlreadyExists` when it is there.

        Parameters
        ----------
        created_ms : int, optional
            When it was made (elsewhere, before it was imported); now by default.
        """

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model; `NotFound` when there is none."""

    def update(self, name: str, *, description: str | None, actor: str = "") -> RegisteredModel:
        """Replace its description."""

    def rename(self, name: str, new_name: str, *, actor: str = "") -> RegisteredModel:
        """Give it another name, with all its versions."""

    def delete(self, name: str, *, actor: str = "", reason: str | None = None) -> None:
        """Remove it with its versions; the audit trail keeps what `Removals` brings back."""

    def set_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag."""

    def delete_tag(self, name: str, key: str) -> None:
        """Remove a tag; nothing happens when there is none of that key."""

    def search(
        self,
        *,
        filter: str = "",
        order_by: Sequence[str] = (),
        limit: int = 100,
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """Return registered models by name (`clew.registry.query`); `limit` ≤ 1,000."""


class Versions(Protocol):
    """Versions of registered models."""

    def create(
        self,
        name: str,
        source: str,
        *,
        run_id: str | None = None,
        run_link: str | None = None,
        model_id: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        user: str | None = None,
        created_ms: int | None = None,
    ) -> ModelVersion:
        """Add the next version of a registered model (`NotFound` when there is no such name).

        The content and the node that made it come from the logged model (`model_id`) or from the
        files that `source` names, where these lie in this store.

        Parameters
        ----------
        created_ms : int, optional
            When it was made (elsewhere, before it was imported); now by default.
        """

    def get(self, name: str, version: int) -> ModelVersion:
        """Return a version; `NotFound` when there is none."""

    def update(
        self, name: str, version: int, *, description: str | None, actor: str = ""
    ) -> ModelVersion:
        """Replace its description."""

    def delete(
        self, name: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> None:
        """Remove a version with its aliases; the audit trail keeps what `Removals` brings back."""

    def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        """Set a tag."""

    def delete_tag(self, name: str, version: int, key: str) -> None:
        """Remove a tag; nothing happens when there is none of that key."""

    def transition(
        self,
        name: str,
        version: int,
        stage: Stage,
        *,
        archive_existing: bool = False,
        actor: str = "",
        reason: str | None = None,
    ) -> ModelVersion:
        """Move a version to a stage (any case of the word is understood).

        Parameters
        ----------
        archive_existing : bool, default False
            Also archive the others in that stage; only for Staging and Production.
        """

    def search(
        self,
        *,
        filter: str = "",
        order_by: Sequence[str] = (),
        limit: int = 10_000,
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """Return versions, last updated first (`clew.registry.query`); `limit` ≤ 200,000."""


class Aliases(Protocol):
    """Names that point to one version each: ``champion``."""

    def set(
        self, name: str, alias: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> None:
        """Point an alias to a version, wherever it pointed before."""

    def delete(self, name: str, alias: str, *, actor: str = "", reason: str | None = None) -> None:
        """Remove an alias; nothing happens when there is none."""

    def version(self, name: str, alias: str) -> ModelVersion:
        """Return the version that an alias points to; ``latest`` is the highest version.

        Raises
        ------
        InvalidParameter
            When there is no such alias (MLflow's error code for it).
        """

    def latest(self, name: str, stages: Sequence[str] = ()) -> tuple[ModelVersion, ...]:
        """Return the highest version in each of these stages (default: in each that has one)."""


class Removals(Protocol):
    """What was removed and can come back: models and versions as the audit trail keeps them."""

    def removed(self, name: str | None = None) -> tuple[Removed, ...]:
        """Return what can be restored, last removed first; with `name`, what bore that name."""

    def restore_model(
        self, name: str, *, actor: str = "", reason: str | None = None
    ) -> RegisteredModel:
        """Bring a removed model back with its versions, tags, stages and aliases.

        Raises
        ------
        NotFound
            When none of that name was removed.
        AlreadyExists
            When the name was given to another model meanwhile.
        """

    def restore_version(
        self, name: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> ModelVersion:
        """Bring a removed version back under its number, with its tags and its stage.

        Its aliases stay where they are: they may serve another version by now.

        Raises
        ------
        NotFound
            When the model has no such removed version.
        """
