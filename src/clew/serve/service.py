"""Services: Python around models, served, batched and kept like a model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from clew.errors import ClewError, InvalidParameter, WrongType
from clew.serve.compile import Attempt, Compiled
from clew.serve.endpoint import Endpoint
from clew.serve.outputs import Answer
from clew.serve.signature import Column, Columns, Kind, Signature

_EXAMPLES: Mapping[str, Any] = {"number": 0.0, "integer": 0, "boolean": False, "text": ""}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "number": (float, int),
    "integer": (int,),
    "boolean": (bool,),
    "text": (str,),
}


class ServiceFailed(ClewError, RuntimeError):
    """A service did not answer as it declares; its own defect, not that of a request."""


class Service:
    """What answers rows with code of its own, and with models of the store. To be subclassed.

    `clew serve FILE.py:CLASS` serves it: requests that arrive together are one call of `predict`,
    answers are kept with what each model said, and lead back to the models and the code.

    Parameters
    ----------
    models : mapping of str to Endpoint
        The models by the names in `uses`.

    Attributes
    ----------
    uses : mapping of str to str
        Models by what this class calls them: ``{"income": "adult@champion"}``. Where an alias
        moves, the service is made anew with the new version.
    reads : mapping of str to {"number", "integer", "boolean", "text"}
        The columns of a request's rows. Without it, those of the first model.
    gives : {"number", "integer", "boolean", "text"}
        What `predict` returns for each row.

    Examples
    --------
    >>> from clew.serve import Service
    >>> class Fahrenheit(Service):
    ...     reads = {"celsius": "number"}
    ...
    ...     def predict(self, rows):
    ...         return [row["celsius"] * 1.8 + 32 for row in rows]
    >>> Fahrenheit({}).predict([{"celsius": 100.0}])
    [212.0]
    """

    uses: ClassVar[Mapping[str, str]] = {}
    reads: ClassVar[Mapping[str, Kind]] = {}
    gives: ClassVar[Kind] = "number"

    def __init__(self, models: Mapping[str, Endpoint]) -> None:
        self.models = models

    def predict(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        """Return the answer to each row, in order; a row's values may be None.

        Raises
        ------
        InvalidParameter, WrongType
            Where a row cannot be answered; its client is told, and no other.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Asked:
    """That a service asked a model.

    Parameters
    ----------
    arm : str
        ``adult/3``.
    seconds : float
        How long it took.
    """

    arm: str
    predictions: list[Any]
    seconds: float


class Used(Endpoint):
    """A model that a service asks; what it was asked is noted. Used by one thread at a time."""

    def __init__(self, arm: str, compiled: Compiled, noted: list[Asked]) -> None:
        super().__init__(compiled)
        self.arm = arm
        self._noted = noted

    def answer(self, rows: Any) -> Answer:
        """Return predictions and probabilities at once."""
        began_s = time.perf_counter()
        found = super().answer(rows)
        seconds = time.perf_counter() - began_s
        self._noted.append(Asked(self.arm, found.predictions.tolist(), seconds))
        return found


@dataclass(frozen=True, slots=True)
class ServiceForm:
    """A service as a form that scores."""

    service: Service
    gives: Kind

    def score(self, columns: Columns) -> Answer:
        """Return the answer to rows with named columns.

        Raises
        ------
        ServiceFailed
            When the service does not answer every row with a value of the kind that it declares.
        """
        names = list(columns)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        found = self.service.predict(rows)
        answers = found.tolist() if isinstance(found, np.ndarray) else list(found)
        if len(answers) != len(rows):
            raise self._refused(f"{len(answers)} answers", f"{len(rows)}, one for each row")
        return Answer(values=_array([self._checked(one) for one in answers]))

    def score_matrix(self, matrix: Any) -> Answer:
        """Refuse: a service reads named columns."""
        raise InvalidParameter("a service reads named columns", got="a matrix")

    def _checked(self, answer: Any) -> Any:
        plain = answer.item() if isinstance(answer, np.generic) else answer
        if not isinstance(plain, _TYPES[self.gives]) or (
            isinstance(plain, bool) and self.gives != "boolean"
        ):
            raise self._refused(f"{type(plain).__name__} {plain!r}"[:80], self.gives)
        return float(plain) if type(plain) is int and self.gives == "number" else plain

    def _refused(self, got: str, expected: str) -> ServiceFailed:
        name = type(self.service).__name__
        return ServiceFailed(
            f"service {name} does not answer as it declares", got=got, expected=expected
        )


def compiled_service(
    kind: type[Service], models: Mapping[str, tuple[str, Compiled]], noted: list[Asked]
) -> Compiled:
    """Return a service that is ready to answer.

    Parameters
    ----------
    models : mapping of str to (str, Compiled)
        By the names in its `uses`: what each is (``adult/3``), and what scores.
    noted : list of Asked
        Where is noted which models it asks.

    Raises
    ------
    InvalidParameter, WrongType
        When what the class declares makes no sense.
    """
    used = {name: Used(arm, compiled, noted) for name, (arm, compiled) in models.items()}
    signature = _signature(kind, [compiled for _, compiled in models.values()])
    if kind.gives not in _TYPES:
        raise InvalidParameter("gives", got=repr(kind.gives), expected=", ".join(_TYPES))
    told = ", ".join(f"{arm} ({compiled.form})" for arm, compiled in models.values())
    attempt = Attempt("service", None, f"asks {told}" if told else "asks no model")
    return Compiled(
        signature=signature,
        form="service",
        attempts=(attempt,),
        graph=b"",
        classes=(),
        node=None,
        example=_EXAMPLES[kind.gives],
        ready=ServiceForm(kind(used), kind.gives),
    )


def _signature(kind: type[Service], models: Sequence[Compiled]) -> Signature:
    if kind.reads:
        for name, what in kind.reads.items():
            if what not in _TYPES:
                raise WrongType(f"reads[{name!r}]", got=repr(what), expected=", ".join(_TYPES))
        columns = tuple(Column(name, what) for name, what in kind.reads.items())
        return Signature(columns, len(columns))
    if not models or not models[0].signature.is_frame:
        raise InvalidParameter(
            f"service {kind.__name__} does not say which columns it reads",
            hint='reads = {"age": "integer", "job": "text"}',
        )
    return models[0].signature


def _array(answers: list[Any]) -> Any:
    made = np.empty(len(answers), dtype=object)
    made[:] = answers
    return made
