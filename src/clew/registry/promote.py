"""The verbs of the registry: register, promote, remove, restore, and read who did what and why."""

from __future__ import annotations

import getpass
from collections.abc import Mapping

from clew.entities import Event, LoggedModel, ModelVersion, Removed
from clew.errors import AlreadyExists, NotFound
from clew.registry import place
from clew.registry.trail import trail

CHAMPION = "champion"


def register(
    model: LoggedModel | str,
    name: str,
    *,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    alias: str | None = None,
) -> ModelVersion:
    """Make a model the next version of a name; the name is made where there is none.

    Parameters
    ----------
    model : LoggedModel or str
        What `clew.log_model` returned, or where a model is: ``models:/m-…``, ``runs:/RUN/NAME``.
    alias : str, optional
        Point this alias to the new version.

    Returns
    -------
    ModelVersion
        It points to the model's content and to the node that made it.

    Examples
    --------
    >>> import clew
    >>> from clew.registry import promote, register
    >>> from clew.track import load_model
    >>> from sklearn.linear_model import Ridge
    >>> with clew.run():
    ...     logged = clew.log_model(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]))
    >>> version = register(logged, "line")
    >>> promote("line", version.version, reason="the first").aliases
    ('champion',)
    >>> load_model("models:/line@champion").predict([[2.0]])
    array([1.])
    """
    ports = place.current()
    try:
        ports.registered.create(name)
    except AlreadyExists:
        pass
    source = model if isinstance(model, str) else f"models:/{model.id}"
    version = ports.versions.create(
        name, source, description=description, tags=tags, user=_actor(None)
    )
    if alias is not None:
        ports.aliases.set(name, alias, version.version, actor=_actor(None), reason="registered")
    return ports.versions.get(name, version.version)


def promote(
    name: str,
    version: int,
    *,
    alias: str = CHAMPION,
    reason: str | None = None,
    actor: str | None = None,
) -> ModelVersion:
    """Point an alias to a version; who did it, what it was before and why is kept for ever.

    Parameters
    ----------
    alias : str, default "champion"
        The alias.
    reason : str, optional
        Why.
    actor : str, optional
        Who; by default the user of this process.
    """
    ports = place.current()
    ports.aliases.set(name, alias, version, actor=_actor(actor), reason=reason)
    return ports.versions.get(name, version)


def roll_back(
    name: str, *, alias: str = CHAMPION, reason: str | None = None, actor: str | None = None
) -> ModelVersion:
    """Point an alias to the version that it pointed to before its last move.

    Raises
    ------
    NotFound
        When it never pointed to another version, or that one is gone.
    """
    now = place.current().aliases.version(name, alias).version
    for event in history(name, alias=alias):
        if event.action == "alias.set" and event.after == str(now) and event.before:
            why = reason or f"rolled back from version {now}"
            return promote(name, int(event.before), alias=alias, reason=why, actor=actor)
    raise NotFound(f"{name}@{alias} pointed to no other version before version {now}")


def remove(
    name: str,
    version: int | None = None,
    *,
    reason: str | None = None,
    actor: str | None = None,
) -> None:
    """Remove a version, or without one a model with all its versions; `restore` undoes it.

    Raises
    ------
    NotFound
        When it is not there.
    """
    ports = place.current()
    if version is None:
        ports.registered.delete(name, actor=_actor(actor), reason=reason)
    else:
        ports.versions.delete(name, version, actor=_actor(actor), reason=reason)


def restore(
    name: str,
    version: int | None = None,
    *,
    reason: str | None = None,
    actor: str | None = None,
) -> None:
    """Bring back what was removed: a model with its aliases, or a version without them.

    Raises
    ------
    NotFound
        When nothing of that name was removed.
    AlreadyExists
        When the name was given to another model meanwhile.
    """
    removals = place.current().removals
    if version is None:
        removals.restore_model(name, actor=_actor(actor), reason=reason)
    else:
        removals.restore_version(name, version, actor=_actor(actor), reason=reason)


def removed(name: str | None = None) -> tuple[Removed, ...]:
    """Return the models and versions that `restore` can bring back, last removed first."""
    return place.current().removals.removed(name)


def history(name: str, *, alias: str | None = None, limit: int = 100) -> tuple[Event, ...]:
    """Return who changed what of a registered model and its versions, newest first.

    It goes back through the names that the model had before.
    """
    ports = place.current()
    try:
        created_ms = ports.registered.get(name).created_ms
    except NotFound:
        created_ms = 0  # it was removed; its trail stays
    found = trail(ports.audit, name, created_ms=created_ms, alias=alias, limit=limit)
    return tuple(found)


def versions(name: str) -> tuple[ModelVersion, ...]:
    """Return the versions of a name, newest first."""
    quote = '"' if "'" in name else "'"
    asked = f"name = {quote}{name}{quote}"
    return place.current().versions.search(filter=asked, order_by=["version_number DESC"]).items


def _actor(given: str | None) -> str:
    if given is not None:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
