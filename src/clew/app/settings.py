"""Settings: where the store is and how steps run.

Precedence, first found wins: an argument in code or on the command line; the environment
(``CLEW_STORE``, ``CLEW_TOKEN``, ``CLEW_ARTIFACTS``, ``CLEW_ENGINE``, ``CLEW_WORKERS``);
``clew.toml`` in this folder or the nearest one above; the defaults. Without a ``clew.toml`` the
store is the nearest existing ``.clew`` folder above, or ``.clew`` in the current folder. Above the
current folder only what you own counts, and nothing in a folder that everybody can write into.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.errors import InvalidParameter, InvalidState

FILE = "clew.toml"
FOLDER = ".clew"
ENGINES = ("inline", "threads", "processes")

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "store": ("path", "artifacts", "durability", "trusted", "budget_gb", "memory_mb"),
    "engine": ("kind", "workers"),
    "resources": (),
}
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("path", "artifacts", "durability", "kind"), "a text"),
    "trusted": "true or false",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set.

    Parameters
    ----------
    store : Path
        Folder of the store; of a server's or a database's, where this machine keeps what is its
        own.
    server : str or None
        Address of the server whose store it is, ``http://HOST:PORT``.
    database : str or None
        Address of the PostgreSQL database that holds the store,
        ``postgresql://USER@HOST/DATABASE?schema=NAME``.
    token : str or None
        What that server may demand; never in a file.
    artifacts : str or None
        Where the bytes of artifacts and of values above 1 kB lie, if not in that folder or
        database: ``s3://BUCKET/PREFIX?endpoint=URL&region=NAME``.
    durability : {"process", "power-loss"}
        What an acknowledged write survives.
    trusted : bool
        Whether values may be unpickled: true for a store that only this user writes; false by
        default for a server's or a database's, for another user's and for one that everybody can
        write.
    budget_bytes : int or None
        How large the stored values may grow; beyond it, large values are not stored any more and
        ``clew gc`` finds something to do. Half of the free disk without it.
    memory_bytes : int
        How many bytes of values are kept in memory besides.
    engine : {"inline", "threads", "processes"}
        Where the steps of a flow run.
    workers : int
        Steps at once.
    resources : mapping of str to float
        How much of each declared resource the machine has.
    """

    store: Path
    server: str | None = None
    database: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    artifacts: str | None = None
    durability: str = "process"
    trusted: bool = True
    budget_bytes: int | None = None
    memory_bytes: int = 256_000_000
    engine: str = "inline"
    workers: int = 1
    resources: Mapping[str, float] = field(default_factory=dict)


def load(start: Path | None = None, store: str | Path | None = None) -> Settings:
    """Return the settings in force in folder `start` (the current one by default).

    Raises
    ------
    InvalidParameter
        When a setting is unknown or has a value that is not accepted.
    """
    here = (start or Path.cwd()).absolute()
    file = _nearest(here, FILE)
    table = _read(file) if file is not None else {}
    section = table.get("store", {})
    engine = table.get("engine", {})
    budget = section.get("budget_gb")
    path = section.get("path")
    address = _address(file, store, path)
    server = address if is_address(address) else None
    folder = _own_folder(address) if address else _store_path(here, file, store, path)
    settings = Settings(
        store=folder,
        server=server,
        database=address if server is None else None,
        token=_token() if server else None,
        artifacts=os.environ.get("CLEW_ARTIFACTS") or section.get("artifacts") or None,
        durability=section.get("durability", "process"),
        trusted=section.get("trusted", address is None and _is_private(folder)),
        budget_bytes=None if budget is None else int(float(budget) * 1e9),
        memory_bytes=int(float(section.get("memory_mb", 256)) * 1e6),
        engine=os.environ.get("CLEW_ENGINE") or engine.get("kind", "inline"),
        workers=_count(os.environ.get("CLEW_WORKERS") or engine.get("workers", 1)),
        resources={name: float(amount) for name, amount in table.get("resources", {}).items()},
    )
    _check(settings)
    return settings


def is_address(store: str | Path | None) -> bool:
    """Tell whether a store is named by a server's address."""
    return isinstance(store, str) and store.startswith(("http://", "https://"))


def is_database(store: str | Path | None) -> bool:
    """Tell whether a store is named by the address of a PostgreSQL database."""
    return isinstance(store, str) and store.startswith(("postgresql://", "postgres://"))


def local(settings: Settings, verb: str) -> Settings:
    """Return the settings of a store that lies on this machine.

    Parameters
    ----------
    verb : str
        What needs that, for the message.

    Raises
    ------
    InvalidState
        When the store is a server's.
    """
    if settings.server is not None:
        raise InvalidState(
            f"{verb} needs the store itself, and this one is a server's",
            got=settings.server,
            hint="run it on the server's machine, with --store FOLDER",
        )
    return settings


