"""Where a PostgreSQL database is: ``postgresql://user@host/database?schema=name``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from clew.errors import InvalidParameter

SCHEMES = ("postgresql", "postgres")
SCHEMA = "clew"
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
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise InvalidParameter(
            "the address of the database",
            got=repr(_shown(url)),
            expected="postgresql://USER@HOST/DATABASE",
        )
    options = parse_qsl(parts.query, keep_blank_values=True)
    schema = dict(options).get("schema", SCHEMA)
    if not _NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise InvalidParameter(
            "the schema in the address of the database",
            got=repr(schema),
            expected="small letters, digits and underscores",
        )
    rest = [(name, value) for name, value in options if name != "schema"]
    # libpq reads %20, not +.
    plain = urlunsplit(("postgresql", *parts[1:3], urlencode(rest, quote_via=quote), ""))
    return Address(plain, schema, _shown(url))


def with_schema(url: str, schema: str) -> str:
    """Return the same address, of another schema."""
    parts = urlsplit(url)
    options = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "schema"
    ]
    query = urlencode([*options, ("schema", schema)], quote_via=quote)
    return urlunsplit((*parts[:3], query, ""))


def _shown(url: str) -> str:
    """Return a URL without what must not be told."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    options = [(name, value) for name, value in parse_qsl(parts.query) if "password" not in name]
    query = urlencode(options, quote_via=quote)
    return urlunsplit((parts.scheme, user.partition(":")[0] + at + host, parts.path, query, ""))
