"""What a server serves: one store, opened, with all that its edges ask of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from clew.adapters.stores.sqlite import SqliteStore
from clew.adapters.stores.sqlite.survey import SqliteSurvey
from clew.app.settings import Settings
from clew.app.store import Store
from clew.app.wiring import install, open_runtime
from clew.lineage.survey import Survey
from clew.track.ports.access import Tokens


@dataclass(frozen=True, slots=True)
class Served:
    """One store and how it is served.

    Parameters
    ----------
    store : Store
        The verbs of lineage.
    survey : Survey
        Wide views of the graph.
    tokens : Tokens or None
        Who may ask, where that is asked.
    settings : Settings
        Those in force where the server was started.
    address : str
        Where clients reach it, ``http://127.0.0.1:5080``.
    needs_token : bool
        Whether it demands tokens.
    """

    store: Store
    survey: Survey
    settings: Settings
    tokens: Tokens | None = None
    address: str = ""
    needs_token: bool = False
    started_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)


def open_served(settings: Settings, *, address: str = "", needs_token: bool = False) -> Served:
    """Open a store to serve it; it is made where there is none."""
    install()
    runtime = open_runtime(settings)
    database = cast(SqliteStore, runtime.store).database
    return Served(
        store=Store(runtime),
        survey=SqliteSurvey(database),
        settings=settings,
        address=address,
        needs_token=needs_token,
    )
