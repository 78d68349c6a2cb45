"""Do the leaves of nested containers share objects with one another, or with the containers?

Where they do not, each leaf can be stored on its own: private copies, put together again, make a
value with the same content id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from clew.lineage.fingerprint.walk import ATOMS, Context, encode

_CONTAINERS = (tuple, list, dict, OrderedDict, set, frozenset)


def leaves_apart(container: object) -> bool:
    """Tell whether no leaf holds an object that is also met outside of that leaf.

    A leaf is what is no builtin container; it may itself lie in several places.

    Raises
    ------
    Unhashable
        When a leaf has no content id.

    Examples
    --------
    >>> from types import SimpleNamespace as Model
    >>> rows = [1, 2]
    >>> leaves_apart([rows, Model(rows=[1, 2])]), leaves_apart([rows, Model(rows=rows)])
    (True, False)
    """
    containers: dict[int, object] = {}
    leaves = {id(leaf): leaf for leaf in _leaves(container, containers)}
    taken = set(containers)
    contexts = []  # They stay alive together, so that no address is given out twice.
    for leaf in leaves.values():
        inside = Context()
        contexts.append(inside)
        encode(leaf, inside)
        if not taken.isdisjoint(inside.seen):
            return False
        taken.update(inside.seen)
    return True


def _leaves(container: object, visited: dict[int, object]) -> Iterator[object]:
    pending = [container]
    while pending:
        value = pending.pop()
        if type(value) not in _CONTAINERS:
            if type(value) not in ATOMS:
                yield value
        elif id(value) not in visited:
            visited[id(value)] = value
            pending.extend(_members(value))


def _members(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    assert isinstance(value, (tuple, list, set, frozenset))
    return value
