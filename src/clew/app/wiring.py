"""From settings to a runtime: the concrete adapters, named here and nowhere else."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from clew.adapters.blobs.local import LocalBlobs
from clew.adapters.blobs.objects import ObjectBlobs
from clew.adapters.blobs.remote import RemoteBlobs
from clew.adapters.blobs.s3 import open_s3
from clew.adapters.blobs.split import SplitBlobs
from clew.adapters.claims import FileClaims, LeasedClaims, NoClaims
from clew.adapters.engines.local.inline import InlineEngine
from clew.adapters.engines.local.processes import ProcessEngine
from clew.adapters.engines.local.threads import ThreadEngine
from clew.adapters.formats import FormatRegistry
from clew.adapters.formats.onnx.exporter import OnnxExporter
from clew.adapters.stores.remote import Channel, Connection, RemoteStore
from clew.adapters.stores.sql import SqliteStore, SqlStore
from clew.adapters.stores.sql.open import open_postgres
from clew.adapters.stores.sql.postgres.address import parse
from clew.app.frameworks import register_frameworks
from clew.app.settings import (
    ENGINES,
    Settings,
    is_address,
    is_database,
    load,
    states_folder,
)
from clew.errors import InvalidParameter
from clew.lineage.cache.tiers import TieredBlobs
from clew.lineage.canonical import Digest, digest
from clew.lineage.fingerprint import fingerprint
from clew.lineage.plan.materialise import OnlineMaterialiser
from clew.lineage.ports import BlobStore, Claims
from clew.lineage.values import ValueVault
from clew.registry import place as registry_place
from clew.reuse import place
from clew.serve.ports import Deployments, Outside, set_outside
from clew.steps import observe, remote, runtime
from clew.steps.runtime import Engine, Policy, Runtime, Store
from clew.steps.settings import time_zone
from clew.steps.step import LEVELS
from clew.track import place as track_place

if TYPE_CHECKING:
    from clew.app.tracking import Tracking

_open: dict[Path | str, Runtime] = {}
_places: dict[tuple[str, str, int], Runtime] = {}
_urls: dict[str, str] = {}
"""Addresses of databases, password and all, by what is shown of them."""
_lock = threading.Lock()

_SERVER_BYTES = 1 << 40
"""How much may be stored on another machine that no setting limits: `clew gc` keeps its budget."""


def open_runtime(settings: Settings) -> Runtime:
    """Return the runtime of a store, opened once in each process."""
    with _lock:
        place: Path | str = settings.database or settings.store
        if settings.server is not None:
            place = f"{settings.server} {settings.token}"
        known = _open.get(place)
        if known is None or (isinstance(place, Path) and not place.exists()):
            known = _open[place] = _build_remote(settings) if settings.server else _build(settings)
        return known


def _build(settings: Settings) -> Runtime:
    root = settings.store
    store = open_graph(settings)
    blobs = open_files(settings, store)
    tiers = TieredBlobs(blobs, settings.memory_bytes)
    split = SplitBlobs(store.blobs, tiers)
    codecs = FormatRegistry(trusted=settings.trusted)
    vault = ValueVault(split, codecs, fingerprint, split.pack)
    id, record = environment()
    if not store.read_only and store.environment(id) is None:
        store.put_environment(id, record)
    return Runtime(
        location=str(root) if settings.database is None else store.database.place,
        folder=str(root),
        states=str(states_folder(settings)),
        store=store,
        vault=vault,
        claims=_claims(settings, store),
        streams=blobs,
        environment=(id, record),
        open_engine=open_engine,
        materialiser=_materialiser(settings, split),
        policy=Policy(
            engine=settings.engine, workers=settings.workers, resources=settings.resources
        ),
    )


def _build_remote(settings: Settings) -> Runtime:
    channel = Channel(Connection(str(settings.server), settings.token))
    blobs = RemoteBlobs(channel)
    store = RemoteStore(channel, blobs)
    codecs = FormatRegistry(trusted=settings.trusted)
    tiers = TieredBlobs(blobs, settings.memory_bytes)
    id, record = environment()
    store.put_environment(id, record)
    return Runtime(
        location=str(settings.server),
        folder=str(settings.store),
        states=str(states_folder(settings)),
        store=cast(Store, store),
        vault=ValueVault(tiers, codecs, fingerprint, blobs.pack, verify=True),
        claims=LeasedClaims(channel, blobs),
        streams=blobs,
        environment=(id, record),
        open_engine=open_engine,
        materialiser=OnlineMaterialiser(settings.budget_bytes or _SERVER_BYTES),
        policy=Policy(
            engine=settings.engine, workers=settings.workers, resources=settings.resources
        ),
    )


def open_graph(settings: Settings, *, make: bool = True) -> SqlStore:
    """Open the records of a store; of a database, only those that are there if `make` is off."""
    if settings.database is not None:
        store = open_postgres(settings.database, make=make)
        _urls[store.database.place] = settings.database
        return store
    return SqliteStore(
        settings.store / "clew.db",
        durability="power-loss" if settings.durability == "power-loss" else "process",
    )


def _claims(settings: Settings, store: SqlStore) -> Claims:
    if store.read_only:
        return NoClaims(settings.store)
    if settings.database is not None:
        found: Claims = import_module("clew.adapters.claims.postgres").PostgresClaims(
            settings.database
        )
        return found
    return FileClaims(settings.store / "claims.lock")


def open_files(settings: Settings, store: SqlStore) -> LocalBlobs | ObjectBlobs:
    """Open the place of a store's large values."""
    if settings.artifacts is not None:
        return open_s3(settings.artifacts)
    if settings.database is not None:
        objects = import_module("clew.adapters.blobs.postgres").PostgresObjects(store.database)
        return ObjectBlobs(objects)
    return LocalBlobs(settings.store / "values", durable=settings.durability == "power-loss")


