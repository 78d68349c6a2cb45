"""The model registry: names, versions, aliases, and who promoted what and why.

Adds the facts of a promotion; a version points to the model's content and to the node that made
it. `clew.registry.ports` says what a store must do.
"""

from clew.registry.promote import (
    history,
    promote,
    register,
    remove,
    removed,
    restore,
    roll_back,
    versions,
)

__all__ = [
    "history",
    "promote",
    "register",
    "remove",
    "removed",
    "restore",
    "roll_back",
    "versions",
]
