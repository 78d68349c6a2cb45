"""Filter strings and order_by clauses: their tokens, and the small tree that they become.

The language is MLflow's: comparisons joined by ``AND``, ``kind.key OP value``, keys in backticks or
double quotes where they hold more than word characters. Which kinds, keys and operators there are,
and how a mistake is called, differs by what is searched: `Grammar` says so, `clew.track.query` and
`clew.registry.query` hold the grammars.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from clew.errors import InvalidParameter

Kind = Literal["attribute", "metric", "parameter", "tag", "dataset"]


class Comparison(msgspec.Struct, frozen=True):
    """One condition.

    Parameters
    ----------
    op : str
        ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``LIKE``, ``ILIKE``, ``IN``, ``NOT IN``,
        ``IS NULL``, ``IS NOT NULL``.
    value : number, str, tuple of str or None
        None for the last two.
    """

    kind: Kind
    key: str
    op: str
    value: int | float | str | tuple[str, ...] | None


class Order(msgspec.Struct, frozen=True):
    """One key to sort by."""

    kind: Kind
    key: str
    ascending: bool = True


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter: its text and what it is."""

    kind: Literal["name", "string", "number", "list", "op", "word", "other"]
    text: str


_STRING = r"'(?:''|\\'|[^'])*'"
_QUOTED = r'"(?:""|\\"|[^"])*"'
_NAME = rf"(?:[^\W\d][\w$#@]*|`(?:``|[^`])*`|{_QUOTED})"
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<string>{_STRING})
    |(?P<op>[<>=~!]+|(?:NOT\s+)?(?:I|R)?LIKE\b|NOT\s+IN\b|IN\b(?=\s*\()|IS\s+NOT\s+NULL\b|IS\s+NULL\b)
    |(?P<word>AND\b|OR\b)
    |(?P<name>{_NAME}(?:\.(?:{_NAME}|[\w$#@]+))*)
    |(?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    |(?P<list>\((?>{_STRING}|{_QUOTED}|[^'")])*+\))
    |(?P<other>[^\s]+?(?=[\s<>=~!]|$)|.)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
MOST_KEYS = 30
"""SQLite joins up to 64 tables, and each key may need two."""

_LONGEST = 1 << 16


def tokens(text: str) -> list[Token]:
    """Return the tokens of a filter or order_by clause, without space.

    Raises
    ------
    InvalidParameter
        When it is longer than 65,536 characters.
    """
    if len(text) > _LONGEST:
        raise InvalidParameter(
            f"Error on parsing filter '{text[:100]}…'", expected=f"at most {_LONGEST} characters"
        )
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind != "space":
            found.append(Token(kind, match[0]))  # type: ignore[arg-type]
    return found


@dataclass(frozen=True, slots=True)
class Grammar:
    """What can be asked of one kind of thing, and how a mistake is called.

    Parameters
    ----------
    kinds : mapping
        Words before the dot to kinds.
    attributes, orderable : sequence of str
        Keys of attributes that a filter, and order_by, may name.
    numeric : frozenset
        Those that are numbers.
    lists : frozenset
        Those that may be compared with a list.
    ops : mapping
        Operators by kind; of attributes those of ``"text"`` and ``"number"``.
    nullable : str
        Kinds that may be asked for by ``IS NULL``, for the error; "" for none.
    listed : frozenset
        Kinds that may be compared with a list.
    """

    what: str
    kinds: Mapping[str, Kind]
    kinds_error: str
    attributes: Sequence[str]
    orderable: Sequence[str]
    numeric: frozenset[str]
    lists: frozenset[str]
    ops: Mapping[str, Sequence[str]]
    nullable: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    quote_invalid: bool = False
    listed: frozenset[Kind] = frozenset({"attribute", "dataset"})
    dataset_keys: Sequence[str] = ("name", "digest", "context")

    def parse(self, text: str | None) -> tuple[Comparison, ...]:
        """Return the conditions of a filter, all of which must hold.

        Raises
        ------
        InvalidParameter
            When it is no filter of this grammar; the message is MLflow's.
        """
        if not text or not text.strip():
            return ()
        return tuple(self._comparisons(tokens(text), text))

    def parse_order(self, clauses: Iterable[str] | None) -> tuple[Order, ...]:
        """Return the keys of order_by clauses (``metrics.`my metric` DESC``).

        Raises
        ------
        InvalidParameter
            When one is none of this grammar, or two name the same key.
        """
        found: list[Order] = []
        for clause in clauses or ():
            order = self._order(clause)
            if any((one.kind, one.key) == (order.kind, order.key) for one in found):
                listed = list(clauses or ())
                raise InvalidParameter(f"`order_by` contains duplicate fields: {listed}")
            found.append(order)
            check_order(found)
        return tuple(found)

    def _order(self, clause: str) -> Order:
        pieces = tokens(clause) if isinstance(clause, str) else []
        if not pieces or pieces[0].kind != "name" or len(pieces) > 2:
            raise InvalidParameter(f"Invalid order_by clause '{clause}'. Could not be parsed.")
        ascending = True
        if len(pieces) == 2:
            word = pieces[1].text.lower()
            if word not in ("asc", "desc"):
                raise InvalidParameter(f"Invalid ordering key in order_by clause '{clause}'.")
            ascending = word == "asc"
        kind, key = self._field(pieces[0].text, self.orderable)
        return Order(kind, self.aliases.get(key, key) if kind == "attribute" else key, ascending)

    def _comparisons(self, found: list[Token], text: str) -> Iterable[Comparison]:
        invalid: list[Token] = []
        clauses: list[list[Token]] = []
        position = 0
        while position < len(found):
            taken = _clause(found[position : position + 3])
            if taken:
                clauses.append(found[position : position + taken])
            elif found[position].kind != "word" or found[position].text.upper() != "AND":
                invalid.append(found[position])
            position += taken or 1
        if invalid or not clauses:
            raise InvalidParameter(self._invalid_clauses(invalid, text))
        for clause in clauses:
            yield self._null(*clause) if len(clause) == 2 else self._comparison(*clause)

    def _invalid_clauses(self, invalid: Sequence[Token], text: str) -> str:
        shown = [f"'{t.text}'" if self.quote_invalid else t.text for t in invalid] or [text]
        return f"Invalid clause(s) in filter string: {', '.join(shown)}"

    def _null(self, left: Token, op: Token) -> Comparison:
        if not self.nullable:
            raise InvalidParameter(
                f"IS NULL / IS NOT NULL is not supported for {self.what} search."
            )
        if left.kind != "name":
            raise InvalidParameter(
                f"Invalid comparison clause. Expected 'Identifier' found '{left.text}'"
            )
        kind, key = self._field(left.text, self.attributes)
        if _op(op) not in self.ops.get(kind, ()):
            named = f"attribute '{key}'" if self.nullable == "tags" else f"'{kind}' '{key}'"
            raise InvalidParameter(
                f"IS NULL / IS NOT NULL is only supported for {self.nullable}, not for {named}"
            )
        return Comparison(kind, key, _op(op), None)

    def _comparison(self, left: Token, op: Token, right: Token) -> Comparison:
        if left.kind != "name":
            raise InvalidParameter(
                f"Invalid comparison clause. Expected 'Identifier' found '{left.text}'"
            )
        kind, key = self._field(left.text, self.attributes)
        value = self._value(kind, key, right)
        comparator = _op(op)
        group: str = kind
        if kind == "attribute":
            key = self.aliases.get(key, key)
            group = "number" if key in self.numeric else "text"
        self._check_op(group, kind, key, comparator, op.text)
        return Comparison(kind, key, comparator, value)

    def _check_op(self, group: str, kind: Kind, key: str, comparator: str, shown: str) -> None:
        if comparator not in self.ops[group]:
            raise InvalidParameter(
                f"Invalid comparator '{shown}' not one of '{_set(self.ops[group])}'"
            )

    def _field(self, text: str, attributes: Sequence[str]) -> tuple[Kind, str]:
        head, dot, key = text.partition(".")
        if not dot:
            kind: Kind = "attribute"
            key = head
        else:
            word = _without(head, "`")
            if word not in self.kinds:
                raise InvalidParameter(self.kinds_error.format(word))
            kind = self.kinds[word]
        key = _without(_without(_without(key, "'"), '"'), "`")
        if kind == "attribute" and key not in attributes:
            raise InvalidParameter(
                f"Invalid attribute key '{key}' specified. Valid keys are '{_set(attributes)}'"
            )
        if kind == "dataset" and key not in self.dataset_keys:
            valid = _set(self.dataset_keys)
            raise InvalidParameter(
                f"Invalid dataset key '{key}' specified. Valid keys are '{valid}'"
            )
        return kind, key

    def _value(self, kind: Kind, key: str, token: Token) -> int | float | str | tuple[str, ...]:
        if kind == "metric" or (kind == "attribute" and self.aliases.get(key, key) in self.numeric):
            if token.kind == "number":
                return _number(token.text)
            named = "metric" if kind == "metric" else f"numeric attribute: {key}"
            raise InvalidParameter(f"Expected numeric value type for {named}. Found {token.text}")
        if token.kind == "string":
            return token.text[1:-1]
        if token.kind == "name":
            return _unquoted(token.text)
        if token.kind == "list" and kind in self.listed:
            if kind == "attribute" and key not in self.lists:
                raise InvalidParameter(
                    f"Only {sorted(self.lists)} attributes support "
                    "comparison with a list of quoted string values."
                )
            return _list(token.text)
        raise InvalidParameter(self._expected_text(kind, token.text))

    def _expected_text(self, kind: Kind, shown: str) -> str:
        if kind in ("parameter", "tag"):
            return f"Expected a quoted string value for {kind} (e.g. 'my-value'). Got value {shown}"
        if kind == "dataset":
            return f"Expected a quoted string value for dataset attributes. Got value {shown}"
        return f"Expected a quoted string value for attributes. Got value {shown}"


def _clause(found: Sequence[Token]) -> int:
    """Return how many of the next tokens make a comparison: three, two (``IS NULL``), or none."""
    if len(found) < 2 or found[0].kind in ("word", "op", "other"):
        return 0
    if _op(found[1]) in ("IS NULL", "IS NOT NULL"):
        return 2
    is_comparison = len(found) == 3 and found[1].kind == "op"
    return 3 if is_comparison and found[2].kind in ("name", "string", "number", "list") else 0


def _op(token: Token) -> str:
    return " ".join(token.text.upper().split())


def _without(text: str, quote: str) -> str:
    quoted = len(text) >= 2 and text[0] == quote == text[-1]
    return text[1:-1] if quoted else text


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == '"' == text[-1]:
        return text[1:-1]
    raise InvalidParameter(
        "Parameter value is either not quoted or unidentified quote types used for string value "
        f"{text}. Use either single or double quotes."
    )


def _number(text: str) -> int | float:
    try:
        return int(text) if len(text) < 20 else float(text)
    except ValueError:
        return float(text)


_MEMBER = rf"(?>{_STRING}|{_QUOTED})"
_STRINGS = re.compile(rf"\(\s*+{_MEMBER}(?>\s*+,\s*+{_MEMBER})*+\s*+,?\s*+\)", re.DOTALL)


def _list(text: str) -> tuple[str, ...]:
    if not text[1:-1].strip():
        raise InvalidParameter(
            "While parsing a list in the query, expected a non-empty list of string values, "
            "but got empty list"
        )
    if _STRINGS.fullmatch(text):
        try:
            found = ast.literal_eval(text)
        except (SyntaxError, ValueError, MemoryError):
            found = None
        if isinstance(found, str):
            return (found,)
        if isinstance(found, tuple):
            return found
    elif re.fullmatch(r"\([\s\w.,'\"+-]*\)", text) and re.search(r"\d", text):
        raise InvalidParameter(
            "While parsing a list in the query, expected string value, punctuation, or "
            f"whitespace, but got different type in list: {text}"
        )
    raise InvalidParameter(
        "While parsing a list in the query, expected a non-empty list of string values, "
        "but got ill-formed list."
    )


def _set(values: Iterable[str]) -> str:
    return "{" + ", ".join(repr(value) for value in values) + "}"


def check_order(keys: Sized) -> None:
    """Refuse more keys of order_by than a database sorts by."""
    if len(keys) > MOST_KEYS:
        raise InvalidParameter(f"`order_by` holds more than {MOST_KEYS} fields.")
