"""The audit trail of changes that the ports do not write themselves."""

from __future__ import annotations

import json
import time

from clew.entities import Event
from clew.lineage.ulid import new_ulid
from clew.track.ports import Audit


def tell(
    audit: Audit,
    actor: str,
    action: str,
    subject: str,
    *,
    before: object = None,
    after: object = None,
    reason: str | None = None,
) -> None:
    """Add an event: who changed what, from what to what."""
    audit.add(
        Event(
            id=new_ulid(),
            time_ms=time.time_ns() // 1_000_000,
            actor=actor,
            action=action,
            subject=subject,
            before=None if before is None else json.dumps(before, ensure_ascii=False),
            after=None if after is None else json.dumps(after, ensure_ascii=False),
            reason=reason or None,
        )
    )
