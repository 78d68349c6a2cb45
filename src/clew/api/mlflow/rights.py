"""What a caller must be allowed to do, where callers must say who they are."""

from __future__ import annotations

from clew.entities.token import Scope

_READ_BY_POST = (
    "/search",
    "/search-datasets",
    "/get-latest-versions",
    "/batchGetInfos",
    "/graphql",
)
_REGISTRY = ("/mlflow/registered-models", "/mlflow/model-versions")
_LOGGED_TO_REGISTRY = ("/registered-models/create", "/model-versions/create")


def needed(method: str, path: str) -> Scope:
    """Return the right that a call needs.

    Reading needs ``read``. Runs, models, their files and new versions of registered models need
    ``log``. What moves a model in front of users (aliases, stages, tags and descriptions of the
    registry, its names) and what removes it from there needs ``promote``.
    """
    if method in ("GET", "HEAD") or path.endswith(_READ_BY_POST):
        return "read"
    if any(part in path for part in _REGISTRY) and not path.endswith(_LOGGED_TO_REGISTRY):
        return "promote"
    return "log"
