"""Experiments: named groups of runs."""

from __future__ import annotations

from typing import Literal

import msgspec

Lifecycle = Literal["active", "deleted"]
"""``deleted`` is soft: it can be restored until it is purged."""

View = Literal["active", "deleted", "all"]
"""Which of them an answer contains."""


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """A named group of runs.

    Parameters
    ----------
    id : str
        A decimal number; ``"0"`` is the experiment ``Default``, which every store has.
    name : str
        Unique in the store, deleted ones included. Runs of a flow land in the experiment that is
        named after the flow.
    artifact_location : str or None
        Where its runs keep artifacts, if not in this store.
    tags : dict
        ``mlflow.note.content`` is its Markdown note.
    """

    id: str
    name: str
    created_ms: int
    updated_ms: int
    lifecycle: Lifecycle = "active"
    artifact_location: str | None = None
    tags: dict[str, str] = {}
