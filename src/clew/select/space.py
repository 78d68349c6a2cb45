"""Spaces: what a search may be given, and the batches of configurations that come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from sklearn.model_selection import ParameterGrid, ParameterSampler

from clew.errors import WrongType

Configuration = Mapping[str, Any]


@runtime_checkable
class Space(Protocol):
    """A space that proposes configurations itself, in the light of what is known so far."""

    def propose(
        self, results: Mapping[str, Any] | None, random_state: Any
    ) -> Sequence[Configuration]:
        """Return the next configurations, or an empty sequence when the search is over.

        Parameters
        ----------
        results : mapping or None
            ``cv_results_`` of everything evaluated so far; None at the first call.
        random_state : int, RandomState or None
            The search's own.
        """


def batches(
    space: Any, n_iter: int | None, random_state: Any, results: Sequence[Mapping[str, Any]]
) -> Iterator[list[Configuration]]:
    """Yield batches of configurations; `results` gets the results so far between two batches.

    Raises
    ------
    WrongType
        When `space` is neither a grid, nor distributions, nor an object with `propose`.
    """
    if isinstance(space, Space):
        while batch := list(space.propose(results[-1] if results else None, random_state)):
            yield batch
        return
    if not isinstance(space, (Mapping, list, tuple)):
        raise WrongType(
            "This is no search space.",
            got=type(space).__name__,
            expected="a dict, a list of dicts, or an object with a method `propose`",
        )
    spaces = [space] if isinstance(space, Mapping) else list(space)
    if n_iter is None and not any(_has_distribution(each) for each in spaces):
        yield list(ParameterGrid(spaces))
    else:
        yield list(ParameterSampler(spaces, n_iter or 10, random_state=random_state))


def _has_distribution(space: Any) -> bool:
    return isinstance(space, Mapping) and any(hasattr(v, "rvs") for v in space.values())
