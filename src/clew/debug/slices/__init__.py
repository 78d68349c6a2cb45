"""Where a model is worst, and what outcomes depend on: slices and explanation tables.

- `find_slices`: the groups of rows with the highest score of SliceLine.
- `explanation_table`: the rules from which the most is learned about an outcome.
- `index`: rows by their values, as bits; made once for several searches.
"""

from clew.debug.slices.explain import Explanation, Rule, explanation_table
from clew.debug.slices.find import Slice, find_slices
from clew.debug.slices.index import Index, Value, coded, index

__all__ = [
    "Explanation",
    "Index",
    "Rule",
    "Slice",
    "Value",
    "coded",
    "explanation_table",
    "find_slices",
    "index",
]
