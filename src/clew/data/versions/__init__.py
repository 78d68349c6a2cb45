"""Versions of tables as deltas by stable row ids. Facts added: versions.

- `Rows`, `Delta`, `Patch`: what a version has, and what it changed.
- `History`: the rows of any version, and the delta between any two.
- `difference`, `at_least`, `without`, `merge`: questions that deltas answer.
"""

from clew.data.versions.compare import between, check_unique, codes_of, key_codes, matched
from clew.data.versions.delta import Delta, composed, nothing
from clew.data.versions.difference import Difference, difference
from clew.data.versions.history import History, Version, numbers
from clew.data.versions.merge import Conflict, Side, merge
from clew.data.versions.rows import Ids, Patch, Rows
from clew.data.versions.sets import Plan, Selected, at_least, without

__all__ = [
    "Conflict",
    "Delta",
    "Difference",
    "History",
    "Ids",
    "Patch",
    "Plan",
    "Rows",
    "Selected",
    "Side",
    "Version",
    "at_least",
    "between",
    "check_unique",
    "codes_of",
    "composed",
    "difference",
    "key_codes",
    "matched",
    "merge",
    "nothing",
    "numbers",
    "without",
]
