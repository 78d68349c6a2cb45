"""The verbs of the registry: register a model, promote a version, and read who did what and why."""

from __future__ import annotations

import getpass
from collections.abc import Mapping

from clew.entities import Event, LoggedModel, ModelVersion
from clew.errors import AlreadyExists, NotFound
from clew.registry import place

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
    >>> from sklearn.linear_model import Ridge
    >>> with clew.run():
    ...     logged = clew.log_model(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]))
    >>> version = register(logged, "line")
    >>> promote("line", version.version, reason="the first").aliases
    ('champion',)
    >>> clew.load_model("models:/line@champion").predict([[2.0]])
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


def history(name: str, *, alias: str | None = None, limit: int = 100) -> tuple[Event, ...]:
    """Return who changed what of a registered model, newest first."""
    subject = f"model:{name}" if alias is None else f"model:{name}/{alias}"
    return place.current().audit.events(subject=subject, limit=limit).items


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
