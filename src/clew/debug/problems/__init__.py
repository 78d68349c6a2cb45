"""What is wrong with a split, or with a model's scores on it: leakage, shift, over-fitting.

- `find_problems`: all checks at once, with one probability of a false alarm.
"""

from clew.debug.problems.find import Problem, find_problems

__all__ = ["Problem", "find_problems"]
