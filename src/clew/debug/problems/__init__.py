"""What is wrong with a split, or with a model's scores on it: leakage, shift, over-fitting.

- `find_problems`: all checks at once, with one probability of a false alarm.
- `told_apart`: whether a classifier tells two sides apart, and by which columns.
- `label_errors`: labels that are probably wrong, by a model's probabilities.
"""

from clew.debug.problems.domain import Domains, told_apart
from clew.debug.problems.find import Problem, find_problems
from clew.debug.problems.labels import LabelError, LabelErrors, label_errors

__all__ = [
    "Domains",
    "LabelError",
    "LabelErrors",
    "Problem",
    "find_problems",
    "label_errors",
    "told_apart",
]
