"""The trail of changes of a registered model, through its renamings."""

from __future__ import annotations

import json

from clew.entities import Event
from clew.registry.place import Trail

RENAMED = "model.rename"


def trail(
    audit: Trail,
    name: str,
    *,
    created_ms: int = 0,
    alias: str | None = None,
    limit: int = 100,
) -> list[Event]:
    """Return who changed what of a model or of one of its aliases, newest first.

    What happened under its earlier names is part of it; what happened to another model that bore
    one of the names is not, when `created_ms` says since when this one is there.
    """
    found: list[Event] = []
    until = ""
    while True:
        renamed = _renaming(audit, name, until)
        since = renamed.id if renamed else ""
        for subject in _subjects(name, alias):
            events = audit.events(subject=subject, limit=limit).items
            found += [e for e in events if e.id > since and (not until or e.id < until)]
        if renamed is None or renamed.before is None or renamed.time_ms < created_ms:
            break
        if alias is None:
            found.append(renamed)
        until, name = renamed.id, json.loads(renamed.before)
    mine = [event for event in found if event.time_ms >= created_ms]
    return sorted(mine, key=lambda event: event.id, reverse=True)[:limit]


def _subjects(name: str, alias: str | None) -> tuple[str, ...]:
    if alias is not None:
        return (f"model:{name}/{alias}",)
    return (f"model:{name}", f"version:{name}")


def _renaming(audit: Trail, name: str, until: str) -> Event | None:
    """Return the last event that gave a model this name before a moment."""
    token: str | None = None
    while True:
        page = audit.events(subject=f"model:{name}", limit=1000, page_token=token)
        for event in page.items:
            given = event.action == RENAMED and event.after == json.dumps(name, ensure_ascii=False)
            if given and (not until or event.id < until):
                return event
        token = page.next
        if token is None:
            return None
