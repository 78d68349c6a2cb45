"""Who changed what: the audit trail."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change, kept for ever.

    Parameters
    ----------
    id : str
        A ULID.
    actor : str
        Who: a user's or a token's name.
    action : str
        A word with a dot: ``alias.set``, ``version.stage``, ``model.delete``, ``run.purge`` …
    subject : str
        What was changed: ``model:NAME``, ``version:NAME/3``, ``run:ID``, ``experiment:ID`` …
    before, after : str or None
        JSON of what changed.
    reason : str or None
        Why, in the actor's words.
    """

    id: str
    time_ms: int
    actor: str
    action: str
    subject: str
    before: str | None = None
    after: str | None = None
    reason: str | None = None
