"""The filter language of registered models and versions: MLflow's, to a small typed tree.

Registered models are asked by ``name`` and ``tags.KEY``; versions by ``name``, ``version_number``,
``run_id``, ``source_path`` and ``tags.KEY``. Text takes ``=  !=  LIKE  ILIKE``, names and run ids
also ``IN`` and ``NOT IN``, numbers ``=  !=  <  <=  >  >=``.
"""

from __future__ import annotations

import dataclasses

from clew.entities.filter import Grammar, Kind, Token
from clew.errors import InvalidParameter

_TEXT = ("=", "!=", "LIKE", "ILIKE")
_KINDS: dict[str, Kind] = {"attribute": "attribute", "tag": "tag", "tags": "tag"}
_KINDS_ERROR = "Invalid entity type '{}'. Valid entity types are ('attribute', 'tag', 'tags')"


@dataclasses.dataclass(frozen=True, slots=True)
class _RegistryGrammar(Grammar):
    def _check_op(self, group: str, kind: Kind, key: str, comparator: str, shown: str) -> None:
        if comparator not in self.ops[group]:
            named = {"text": "attribute", "number": f"attribute {key}"}.get(group, group)
            raise InvalidParameter(f"Invalid comparator for {named}: {comparator}")

    def _value(self, kind: Kind, key: str, token: Token) -> int | float | str | tuple[str, ...]:
        if kind == "attribute" and token.kind == "number" and key not in self.numeric:
            raise InvalidParameter(self._expected_text(kind, token.text))
        if kind == "attribute" and key in self.numeric:
            return self._whole(key, token)
        return Grammar._value(self, kind, key, token)

    def _whole(self, key: str, token: Token) -> int:
        text = token.text[1:-1] if token.kind == "string" else token.text
        try:
            return int(text)
        except ValueError:
            raise InvalidParameter(f"Invalid value for numeric attribute '{key}': {text}") from None

    def _expected_text(self, kind: Kind, shown: str) -> str:
        if kind == "attribute":
            return (
                "Expected a quoted string value or a list of quoted string values for "
                f"attributes. Got value {shown}"
            )
        return Grammar._expected_text(self, kind, shown)


MODELS = _RegistryGrammar(
    what="registered model",
    kinds=_KINDS,
    kinds_error=_KINDS_ERROR,
    attributes=("name",),
    orderable=("name", "timestamp", "last_updated_timestamp"),
    numeric=frozenset(),
    lists=frozenset({"name"}),
    ops={"tag": _TEXT, "text": (*_TEXT, "IN", "NOT IN")},
    aliases={"timestamp": "last_updated_timestamp"},
)
"""What can be asked of registered models."""

VERSIONS = _RegistryGrammar(
    what="model version",
    kinds=_KINDS,
    kinds_error=_KINDS_ERROR,
    attributes=("name", "version_number", "run_id", "source_path"),
    orderable=("name", "version_number", "creation_timestamp", "last_updated_timestamp"),
    numeric=frozenset({"version_number"}),
    lists=frozenset({"name", "run_id"}),
    ops={
        "tag": _TEXT,
        "text": (*_TEXT, "IN", "NOT IN"),
        "number": (">", ">=", "!=", "=", "<", "<="),
    },
)
"""What can be asked of versions."""
