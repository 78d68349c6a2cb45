"""Where artifacts may lie: what the server accepts from clients as a location or as a path.

Nothing here touches a file. A location that is not this server's own is only remembered: clients
read and write there themselves.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import (
    ParseResult,
    unquote,
    unquote_plus,
    urlparse,
    urlsplit,
    urlunparse,
)

from clew.api.mlflow.failure import Failure

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MAX_LOCATION = 2048
# Schemes by which a server would be made to connect to any host that a client names.
_HOST_SCHEMES = frozenset(
    ["ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"]
)


def is_local(uri: str) -> bool:
    """Tell whether a URI names a file of this machine."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return parts.netloc in ("", "localhost", "127.0.0.1", ".")
    return parts.scheme == "" and not uri.startswith("\\\\")


def local_path(uri: str) -> str:
    """Return the path that a local URI names."""
    return unquote(urlsplit(uri).path) if uri.startswith("file:") else uri


def checked_location(location: str) -> str:
    """Return an experiment's artifact location as MLflow keeps it: a local path made absolute.

    Raises
    ------
    Failure
        When MLflow refuses it.
    """
    parsed = _parsed(location)
    if parsed.fragment or parsed.params:
        raise Failure("'artifact_location' URL can't include fragments or params.")
    if ".." in decoded(parsed.query):
        raise Failure("Invalid query string")
    refuse_host(location, "artifact_location")
    if location.startswith("runs:"):
        raise Failure(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    if len(location) > _MAX_LOCATION:
        raise Failure(
            "Invalid artifact path length. The length of the artifact path cannot be "
            f"greater than {_MAX_LOCATION} characters. To configure this limit, please set the "
            "MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable."
        )
    if not is_local(location):
        return location
    path = local_path(location)
    if PurePosixPath(path).is_absolute():
        return location
    absolute = Path.cwd().joinpath(path).as_posix()
    return absolute if not parsed.scheme else f"file://{absolute}"


def refuse_host(uri: str, field: str) -> None:
    """Refuse a URI that would make a server connect to a host that the client chose."""
    parsed = _parsed(uri)
    scheme = parsed.scheme.lower()
    if scheme not in _HOST_SCHEMES or (scheme == "mlflow-artifacts" and not parsed.netloc):
        return
    raise Failure(
        f"'{field}' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host other "
        "than the tracking server's configured artifact storage, so the server would connect to "
        "the host named in the URI."
    )


def safe_path(path: str) -> str:
    """Return a relative artifact path, decoded as MLflow decodes it.

    Raises
    ------
    Failure
        When it is absolute, climbs, or holds what no path may hold.
    """
    invalid = Failure("Invalid path")
    try:
        path = _CONTROL.sub(lambda m: f"%{ord(m.group()):02X}", decoded(path))
    except ValueError:
        raise invalid from None
    if "#" in path:
        raise invalid
    if path.lower().startswith("file:"):
        path = local_path(path)
    if (
        ".." in path.split("/")
        or "\\" in path
        or PureWindowsPath(path).is_absolute()
        or path.startswith("/")
    ):
        raise invalid
    return path


def plain(path: str) -> str:
    """Return a safe path without ``.`` and empty parts; "" for the root."""
    if not path:
        return ""
    normal = posixpath.normpath(path)
    return "" if normal == "." else normal


def decoded(text: str) -> str:
    """Undo percent-encoding until nothing changes, as MLflow does."""
    for _ in range(10):
        try:
            again = urlunparse(urlparse(unquote(text)))
        except ValueError:
            raise Failure("Invalid path") from None
        if again == text:
            return text
        text = again
    raise Failure("Invalid path")


def refuse_relative(source: str) -> None:
    """Refuse a model version's source whose path climbs."""
    problem = Failure(
        f"Invalid model version source: '{source}'. If supplying a source as an http, https, "
        "local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be "
        "provided without relative path references present. "
        "Please provide an absolute path."
    )
    text = source
    for _ in range(20):
        plainer = unquote_plus(text)
        if plainer == text:
            break
        text = plainer
    else:
        raise problem
    path = re.sub(r"/+", "/", _parsed(text).path.rstrip("/"))
    if "\0" in path or ".." in text.split("/"):
        raise problem
    if posixpath.normpath(posixpath.join("/", path)) != (path or "/") and path:
        raise problem


def parts_of(uri: str) -> tuple[str, str, tuple[str, ...]]:
    """Return scheme, authority and decoded parts of the path, for comparison."""
    parsed = _parsed(uri)
    parts = tuple(decoded_part(part) for part in parsed.path.split("/") if part)
    return parsed.scheme.lower(), parsed.netloc.lower(), parts


def decoded_part(part: str) -> str:
    """Undo percent-encoding of one part of a path until nothing changes."""
    for _ in range(20):
        plainer = unquote(part)
        if plainer == part:
            break
        part = plainer
    return part


def is_within(source: str, root: str) -> bool:
    """Tell whether a URI lies at or under another."""
    s_scheme, s_host, s_parts = parts_of(source)
    r_scheme, r_host, r_parts = parts_of(root)
    return (
        s_scheme == r_scheme
        and s_host == r_host
        and bool(r_parts)
        and s_parts[: len(r_parts)] == r_parts
    )


def is_served(source: str) -> bool:
    """Tell whether a URI names artifacts behind a tracking server."""
    scheme, _, parts = parts_of(source)
    if scheme == "mlflow-artifacts":
        return True
    anchor = ("api", "2.0", "mlflow-artifacts", "artifacts")
    return scheme in ("http", "https") and any(
        parts[i : i + 4] == anchor for i in range(len(parts) - 3)
    )


def _parsed(uri: str) -> ParseResult:
    try:
        return urlparse(uri)
    except ValueError:
        raise Failure(f"Invalid URI: '{uri}'") from None
