"""A gate: what a new model must show, how surely, and for how many models."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from clew.debug.gates.adaptivity import Adaptivity
from clew.debug.gates.condition import Clause, parse
from clew.errors import InvalidParameter, NotFound

Mode = Literal["fp-free", "fn-free", "three-valued"]
Method = Literal["exact", "hoeffding", "bennett"]
_FIELDS = ("name", "conditions", "reliability", "mode", "test", "disagreement", "assumed", "early")
_MOST_LOG = 200.0
_NAME = re.compile(r"[\w.-]{1,100}")
_ADAPTIVITY = ("adaptivity", "steps", "passes")


@dataclass(frozen=True, slots=True)
class Gate:
    """Conditions, and the guarantee with which they are judged.

    Parameters
    ----------
    conditions : tuple of str
        All must hold (`clew.debug.gates.condition`).
    name : str
        What the gate is called.
    reliability : float
        1 - δ: with at least this probability, no model of all those that are judged gets a wrong
        verdict.
    mode : {"fp-free", "fn-free", "three-valued"}
        What is said within the tolerance of a bar: FAIL (a PASS is always right), PASS (a FAIL is
        always right), or UNKNOWN.
    adaptivity : Adaptivity
        How many models are judged, and who sees the verdicts.
    test : {"exact", "hoeffding", "bennett"}
        By exact tails, or by the published inequalities.
    disagreement : float
        The share of rows that the two models answer otherwise, at most: what sizes are planned
        for. It is measured on the rows, without labels, and the cutoff follows what was measured.
    assumed : bool
        Take `disagreement` for true instead, as the published sizes do; rows that contradict it
        are refused.
    early : float
        The share of a wrong PASS's probability that is spent on stopping early; 0 never stops
        early.

    Raises
    ------
    InvalidParameter
        When a condition or a number makes no sense.
    """

    conditions: tuple[str, ...]
    name: str = "gate"
    reliability: float = 0.99
    mode: Mode = "fp-free"
    adaptivity: Adaptivity = field(default_factory=Adaptivity)
    test: Method = "exact"
    disagreement: float = 1.0
    assumed: bool = False
    early: float = 0.19

    def __post_init__(self) -> None:
        if not self.conditions:
            raise InvalidParameter("a gate without conditions", expected="at least one")
        for given, known, what in (
            (self.mode, get_args(Mode), "mode"),
            (self.test, get_args(Method), "test"),
        ):
            if given not in known:
                raise InvalidParameter(what, got=repr(given), expected=", ".join(known))
        for number, what, low, high in (
            (self.reliability, "reliability", 0.5, 1.0),
            (self.disagreement, "disagreement", 0.0, 1.0 + 1e-12),
            (self.early, "early", -1e-12, 0.9),
        ):
            if not low < number < high:
                raise InvalidParameter(
                    what, got=str(number), expected=f"above {max(low, 0):g}, up to {high:.3g}"
                )
        if not _NAME.fullmatch(self.name):
            raise InvalidParameter(
                "a gate's name", got=repr(self.name), expected="letters, digits, . _ -"
            )
        if self.log_inverse > _MOST_LOG:
            raise InvalidParameter(
                "more histories than tails are computed for",
                got=f"{self.adaptivity.steps} steps, {self.adaptivity.kind}",
                expected="fewer steps, or hybrid adaptivity",
            )
        if len({clause.text for clause in self.clauses}) < len(self.clauses):
            raise InvalidParameter("a condition is there twice", got=str(self.conditions))

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """What has to hold, all of it."""
        return tuple(clause for text in self.conditions for clause in parse(text))

    @property
    def log_inverse(self) -> float:
        """``ln(1/δ')`` of the probability with which one model may get a wrong verdict."""
        models = self.adaptivity.models(verdicts=3 if self.mode == "three-valued" else 2)
        return math.log(models) - math.log(1 - self.reliability)

    @property
    def alpha(self) -> float:
        """The probability with which one model may get a wrong PASS."""
        return math.exp(-self.log_inverse)

    @property
    def beta(self) -> float:
        """The probability with which one clause may give one model a wrong FAIL."""
        return self.alpha / len(self.clauses)


def gate_of(table: Mapping[str, Any], where: str = "a gate") -> Gate:
    """Return the gate that plain data describe.

    Raises
    ------
    InvalidParameter
        When a field is unknown or has no value that is accepted.
    """
    unknown = [name for name in table if name not in (*_FIELDS, *_ADAPTIVITY)]
    if unknown:
        raise InvalidParameter(
            f"{where}: unknown field {unknown[0]!r}", expected=", ".join((*_FIELDS, *_ADAPTIVITY))
        )
    fields = {name: table[name] for name in _FIELDS if name in table}
    given = fields.get("conditions", ())
    fields["conditions"] = (given,) if isinstance(given, str) else tuple(given)
    for name, kind in {"reliability": float, "disagreement": float, "early": float}.items():
        if name in fields:
            fields[name] = _number(where, name, fields[name], kind)
    adaptivity = {
        word: _number(where, word, table[word], int)
        for word in ("steps", "passes")
        if word in table
    }
    if "adaptivity" in table:
        adaptivity["kind"] = table["adaptivity"]
    return Gate(**fields, adaptivity=Adaptivity(**adaptivity))


def read_file(path: Path) -> Gate:
    """Return the gate that a YAML or TOML file describes.

    Raises
    ------
    NotFound, InvalidParameter
        When it is not there, or is no gate.
    """
    if not path.is_file():
        raise NotFound("there is no such gate", got=str(path), hint="clew gate plan GATES.yaml")
    text = path.read_text(encoding="utf-8")
    try:
        table = tomllib.loads(text) if path.suffix == ".toml" else _yaml(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidParameter(f"{path} is not valid TOML: {error}") from None
    if not isinstance(table, dict):
        raise InvalidParameter(
            f"{path} holds no gate", expected="fields: conditions, reliability, …"
        )
    return gate_of({"name": path.stem, **table}, str(path))


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidParameter(f"this is not valid YAML: {error}") from None


def _number(where: str, name: str, value: Any, kind: type[float] | type[int]) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or kind(value) != value:
        expected = "a number" if kind is float else "a whole number"
        raise InvalidParameter(f"{where}: {name!r}", got=repr(value), expected=expected)
    return kind(value)
