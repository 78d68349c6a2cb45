"""What a model would be without some of its data: deleted by provenance, without a refit.

- `Annotated`: a matrix as a sum of parts, each of which says what it came from.
- `LinearModel`: a linear model over such sums, from which sources and rows can be deleted.
"""

from clew.debug.deletion.annotated import Annotated
from clew.debug.deletion.linear import Influence, LinearModel

__all__ = ["Annotated", "Influence", "LinearModel"]