def _materialiser(settings: Settings, blobs: BlobStore) -> OnlineMaterialiser:
    """Return what decides on storing: within the budget, or within half of the free disk."""
    if settings.budget_bytes is None and settings.database is not None:
        return OnlineMaterialiser(_SERVER_BYTES)
    if settings.budget_bytes is None:
        return OnlineMaterialiser(shutil.disk_usage(settings.store).free // 2)
    used_bytes = sum(size_bytes for _, size_bytes, _ in blobs.ids())
    return OnlineMaterialiser(settings.budget_bytes, used_bytes=used_bytes)


def environment() -> tuple[Digest, Mapping[str, str]]:
    """Return what decides results whatever the code: interpreter, hardware, time zone."""
    record = {
        "implementation": platform.python_implementation(),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "machine": platform.machine(),
        "system": platform.system(),
        "timezone": time_zone(),
    }
    fields = [f"{name}={value}".encode() for name, value in sorted(record.items())]
    return digest("environment", 1, fields), record


def open_engine(kind: str, workers: int) -> Engine:
    """Return a local engine.

    Raises
    ------
    InvalidParameter
        When there is no engine of that name.
    """
    if kind == "threads":
        return ThreadEngine(workers)
    if kind == "processes":
        return ProcessEngine(workers, install)
    if kind == "inline":
        return InlineEngine()
    raise InvalidParameter("engine", got=repr(kind), expected=" or ".join(ENGINES))


def runtime_here() -> Runtime:
    """Return the runtime of the place where this process stands now."""
    place = (_named(), os.getcwd(), os.getpid())  # noqa: PTH109
    known = _places.get(place)
    if known is None or not _is_there(known):
        known = _places[place] = open_runtime(load())
    return known


def _is_there(known: Runtime) -> bool:
    elsewhere = is_address(known.location) or is_database(known.location)
    return elsewhere or os.path.isdir(known.location)  # noqa: PTH112


def _named() -> str:
    """Return what of the environment names a store, and opens it."""
    found = os.environ.get("CLEW_STORE", "")
    return f"{found} {os.environ.get('CLEW_TOKEN', '')}"


def _tracking() -> Tracking:
    found: Tracking = import_module("clew.app.tracking").tracking_here()
    return found


def _deployments() -> Deployments:
    return cast(Deployments, import_module("clew.app.deployments.here"))


def install() -> None:
    """Connect the layers below to the adapters; called when `clew` is first used."""
    register_frameworks()
    observe.watch_questions()
    runtime.set_opener(runtime_here)
    track_place.set_opener(_tracking)
    registry_place.set_opener(_tracking)
    set_outside(
        Outside(
            OnnxExporter,
            find=lambda spec, trust=False: import_module("clew.app.serving").named(
                spec, trust=trust
            ),
            as_model=lambda model, rows: import_module("clew.app.serving").as_model(model, rows),
            deployments=_deployments,
        )
    )
    LEVELS["function"] = lambda: import_module("clew.reuse.trace").function
    remote.set_worker_opener(_open_at)
    place.set_opener(_open_at)


def settings_of(location: str) -> Settings:
    """Return the settings of a runtime's location, whose address may lack its password."""
    url = _urls.get(location)
    if url is None and is_database(location):
        named = load().database
        url = named if named is not None and parse(named).shown == location else None
    return load(store=url or location)


def _open_at(location: str) -> Runtime:
    """Return the runtime of a worker process: others wait for what it records."""
    found = open_runtime(settings_of(location))
    if isinstance(found.store, RemoteStore):
        found.store.channel.prompt = True
    return found
