"""SQLite's SQL in PostgreSQL's words: one statement in, one statement out.

The adapters keep to what both understand. What is left is translated here word by word (never
inside of a string), or is taught to PostgreSQL as a function of the name that SQLite has for it
(`functions`):

=========================  =====================================================================
SQLite                     PostgreSQL
=========================  =====================================================================
``?``, ``?1``              ``$1``
``x LIKE ?``               ``x ILIKE $1 ESCAPE ''``: letters of ASCII in any case, no escape
``x GLOB ?``               ``x LIKE glob_pattern($1) ESCAPE '\\'``
``x IS ?``                 ``x IS NOT DISTINCT FROM $1``
``a CROSS JOIN b ON``      ``a JOIN b ON``: what tells SQLite's planner which table leads
``json_each(?)``           ``each($1)``: a list of numbers
``json_each(?, '$')``      ``each($1, '$')``: a list of texts
``group_concat(x, ',')``   ``string_agg(x, ',')``
``CAST(x AS REAL)``        ``leading_number(x)``: the number that a text begins with
``user``                   ``"user"``, which is a word of its own in PostgreSQL
``INSERT INTO node …``     ``… RETURNING n``, for what has a number
=========================  =====================================================================
"""

from __future__ import annotations

import re
from functools import lru_cache

NUMBERED = frozenset(
    "word code environment value node experiment run dataset model registered trace "  # noqa: SIM905
    "quarantine".split()
)
"""Tables whose rows have a number, ``n``."""

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\?\d*|\w+|\s+|[^\w\s?'\"]+|.", re.DOTALL)
_SAME = {"json_each": "each", "group_concat": "string_agg", "user": '"user"'}
_REAL = re.compile(r"CAST\(([\w.]+) AS REAL\)")
_NO_ESCAPE = " ESCAPE ''"
_BACKSLASH = " ESCAPE '\\'"


@lru_cache(maxsize=4096)
def translate(sql: str) -> tuple[str, bool]:
    """Return a statement for PostgreSQL, and whether it returns the number of an added row."""
    if sql.startswith(("CREATE", "ALTER")):
        return define(sql), False
    tokens = _TOKEN.findall(_REAL.sub(r"leading_number(\1)", sql))
    words = [index for index, token in enumerate(tokens) if not token.isspace()]
    said = [_said(tokens, words, place) for place in range(len(words))]
    found = tokens[:]
    count = 0
    for index, text in zip(words, said, strict=True):
        if text == "?":
            count += 1
            text = f"${count}"
        elif text.startswith("?"):
            text = f"${text[1:]}"
        found[index] = text
    for place, index in enumerate(words):
        _enclose(tokens, words, place, index, found)
    numbered = _is_numbered([tokens[index] for index in words])
    return "".join(found) + (" RETURNING n" if numbered else ""), numbered


def _said(tokens: list[str], words: list[int], place: int) -> str:
    """Return what stands for one word."""
    token = tokens[words[place]]
    before = tokens[words[place - 1]] if place else ""
    after = tokens[words[place + 1]] if place + 1 < len(words) else ""
    match token:
        case "LIKE":
            return "ILIKE"
        case "GLOB":
            return "LIKE"
        case "IS" if after.startswith("?"):
            return "IS NOT DISTINCT FROM"
        case "CROSS" if after == "JOIN":
            return ""
        case "user" if before == ".":
            return token
    return _SAME.get(token, token)


def _enclose(tokens: list[str], words: list[int], place: int, index: int, found: list[str]) -> None:
    """Write what comes around the pattern of a LIKE or GLOB."""
    before = tokens[words[place - 1]] if place else ""
    after = tokens[words[place + 1]] if place + 1 < len(words) else ""
    if before == "GLOB":
        found[index] = f"glob_pattern({found[index]}){_BACKSLASH}"
    elif before == "LIKE" and after != "ESCAPE":
        found[index] += _NO_ESCAPE


def _is_numbered(words: list[str]) -> bool:
    return words[:2] == ["INSERT", "INTO"] and words[2] in NUMBERED and "RETURNING" not in words


_TYPES = {
    "INTEGER": "BIGINT",
    "REAL": "DOUBLE PRECISION",
    "BLOB": "BYTEA",
    "TEXT": 'TEXT COLLATE "C"',
}
_TYPE = re.compile(r"\b(INTEGER|REAL|BLOB|TEXT)\b")
_NUMBER = re.compile(r"\bn INTEGER PRIMARY KEY( AUTOINCREMENT)?")
_CREATED = re.compile(r"CREATE TABLE \"?(\w+)\"? ")
UNTYPED = {
    "node": ("seed", "NUMERIC"),
    "use": ("node", "BIGINT"),
    "metric": ("value", "DOUBLE PRECISION"),
    "latest": ("value", "DOUBLE PRECISION"),
    "model_metric": ("value", "DOUBLE PRECISION"),
}
"""Columns that SQLite keeps without a type."""


def define(sql: str) -> str:
    """Return the definition of a table or index.

    Text sorts by its bytes, as in SQLite. An index on the beginning of an id becomes one on the
    whole, which is then unique; strings of any length are found through their hash.
    """
    sql = sql.replace(" WITHOUT ROWID", "")
    created = _CREATED.match(sql)
    if created and created[1] in UNTYPED:
        column, kind = UNTYPED[created[1]]
        sql = re.sub(rf"(?<=[\s(]){column}(?=,| NOT NULL)", f"{column} {kind}", sql, count=1)
    if created and created[1] == "word":
        sql = sql.replace("text TEXT NOT NULL UNIQUE", "text TEXT NOT NULL")
    sql = _NUMBER.sub("n BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", sql)
    sql = re.sub(r"\buser TEXT\b", '"user" TEXT', sql)
    if sql.endswith("(substr(id, 1, 4))"):
        sql = sql.replace("CREATE INDEX", "CREATE UNIQUE INDEX").replace("substr(id, 1, 4)", "id")
    return _TYPE.sub(lambda match: _TYPES[match[1]], sql)
