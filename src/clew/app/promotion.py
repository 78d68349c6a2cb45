"""Which versions may be promoted: a model's policy names gates, and their verdicts decide.

The policy is a tag of the registered model, ``clew.gates``: names of gates with commas between
them. ``clew.gates.aliases`` names the aliases that it guards, ``champion`` without it; the stage
Production is guarded with them. Whoever moves a guarded alias or a version to Production (Python,
command line, REST, MLflow's client) needs a PASS of each gate for the version; or a reason that
begins with ``override:``, which the audit trail keeps. A version that was there before may come
back: a rollback waits for nothing. Whoever changes the policy itself is told of in the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from clew.debug.gates.ledger import RowSet, Step
from clew.entities import ModelVersion
from clew.errors import InvalidState
from clew.registry.ports import Aliases, RegisteredModels, Versions
from clew.track.ports import Audit

GUARDED_STAGE = "Production"

POLICY, ALIASES = "clew.gates", "clew.gates.aliases"
OVERRIDE = "override:"
SUBJECT = "gate"
_MOST = 10_000
_decode = msgspec.json.Decoder(RowSet).decode


@dataclass(frozen=True, slots=True)
class GuardedAliases:
    """The port `clew.registry.ports.Aliases`, where verdicts count."""

    aliases: Aliases
    registered: RegisteredModels
    versions: Versions
    audit: Audit

    def set(
        self, name: str, alias: str, version: int, *, actor: str = "", reason: str | None = None
    ) -> None:
        """Point an alias to a version, if the model's policy lets it.

        Raises
        ------
        InvalidState
            When a gate that the policy names has not passed the version.
        """
        if not (reason or "").startswith(OVERRIDE):
            self._check(name, alias, version)
        self.aliases.set(name, alias, version, actor=actor, reason=reason)

    def delete(self, name: str, alias: str, *, actor: str = "", reason: str | None = None) -> None:
        """Remove an alias."""
        self.aliases.delete(name, alias, actor=actor, reason=reason)

    def version(self, name: str, alias: str) -> ModelVersion:
        """Return the version that an alias points to."""
        return self.aliases.version(name, alias)

    def latest(self, name: str, stages: Sequence[str] = ()) -> tuple[ModelVersion, ...]:
        """Return the highest version in each of these stages."""
        return self.aliases.latest(name, stages)

    def _check(self, name: str, alias: str, version: int) -> None:
        tags = self.registered.get(name).tags
        if not _words(tags.get(POLICY, "")) or alias not in _guarded(tags):
            return
        found = self.versions.get(name, version)
        missing = _missing(tags, self.audit, found)
        if missing and not _was_there(self.audit, f"model:{name}/{alias}", str(version), found):
            raise _refused(f"version {version} of {name} may not take the alias {alias}", missing)


def check_stage(registered: RegisteredModels, audit: Audit, version: ModelVersion) -> None:
    """Let a version into the stage Production if its model's policy lets it.

    Raises
    ------
    InvalidState
        When a gate that the policy names has not passed the version.
    """
    missing = _missing(registered.get(version.name).tags, audit, version)
    key = f"version:{version.name}/{version.version}"
    if missing and not _was_there(audit, key, GUARDED_STAGE, version):
        named = f"version {version.version} of {version.name}"
        raise _refused(f"{named} may not go to {GUARDED_STAGE}", missing)


def _was_there(audit: Audit, subject: str, after: str, version: ModelVersion) -> bool:
    events = audit.events(subject=subject, limit=_MOST).items
    return any(
        event.after in (after, f'"{after}"') and event.time_ms >= version.created_ms
        for event in events
    )


def demand(registered: RegisteredModels, audit: Audit, version: ModelVersion) -> None:
    """Let a version answer requests if its model's policy lets it.

    One that a guarded alias points to may: it passed, or somebody gave the reason.

    Raises
    ------
    InvalidState
        When a gate that the policy names has not passed it.
    """
    tags = registered.get(version.name).tags
    missing = _missing(tags, audit, version)
    if missing and not set(version.aliases) & set(_guarded(tags)):
        named = f"version {version.version} of {version.name}"
        raise _refused(f"{named} is not served: its gates have not passed it", missing)


def _guarded(tags: Mapping[str, str]) -> list[str]:
    return _words(tags.get(ALIASES, "")) or ["champion"]


def _missing(tags: Mapping[str, str], audit: Audit, version: ModelVersion) -> list[str]:
    found = []
    for gate in _words(tags.get(POLICY, "")):
        step = verdict(audit, gate, version)
        if step is None or step.outcome != "PASS":
            found.append(f"{gate}: {'no verdict' if step is None else step.outcome}")
    return found


def _refused(message: str, missing: list[str]) -> InvalidState:
    return InvalidState(
        f"{message} ({', '.join(missing)})",  # MLflow's clients are shown this alone.
        expected="PASS of each gate",
        hint=f"clew gate run; or give a reason that begins with {OVERRIDE!r}, it is kept "
        "(clew serve: --unproven)",
    )


def is_judged(audit: Audit, version: ModelVersion) -> bool:
    """Tell whether any gate has judged a version."""
    return any(verdict(audit, gate, version) is not None for gate in gates(audit))


def gates(audit: Audit) -> list[str]:
    """Return the names of the gates that have judged anything, by name."""
    found: set[str] = set()
    token: str | None = None
    while True:
        page = audit.events(subject=SUBJECT, limit=_MOST, page_token=token)
        found |= {event.subject.split("/")[1] for event in page.items}
        token = page.next
        if token is None:
            return sorted(found)


def verdict(audit: Audit, gate: str, version: ModelVersion) -> Step | None:
    """Return the newest verdict of a gate on a version, or on a model of the same content."""
    found: Step | None = None
    seen: set[str] = set()
    token: str | None = None
    while True:
        page = audit.events(subject=f"{SUBJECT}/{gate}", limit=_MOST, page_token=token)
        for event in page.items:
            if event.subject in seen or event.after is None:
                continue
            seen.add(event.subject)
            for step in _decode(event.after).judged:
                newer = found is None or step.time_ms >= found.time_ms
                if newer and _is_about(step, version):
                    found = step
        token = page.next
        if token is None:
            return found


def _is_about(step: Step, version: ModelVersion) -> bool:
    """Tell whether a verdict is about a version, and not about one that bore its name before."""
    if version.content:
        return step.content == version.content
    key = f"{version.name}/{version.version}"
    return step.version == key and step.time_ms >= version.created_ms


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
