"""Values that are probably wrong, and what they should be. Facts added: repairs.

- `find`: the repairs of a table, each with its confidence and its reason.
- `apply` and `revert`: repairs put into a table, and taken out again.
- `read` and `write`: repairs as a file that is reviewed.
"""

from clew.data.repair.change import Repair, apply, read, revert, write
from clew.data.repair.constraint import Dependency, dependencies
from clew.data.repair.find import find

__all__ = [
    "Dependency",
    "Repair",
    "apply",
    "dependencies",
    "find",
    "read",
    "revert",
    "write",
]
