"""Matrices as sums of parts, each annotated with the sources that it came from.

Yan, Z., Tannen, V. and Ives, Z. (2016), *Fine-grained Provenance for Linear Algebra Operators*,
TaPP: parts add and multiply as the matrices do, a product has the annotations of both factors, and
deleting a source is leaving out the parts that name it. An inverse is no such sum: it is taken of
what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter

Sources = frozenset[str]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """A matrix as a sum of parts.

    Parameters
    ----------
    parts : mapping of frozenset of str to array
        What came of these sources together; under the empty set what came of none.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.debug.deletion import Annotated
    >>> a = Annotated.of("a", np.eye(2)) + Annotated.of("b", np.ones((2, 2)))
    >>> (a @ a).without(["b"]).total()
    array([[1., 0.],
           [0., 1.]])
    """

    parts: Mapping[Sources, Matrix]

    def __post_init__(self) -> None:
        shapes = {part.shape for part in self.parts.values()}
        if len(shapes) != 1:
            raise InvalidParameter("parts of a sum have one shape", got=str(sorted(shapes)))

    @classmethod
    def of(cls, source: str | Iterable[str], matrix: Any) -> Annotated:
        """Return a matrix that came of one source, or of several together."""
        names = frozenset([source] if isinstance(source, str) else source)
        return cls({names: np.asarray(matrix, dtype=float)})

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the matrix."""
        return next(iter(self.parts.values())).shape

    @property
    def sources(self) -> Sources:
        """Everything that the matrix came from."""
        return frozenset().union(*self.parts)

    @property
    def T(self) -> Annotated:
        """The transposed matrix."""
        return Annotated({names: part.T for names, part in self.parts.items()})

    def __add__(self, other: Annotated) -> Annotated:
        """Return the sum."""
        return self._gathered([*self.parts.items(), *other.parts.items()])

    def __mul__(self, factor: float) -> Annotated:
        """Return the matrix times a number."""
        return Annotated({names: part * factor for names, part in self.parts.items()})

    def __matmul__(self, other: Annotated) -> Annotated:
        """Return the product: each part with each, annotated with the sources of both."""
        return self._gathered(
            (one | two, left @ right)
            for one, left in self.parts.items()
            for two, right in other.parts.items()
        )

    @staticmethod
    def _gathered(parts: Iterable[tuple[Sources, Matrix]]) -> Annotated:
        found: dict[Sources, Matrix] = {}
        for names, part in parts:
            found[names] = found[names] + part if names in found else part
        return Annotated(found)

    def total(self) -> Matrix:
        """Return the matrix itself."""
        found: Matrix = np.sum(list(self.parts.values()), axis=0, dtype=np.float64)
        return found

    def without(self, sources: Collection[str]) -> Annotated:
        """Return what the matrix would be if these sources were not there."""
        gone = set(sources)
        left = {names: part for names, part in self.parts.items() if not gone & names}
        return Annotated(left or {frozenset(): np.zeros(self.shape)})
