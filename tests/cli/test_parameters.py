"""Parameters of a flow on the command line: members have the types that are declared for them."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

import clew
from clew.cli.parameters import arguments_from
from clew.errors import InvalidParameter

if TYPE_CHECKING:
    from nowhere import Unknown


class Colour(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class Layer:
    units: int
    kind: Literal["relu", "tanh"] = "relu"


@dataclass(frozen=True)
class Config:
    rate: float
    layers: list[Layer] = field(default_factory=list)
    save: Path | None = None


@clew.flow
def flow(
    items: list[int] = [],
    rates: Mapping[str, float] = {},
    pair: tuple[int, str] = (1, ""),
    some: Sequence[int] | None = None,
    names: set[str] = set(),
    nested: dict[str, list[list[int]]] = {},
    either: int | list[int] = 1,
    config: Config | None = None,
    configs: list[Config] = [],
    colours: list[Colour] = [],
    paths: list[Path] = [],
    day: datetime.date = datetime.date.min,
    price: Decimal = Decimal(0),
    raw: bytes = b"",
    free: Any = None,
    odd: list[Path | str] = [],
    unknown: Unknown | None = None,
) -> None:
    return None


GIVEN: dict[str, object] = {
    "items=[1, 2]": [1, 2],
    "items=1,2": [1, 2],
    "rates={'a': 1}": {"a": 1.0},
    'rates={"a": 1e3}': {"a": 1000.0},
    "pair=(1, 'b')": (1, "b"),
    "some=none": None,
    "some=[3]": [3],
    "names={'a'}": {"a"},
    "nested={'a': [[1], []]}": {"a": [[1], []]},
    "either=3": 3,
    "either=[3]": [3],
    'config={"rate": 1, "layers": [{"units": 2}], "save": "m"}': Config(1.0, [Layer(2)], Path("m")),
    'config={"rate": 1, "save": null}': Config(1.0),
    "colours=['red']": [Colour.RED],
    "paths=['a']": [Path("a")],
    "day=2024-02-29": datetime.date(2024, 2, 29),
    "price=0.10": Decimal("0.10"),
    "raw=b'x'": b"x",
    "free={'a': [1, 'x']}": {"a": [1, "x"]},
}
WRONG = {
    "items=[1, 'a']": "`int`, got `str` - at `$[1]`",
    "items=[1.5]": "`int`, got `float`",
    "items=[True]": "`int`, got `bool`",
    "items=x": "list[int]",
    "rates={'a': 'x'}": "`float`, got `str`",
    "rates={1: 1.0}": "`str`, got `int`",
    "pair=(1, 2)": "`str`, got `int`",
    "pair=(1,)": "length 2",
    "some=['x']": "`int`, got `str`",
    "names={1}": "`str`, got `int`",
    "nested={'a': [['x']]}": "`int`, got `str`",
    "either=['x']": "int or list[int]",
    "config={}": "missing required field `rate`",
    'config={"rate": "x"}': "`float`, got `str` - at `$.rate`",
    'config={"rate": 1, "layers": [{"units": "2"}]}': "`int`, got `str` - at `$.layers[0].units`",
    'config={"rate": 1, "layers": [{"units": 2, "kind": "sin"}]}': "'sin' - at `$.layers[0].kind`",
    'config={"rate": 1, "layers": [{"units": 2, "kinds": "relu"}]}': "'kinds' at layers[0]",
    'configs=[{"rate": 1, "rates": 2}]': "no field 'rates' at [0]",
    "colours=['blue']": "'blue'",
    "paths=[1]": "`Path`, got `int`",
    "day=tomorrow": "date",
    "price=cheap": "Decimal",
    "raw=eHh4": "bytes",
    "odd=['x']": "cannot be given as a text",
    "unknown=1": "cannot be looked up",
}


@pytest.mark.parametrize(("pair", "value"), GIVEN.items(), ids=GIVEN)
def test_members_are_of_the_declared_types(pair: str, value: object) -> None:
    (found,) = arguments_from(flow, [pair]).values()
    assert found == value
    assert repr(found) == repr(value)


@pytest.mark.parametrize(("pair", "said"), WRONG.items(), ids=WRONG)
def test_a_member_of_another_type_is_refused(pair: str, said: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        arguments_from(flow, [pair])
    assert said in str(caught.value)
    assert pair.partition("=")[0] in str(caught.value)


def test_a_parameter_is_given_once() -> None:
    with pytest.raises(InvalidParameter, match="twice"):
        arguments_from(flow, ["items=[1]", "items=[2]"])