def _address(file: Path | None, given: str | Path | None, configured: str | None) -> str | None:
    chosen = given or os.environ.get("CLEW_STORE") or (configured if file is not None else None)
    known = is_address(chosen) or is_database(chosen)
    if not known and isinstance(chosen, str) and _SCHEME.match(chosen):
        raise InvalidParameter(  # Not shown as a whole: it may hold a password.
            "the address of the store",
            got=f"{chosen.partition('://')[0]}://…",
            expected="a folder, http://HOST:PORT, or postgresql://USER@HOST/DATABASE",
        )
    return str(chosen).rstrip("/") if known else None


def _token() -> str | None:
    return os.environ.get("CLEW_TOKEN") or os.environ.get("MLFLOW_TRACKING_TOKEN") or None


def states_folder(settings: Settings) -> Path:
    """Return where checkpoints of steps lie: they are pickles, so never where others write."""
    if settings.trusted or settings.server is not None or settings.database is not None:
        return settings.store / "checkpoints"
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    name = hashlib.sha256(os.fsencode(settings.store.resolve())).hexdigest()[:32]
    return Path(root).expanduser() / "clew" / "checkpoints" / name


def _own_folder(address: str) -> Path:
    """Return where this machine keeps what belongs to a store elsewhere.

    Of a server's: checkpoints of steps. Of a database's also deployments and predictions, which
    are nowhere else.
    """
    kind, root = "servers", os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    if is_database(address):
        from clew.adapters.stores.sql.postgres.address import parse

        address = parse(address).shown  # A file's name is no place for a password.
        kind, root = "databases", os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", address.partition("://")[2])[:100]
    return Path(root).expanduser() / "clew" / kind / name


def _store_path(
    here: Path, file: Path | None, given: str | Path | None, configured: str | None
) -> Path:
    chosen = given or os.environ.get("CLEW_STORE")
    if chosen:
        return (here / Path(chosen).expanduser()).absolute()
    if file is not None:
        return (file.parent / Path(configured or FOLDER).expanduser()).absolute()
    existing = _nearest(here, FOLDER)
    return existing if existing is not None else here / FOLDER


def _nearest(here: Path, name: str) -> Path | None:
    """Return the file or folder `name` here or above, where nobody else could have put it.

    Settings name a store, and a store's values may be read by running code: what another user
    owns, or what lies above in a folder that everybody can write into (``/tmp``), does not count.
    """
    for folder in (here, *here.parents):
        if (folder / name).exists() and (folder == here or _is_ours(folder, folder / name)):
            return folder / name
    return None


def _is_ours(folder: Path, found: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    shared = folder.stat().st_mode & stat.S_IWOTH
    return not shared and found.stat().st_uid == os.getuid()


def _is_private(store: Path) -> bool:
    """Tell whether a store, if there is one, is this user's, and not everybody's to write."""
    return not store.exists() or _is_ours(store, store)


def _read(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"{file} is not valid TOML: {error}") from None
    for section, content in table.items():
        if section not in _KNOWN or not isinstance(content, dict):
            raise InvalidParameter(
                f"{file}: unknown section {section!r}", expected=", ".join(_KNOWN)
            )
        for name in content:
            if _KNOWN[section] and name not in _KNOWN[section]:
                raise InvalidParameter(
                    f"{file}: unknown setting {name!r} in [{section}]",
                    expected=", ".join(_KNOWN[section]),
                )
            _check_kind(file, name, content[name], _KINDS.get(name, "a number of 0 or more"))
    return table


def _check_kind(file: Path, name: str, value: object, kind: str) -> None:
    """Refuse a value of the wrong kind: ``trusted = "no"`` must not count as true."""
    match kind:
        case "true or false":
            fits = isinstance(value, bool)
        case "a text":
            fits = isinstance(value, str) and "\0" not in value
        case _:
            fits = type(value) in (int, float) and 0 <= float(str(value)) < math.inf
    if not fits:
        raise InvalidParameter(f"{file}: setting {name!r}", got=repr(value), expected=kind)


def _count(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InvalidParameter("setting 'workers'", got=repr(value), expected="a count") from None


def _check(settings: Settings) -> None:
    choices = {
        "durability": (settings.durability, ("process", "power-loss")),
        "engine": (settings.engine, ENGINES),
    }
    for name, (value, allowed) in choices.items():
        if value not in allowed:
            raise InvalidParameter(
                f"setting {name!r}", got=repr(value), expected=" or ".join(allowed)
            )
    if settings.workers < 1:
        raise InvalidParameter("setting 'workers'", got=str(settings.workers), expected="≥ 1")
