"""What a user may say of a step besides its code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clew.errors import InvalidParameter


@dataclass(frozen=True, slots=True)
class StepOptions:
    """Options of ``@clew.step``.

    Parameters
    ----------
    reuse : bool or None, default None
        None: reuse what is provably the same. False: execute every time (for steps whose point is
        an effect). True: reuse also where the code was seen to read the clock, the network or
        another ambient source, on the user's word that the result does not depend on it.
    seed : int, optional
        Seeds the global generators (`random`, NumPy, torch) for the length of the step; part of
        the key.
    depends_on : sequence, default ()
        Objects that the step depends on and that its code does not show: functions, classes,
        modules, paths of files, values.
    outputs : int, optional
        Length of the tuple that the step returns, for ``a, b = step(x)`` inside a flow. Known
        without it from a ``tuple[A, B]`` annotation or from the ``return`` statements.
    retry : int, default 0
        How many times to try again after an exception.
    retry_wait_s : float, default 0.0
        Seconds to wait before each new try.
    timeout_s : float, optional
        Longest time for one try; beyond it the step fails with `StepTimeout`.
    resources : mapping of str to float
        What the step occupies while it runs (``{"cpu": 2}``), in units of which the engine has a
        declared amount.
    reuse_exceptions : tuple of exception types, default ()
        Exceptions that are results: raised again without running the step.
    """

    reuse: bool | None = None
    seed: int | None = None
    depends_on: tuple[object, ...] = ()
    outputs: int | None = None
    retry: int = 0
    retry_wait_s: float = 0.0
    timeout_s: float | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    reuse_exceptions: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        _require(self.reuse in (None, True, False), "reuse", self.reuse, "None, True or False")
        _require(
            self.seed is None or (isinstance(self.seed, int) and self.seed >= 0),
            "seed",
            self.seed,
            "an integer of at least 0, or None",
        )
        _require(
            isinstance(self.retry, int) and self.retry >= 0, "retry", self.retry, "a count ≥ 0"
        )
        _require(self.retry_wait_s >= 0, "retry_wait_s", self.retry_wait_s, "seconds ≥ 0")
        _require(
            self.timeout_s is None or self.timeout_s > 0,
            "timeout_s",
            self.timeout_s,
            "seconds > 0, or None",
        )
        _require(self.outputs is None or self.outputs >= 0, "outputs", self.outputs, "a count ≥ 0")
        if not isinstance(self.depends_on, tuple):
            given = self.depends_on
            listed = tuple(given) if isinstance(given, Sequence) else (given,)
            object.__setattr__(self, "depends_on", listed)


def _require(accepted: bool, option: str, got: object, expected: str) -> None:
    if not accepted:
        raise InvalidParameter(f"step option {option!r}", got=repr(got), expected=expected)
