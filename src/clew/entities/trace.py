"""Traces: what a client's instrumented code did, call by call."""

from __future__ import annotations

import msgspec


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One trace; its spans are an artifact of the owner ``trace``.

    Parameters
    ----------
    state : str
        ``OK``, ``ERROR``, ``IN_PROGRESS`` or ``STATE_UNSPECIFIED``.
    info : str
        JSON object with everything else that the client sent; the store does not look inside.
    """

    id: str
    experiment_id: str
    started_ms: int
    state: str
    duration_ms: int | None = None
    info: str = "{}"
    tags: dict[str, str] = {}
