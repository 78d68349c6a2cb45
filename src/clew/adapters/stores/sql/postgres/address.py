"""Where a PostgreSQL database is: ``postgresql://user@host/database?schema=name``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from clew.errors import InvalidParameter

SCHEMES = ("postgresql", "postgres")
SCHEMA = "clew"
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"[!-~]+")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(:[0-9]+)?")
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Address:
    """A database and the schema in it that holds one store.

    Parameters
    ----------
    url : str
        What libpq is given, the password included.
    schema : str
        Name of the schema; it is made when it is absent.
    shown : str
        The same for people: no password.
    """

    url: str
    schema: str
    shown: str


def parse(url: str) -> Address:
    """Return the address that a URL tells.

    Raises
    ------
    InvalidParameter
        When it is none of PostgreSQL's.
    """
    parts = _split(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    schema = dict(options).get("schema", SCHEMA)
    if not _NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise InvalidParameter(
            "the schema in the address of the database",
            got=repr(schema),
            expected="small letters, digits and underscores",
        )
    rest = [(name, value) for name, value in options if name != "schema"]
    return Address(_joined(parts.netloc, parts.path, rest), schema, _shown(parts))


def _split(url: str) -> SplitResult:
    """Return the parts of an address; a mistake in it is told without the address."""
    problem = ""
    try:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES:
            problem = f"it begins with {parts.scheme}:"
        elif parts.fragment or "@" in parts.path + parts.query or not _is_host(parts.netloc):
            problem = "a part is not where it belongs"
        elif _BAD_PERCENT.search(url):
            problem = "a % is not followed by two hexadecimal digits"
        elif not _PLAIN.fullmatch(url):
            problem = "it has a character that no address has"
    except ValueError:
        problem = "host and port cannot be told"
    if problem:
        raise InvalidParameter(
            "the address of the database",
            got=problem,
            expected="postgresql://USER@HOST:PORT/DATABASE",
            hint="in a name or password write % as %25, / as %2F, # as %23, ? as %3F, @ as %40; "
            "better, leave the password to PGPASSWORD or ~/.pgpass",
        )
    return parts


def _is_host(netloc: str) -> bool:
    """Tell whether hosts are told as libpq reads them: several may stand there, with commas."""
    return all(_HOST.fullmatch(host) for host in netloc.rpartition("@")[2].split(","))


def _joined(netloc: str, path: str, options: list[tuple[str, str]]) -> str:
    # libpq reads %20, not +; and // also before a host that is left out.
    query = urlencode(options, quote_via=quote)
    return f"postgresql://{netloc}{path}" + (f"?{query}" if query else "")


def with_schema(url: str, schema: str) -> str:
    """Return the same address, of another schema."""
    parts = _split(url)
    options = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "schema": schema}
    return _joined(parts.netloc, parts.path, list(options.items()))


def _shown(parts: SplitResult) -> str:
    """Return an address without what must not be told."""
    user, at, host = parts.netloc.rpartition("@")
    options = [(name, value) for name, value in parse_qsl(parts.query) if "password" not in name]
    return _joined(user.partition(":")[0] + at + host, parts.path, options)
