"""A policy: which operators are applied to which rows, how strongly. It is a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from clew.augment.catalogue import OPERATORS, RAND_AUGMENT, Kind
from clew.augment.draws import Draws
from clew.errors import InvalidParameter, UnsupportedValue, WrongType

_BLOCK = 1 << 21  # pixels changed at a time: bounds the memory of a batch


@dataclass(frozen=True)
class Operation:
    """An operator with its probability and magnitude.

    Parameters
    ----------
    operator
        A name of `clew.augment.operators`, or a function ``(batch, magnitude, draws)`` of your own,
        with ``kind`` given.
    probability
        Share of the rows that it changes, in [0, 1].
    magnitude
        How much it changes them at most, in [0, 1]; each operator says what 1 is.
    options
        Further arguments by name, as ``table`` for ``synonyms``.
    kind
        Of a function of your own: ``"images"``, ``"series"`` or ``"text"``.
    """

    operator: str | Callable[..., Any]
    probability: float = 1.0
    magnitude: float = 0.5
    options: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind | None = None

    def __post_init__(self) -> None:
        for name in ("probability", "magnitude"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0.0 <= value <= 1.0:
                raise InvalidParameter(name, got=str(value), expected="a number in [0, 1]")
        if isinstance(self.operator, str):
            if self.operator not in OPERATORS:
                raise InvalidParameter(
                    "there is no such operator", got=self.operator, expected=", ".join(OPERATORS)
                )
            object.__setattr__(self, "kind", OPERATORS[self.operator][0])
        elif self.kind not in ("images", "series", "text"):
            raise InvalidParameter(
                "a function's kind", got=str(self.kind), expected="images, series or text"
            )

    def __call__(self, batch: Any, draws: Draws) -> Any:
        """Return the batch, changed."""
        function = OPERATORS[self.operator][1] if isinstance(self.operator, str) else self.operator
        return function(batch, float(self.magnitude), draws, **self.options)


@dataclass(frozen=True)
class Policy:
    """Sub-policies, of which each row follows one, or several in turn.

    The form is AutoAugment's (Cubuk et al. 2018): a sub-policy is a sequence of operations, each
    with a probability and a magnitude. RandAugment is the same with one operation a sub-policy
    and several rounds: `rand_augment`.

    Parameters
    ----------
    subpolicies
        Each a sequence of `Operation`, or of ``(operator, probability, magnitude)``.
    rounds
        How many sub-policies each row follows in turn, drawn with replacement.
    seed
        Of all that is drawn. A row's changes depend on the seed, the epoch and the row's index.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.augment import Policy
    >>> policy = Policy([[("rotate", 0.8, 0.5), ("cutout", 0.5, 0.5)], [("elastic", 1.0, 0.7)]])
    >>> images = np.zeros((10, 28, 28), np.uint8)
    >>> policy(images).shape
    (10, 28, 28)
    >>> Policy.from_dict(policy.to_dict()) == policy
    True
    """

    subpolicies: Sequence[Sequence[Any]]
    rounds: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        subpolicies = tuple(
            tuple(one if isinstance(one, Operation) else Operation(*one) for one in sub)
            for sub in self.subpolicies
        )
        kinds = {one.kind for sub in subpolicies for one in sub}
        if not subpolicies or len(kinds) != 1:
            raise InvalidParameter(
                "a policy's operations",
                got=", ".join(sorted(map(str, kinds))) or "none",
                expected="one operation at least, and all on one kind of data",
            )
        if not isinstance(self.rounds, int) or self.rounds < 0:
            raise InvalidParameter("rounds", got=str(self.rounds), expected="a whole number from 0")
        object.__setattr__(self, "subpolicies", subpolicies)

    @property
    def kind(self) -> Kind:
        """What the policy changes: images, series or text."""
        found: Kind = next(one.kind for sub in self.subpolicies for one in sub)
        return found

    def __call__(self, X: Any, *, epoch: int = 0) -> Any:
        """Return rows changed; the input stays as it is.

        Parameters
        ----------
        X
            Images of shape (n, height, width) or (n, height, width, channels), uint8 or floats in
            [0, 1]; series of shape (n, steps) or (n, steps, channels); or texts.
        epoch
            Another epoch, other changes.

        Returns
        -------
        array or list
            Of the same shape and dtype.

        Raises
        ------
        WrongType, InvalidParameter
            When `X` is no such data.
        """
        return self.at(X, np.arange(len(X)), epoch=epoch)

    def at(self, X: Any, rows: npt.NDArray[Any], *, epoch: int = 0) -> Any:
        """Return some of the rows, changed: what ``policy(X, epoch=epoch)[rows]`` would be.

        Parameters
        ----------
        X
            The data set.
        rows
            Positions in it; shape (k,).
        """
        rows = np.asarray(rows, dtype=np.int64)
        if self.kind == "text":
            texts = np.asarray(_texts([X[row] for row in rows]), object)
            self._change(texts, Draws.of(self.seed, epoch, rows))
            return list(texts)
        given = np.array(np.asarray(X)[rows])
        batch = _batch(given, self.kind)
        step = max(1, _BLOCK // max(1, math.prod(batch.shape[1:])))
        for at in range(0, len(batch), step):
            part = slice(at, at + step)
            working = _working(batch[part], self.kind)
            touched = self._change(working, Draws.of(self.seed, epoch, rows[part]))
            changed = working[touched]
            if batch.dtype == np.uint8:
                changed = np.clip(np.rint(changed * 255.0), 0, 255)
            batch[part][touched] = changed
        return given

    def _change(self, batch: npt.NDArray[Any], draws: Draws) -> npt.NDArray[np.bool_]:
        """Change rows in place; return which ones."""
        touched = np.zeros(len(batch), bool)
        for turn in range(self.rounds):
            own = draws.apart(turn)
            chosen = (own.uniform() * len(self.subpolicies)).astype(int)
            for number, subpolicy in enumerate(self.subpolicies):
                follows = chosen == number
                for place, operation in enumerate(subpolicy if follows.any() else ()):
                    here = own.apart(1 + place)
                    rows = np.flatnonzero(follows & (here.uniform() < operation.probability))
                    if len(rows):
                        before = batch[rows]
                        after = operation(before, here.at(rows).apart(0))
                        if np.shape(after) != before.shape:
                            shapes = str(np.shape(after)), str(before.shape)
                            raise InvalidParameter(
                                "what an operator returned", got=shapes[0], expected=shapes[1]
                            )
                        batch[rows] = after
                        touched[rows] = True
        return touched

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data, for JSON.

        Raises
        ------
        UnsupportedValue
            When it has a function of your own, which has no name to be found by.
        """
        operations = [one for sub in self.subpolicies for one in sub]
        if own := next((one for one in operations if not isinstance(one.operator, str)), None):
            raise UnsupportedValue("a policy with a function of your own", got=str(own.operator))
        subpolicies = [
            [{k: v for k, v in asdict(one).items() if k != "kind"} for one in sub]
            for sub in self.subpolicies
        ]
        return {"subpolicies": subpolicies, "rounds": self.rounds, "seed": self.seed}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Policy:
        """Return the policy that `to_dict` described."""
        subpolicies = [[Operation(**one) for one in sub] for sub in data["subpolicies"]]
        return cls(subpolicies, data.get("rounds", 1), data.get("seed", 0))


