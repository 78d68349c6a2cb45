"""The ports of the registry where a model's policy counts: stages of versions, tags of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clew.app.promotion import ALIASES, GUARDED_STAGE, OVERRIDE, POLICY, check_stage
from clew.app.trail import tell
from clew.entities import ModelVersion, Page, RegisteredModel, Stage
from clew.registry.ports import RegisteredModels, Versions
from clew.track.ports import Audit


@dataclass(frozen=True, slots=True)
class GuardedVersions:
    """The port `clew.registry.ports.Versions`, where verdicts count."""

    versions: Versions
    registered: RegisteredModels
    audit: Audit

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
        """Add the next version of a registered model; it has no stage."""
        return self.versions.create(
            name,
            source,
            run_id=run_id,
            run_link=run_link,
            model_id=model_id,
            description=description,
            tags=tags,
            user=user,
            created_ms=created_ms,
        )

    def get(self, name: str, version: int) -> ModelVersion:
        """Return a version."""
        return self.versions.get(name, version)

    def update(
        self, name: str, version: int, *, description: str | None, actor: str = ""
    ) -> ModelVersion:
        """Replace its description."""
        return self.versions.update(name, version, description=description, actor=actor)

    def delete(
        self, name: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> None:
        """Remove a version with its aliases."""
        self.versions.delete(name, version, actor=actor, reason=reason)

    def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        """Set a tag."""
        self.versions.set_tag(name, version, key, value)

    def delete_tag(self, name: str, version: int, key: str) -> None:
        """Remove a tag."""
        self.versions.delete_tag(name, version, key)

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
        """Move a version to a stage, if the model's policy lets it.

        Raises
        ------
        InvalidState
            When the stage is Production, and a gate that the policy names has not passed it.
        """
        into = str(stage).lower() == GUARDED_STAGE.lower()
        if into and not (reason or "").startswith(OVERRIDE):
            check_stage(self.registered, self.audit, self.versions.get(name, version))
        return self.versions.transition(
            name,
            version,
            stage,
            archive_existing=archive_existing,
            actor=actor,
            reason=reason,
        )

    def search(
        self,
        *,
        filter: str = "",
        order_by: Sequence[str] = (),
        limit: int = 10_000,
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """Return versions, last updated first."""
        return self.versions.search(
            filter=filter, order_by=order_by, limit=limit, page_token=page_token
        )


@dataclass(frozen=True, slots=True)
class GuardedModels:
    """The port `clew.registry.ports.RegisteredModels`; a change of a policy is recorded."""

    registered: RegisteredModels
    audit: Audit

    def create(
        self,
        name: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        created_ms: int | None = None,
    ) -> RegisteredModel:
        """Add a name."""
        return self.registered.create(
            name, description=description, tags=tags, created_ms=created_ms
        )

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model."""
        return self.registered.get(name)

    def update(self, name: str, *, description: str | None, actor: str = "") -> RegisteredModel:
        """Replace its description."""
        return self.registered.update(name, description=description, actor=actor)

    def rename(self, name: str, new_name: str, *, actor: str = "") -> RegisteredModel:
        """Give it another name, with all its versions."""
        return self.registered.rename(name, new_name, actor=actor)

    def delete(self, name: str, *, actor: str = "", reason: str | None = None) -> None:
        """Remove it with its versions."""
        self.registered.delete(name, actor=actor, reason=reason)

    def set_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag; the audit trail keeps what a tag of the policy was."""
        before = self._policy(name, key)
        self.registered.set_tag(name, key, value)
        if key in (POLICY, ALIASES):
            self._tell(name, key, before, value)

    def delete_tag(self, name: str, key: str) -> None:
        """Remove a tag; the audit trail keeps what a tag of the policy was."""
        before = self._policy(name, key)
        self.registered.delete_tag(name, key)
        if before is not None:
            self._tell(name, key, before, None)

    def search(
        self,
        *,
        filter: str = "",
        order_by: Sequence[str] = (),
        limit: int = 100,
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """Return registered models by name."""
        return self.registered.search(
            filter=filter, order_by=order_by, limit=limit, page_token=page_token
        )

    def _policy(self, name: str, key: str) -> str | None:
        return self.registered.get(name).tags.get(key) if key in (POLICY, ALIASES) else None

    def _tell(self, name: str, key: str, before: str | None, after: str | None) -> None:
        tell(self.audit, "", "model.tag", f"model:{name}", before=before, after=after, reason=key)
