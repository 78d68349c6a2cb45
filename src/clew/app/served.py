"""What a server serves: one store, opened, with all that its edges ask of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from clew.adapters.stores.sql import SqlStore, schema
from clew.adapters.stores.sql.access import SqlTokens, SqlViews
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.pages import SqlRunPages, SqlStorePages
from clew.adapters.stores.sql.pages.changes import SqlChanges
from clew.adapters.stores.sql.survey import SqlSurvey
from clew.app.exchange import Exchange
from clew.app.settings import Settings, local
from clew.app.store import Store
from clew.app.tracking import Tracking, tracking_of
from clew.app.wiring import install, open_runtime
from clew.lineage.survey import Survey
from clew.track.ports.access import Tokens, Views
from clew.track.ports.pages import Changes, RunPages, StorePages


@dataclass(frozen=True, eq=False)
class Served:
    """One store and how it is served.

    Parameters
    ----------
    store : Store
        The verbs of lineage.
    database : Database
        Where it is kept.
    survey : Survey
        Wide views of the graph.
    tracking : Tracking
        Tracking and the registry.
    run_pages, pages : RunPages, StorePages
        Wide views of runs and of the whole.
    exchange : Exchange
        The store as clients elsewhere use it.
    changes : Changes
        What any process changed.
    tokens, views : Tokens, Views
        Who may ask; saved addresses of pages.
    schema_version : int
        Version of the stored tables.
    settings : Settings
        Those in force where the server was started.
    address : str
        Where clients reach it, ``http://127.0.0.1:5080``.
    needs_token : bool
        Whether it demands tokens.
    """

    store: Store
    database: Database
    tracking: Tracking
    survey: Survey
    run_pages: RunPages
    pages: StorePages
    exchange: Exchange
    changes: Changes
    tokens: Tokens
    views: Views
    settings: Settings
    schema_version: int
    address: str = ""
    needs_token: bool = False
    started_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)


def open_served(
    settings: Settings,
    *,
    address: str = "",
    needs_token: bool = False,
    accept_pickles: bool = False,
) -> Served:
    """Open a store to serve it; it is made where there is none.

    Parameters
    ----------
    accept_pickles : bool, default False
        Take values of clients in whose reading runs code.
    """
    install()
    runtime = open_runtime(local(settings, "a server"))
    database = cast(SqlStore, runtime.store).database
    tracking = tracking_of(runtime)
    return Served(
        store=Store(runtime),
        tracking=tracking,
        exchange=Exchange(runtime, tracking, pickles=accept_pickles),
        database=database,
        survey=SqlSurvey(database),
        run_pages=SqlRunPages(database),
        pages=SqlStorePages(database),
        changes=SqlChanges(database),
        tokens=SqlTokens(database),
        views=SqlViews(database),
        settings=settings,
        schema_version=schema.newest(),
        address=address,
        needs_token=needs_token,
    )
