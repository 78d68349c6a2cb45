"""PostgreSQL's failures in clew's words: what happened, where, and what to do."""

from __future__ import annotations

from clew.errors import ClewError, InvalidParameter, StoreError

_MEANING: dict[str, tuple[str, str]] = {
    "08": (
        "the database cannot be reached",
        "check the address, and that the server runs and lets this machine in",
    ),
    "28": (
        "the database does not let this user in",
        "check user and password (PGPASSWORD, or ~/.pgpass)",
    ),
    "3D": ("there is no such database", "create it with `createdb`"),
    "53": (
        "the database server is out of room, memory or connections",
        "all earlier writes are kept; give the server more, then run it again",
    ),
    "54": (
        "one record is too large for the database",
        "store large content as a value, not as text of a run",
    ),
    "57": ("the database server ended the connection", "run it again"),
    "58": ("the database server reported an error of its system", "look into the server's log"),
    "XX": ("the database is damaged", "restore it from a dump of pg_dump"),
}
_EXACT: dict[str, tuple[str, str]] = {
    "42501": (
        "this user may not use the store in the database",
        "grant it CREATE on the database, or all rights on the schema",
    ),
    "53300": (
        "the database server lets nobody else in: it has too many connections",
        "each process of clew takes up to 11; raise max_connections of the server, run fewer "
        "processes, or share the store by one `clew server`",
    ),
    "55P03": (
        "another process kept the store locked for too long",
        "look for a process that is stopped inside a write, and end it",
    ),
    "25006": ("the database can only be read", "name the server that takes writes"),
}
_FULL = ("too many clients", "too many connections", "connection slots are reserved")
_KEPT_OUT = (
    "authentication",
    "password",
    "no pg_hba.conf entry",
    "role ",
    "not permitted to log in",
)
_UNREACHED = (
    "connection failed",
    "connection is bad",
    "could not",
    "failed to resolve",
    "timeout expired",
)
_LOST = ("the connection to the database was lost", "run it again; this write was not acknowledged")


def explain(error: Exception, place: str) -> ClewError:
    """Return the error that says what PostgreSQL's error means for the user."""
    state = getattr(error, "sqlstate", None) or ""
    text = str(error).strip()
    if not state:
        known = _unsaid(text)
    else:
        known = _EXACT.get(state) or _MEANING.get(
            state[:2], ("the database failed", "run `clew fsck`")
        )
    return StoreError(f"{known[0]}: {place}", got=text, hint=known[1])


def misfit(error: Exception) -> ClewError | None:
    """Return the error of a value that the caller should not have given."""
    state = getattr(error, "sqlstate", None) or ""
    text = str(error).strip()
    if state == "22021" or (not state and "NUL" in text):
        return InvalidParameter(
            "a text holds what PostgreSQL cannot keep",
            got=text,
            expected="text without NUL characters",
        )
    if state[:2] == "22" or state in ("42883", "42804", "42P18"):  # As a forged token has one.
        return InvalidParameter("a value in the question has the wrong type", got=text)
    return None


def _unsaid(text: str) -> tuple[str, str]:
    """Return the meaning of an error of the client library, which has no code."""
    if any(told in text for told in _FULL):
        return _EXACT["53300"]
    if any(told in text for told in _KEPT_OUT):
        return _MEANING["28"]
    if "does not exist" in text:
        return _MEANING["3D"]
    if any(told in text for told in _UNREACHED):
        return _MEANING["08"]
    return _LOST