def rand_augment(
    rounds: int = 2,
    magnitude: float = 0.5,
    operators: Iterable[str] = RAND_AUGMENT,
    *,
    seed: int = 0,
) -> Policy:
    """Return RandAugment's policy: several operators drawn at random, all of one magnitude.

    Source: Cubuk, Zoph, Shlens, Le, *RandAugment: practical automated data augmentation with a
    reduced search space*, 2019.
    """
    return Policy([[Operation(name, 1.0, magnitude)] for name in operators], rounds, seed)


def _texts(X: Any) -> list[str]:
    texts = list(X)
    if wrong := next((one for one in texts if not isinstance(one, str)), None):
        raise WrongType("a policy on text", got=type(wrong).__name__, expected="texts")
    return texts


def _batch(X: Any, kind: Kind) -> npt.NDArray[Any]:
    """Return the data with its axis of channels."""
    batch = np.asarray(X)
    axes, shape = (3, "(n, height, width") if kind == "images" else (2, "(n, steps")
    if batch.ndim not in (axes, axes + 1):
        raise InvalidParameter(
            f"the shape of {kind}", got=str(batch.shape), expected=f"{shape}) or {shape}, channels)"
        )
    real = np.issubdtype(batch.dtype, np.floating)
    if not real and not (kind == "images" and batch.dtype == np.uint8):
        expected = "uint8, or floats in [0, 1]" if kind == "images" else "floats"
        raise WrongType(f"the dtype of {kind}", got=str(batch.dtype), expected=expected)
    if kind == "images" and real and batch.size and not 0.0 <= batch.min() <= batch.max() <= 1.0:
        raise InvalidParameter(
            "the tones of images",
            got=f"{batch.min():.4g} to {batch.max():.4g}",
            expected="floats in [0, 1], or uint8",
        )
    return batch if batch.ndim == axes + 1 else batch[..., None]


def _working(batch: npt.NDArray[Any], kind: Kind) -> npt.NDArray[Any]:
    if kind == "series":
        return batch.astype(np.float64)
    scale = np.float32(255.0 if batch.dtype == np.uint8 else 1.0)
    return np.asarray(batch, np.float32) / scale
