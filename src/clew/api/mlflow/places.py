"""Which files a path of the artifact proxy means.

Clients address artifacts by the path that their run's or model's URI has:
``{experiment}/{run}/artifacts/…``, ``{experiment}/models/{model}/artifacts/…`` and
``{experiment}/traces/{trace}/artifacts/…``. Everything else is a plain folder.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from clew.api.mlflow.failure import Failure
from clew.api.mlflow.locations import plain
from clew.entities import Owner

FOLDER = Owner("folder", "mlflow-artifacts")
_ANCHOR = "/api/2.0/mlflow-artifacts/artifacts/"
_NESTED = {"models": "model", "traces": "trace"}


def place(path: str) -> tuple[Owner, str]:
    """Return the owner that a safe proxy path names, and the path within it."""
    path = plain(path)
    parts = path.split("/")
    if parts[0].isdecimal() and len(parts) > 2:
        if len(parts) > 3 and parts[1] in _NESTED and parts[3] == "artifacts":
            kind = _NESTED[parts[1]]
            return Owner(kind, parts[2]), "/".join(parts[4:])  # type: ignore[arg-type]
        if parts[2] == "artifacts" and parts[1] not in _NESTED:
            return Owner("run", parts[1]), "/".join(parts[3:])
    return FOLDER, path


def within(root: str, path: str) -> tuple[Owner, str]:
    """Return the owner and path of a file under a run's or model's URI.

    Raises
    ------
    Failure
        When the URI's files are not this server's.
    """
    parts = urlsplit(root)
    if parts.scheme == "mlflow-artifacts" and not parts.netloc:
        base = unquote(parts.path).lstrip("/")
    elif parts.scheme in ("http", "https") and _ANCHOR in parts.path:
        base = unquote(parts.path.split(_ANCHOR, 1)[1])
    else:
        raise Failure(
            f"This server does not keep the artifacts of '{root}': "
            "clients that may read that location list and load them themselves."
        )
    return place(f"{base}/{path}" if path else base)
