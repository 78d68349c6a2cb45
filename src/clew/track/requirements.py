"""What loading a model needs: the distributions with their versions, and what those need."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z0-9][\w.\-]*")


def locked(names: Iterable[str]) -> list[str]:
    """Return ``name==version`` of distributions and of all that they need, as installed here.

    What is not installed under that name is left out.
    """
    found: dict[str, str] = {}
    todo = list(names)
    while todo:
        name = todo.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except (importlib.metadata.PackageNotFoundError, ValueError):
            continue
        found[key] = distribution.version
        for requirement in distribution.requires or ():
            needed, _, marker = requirement.partition(";")
            match = _NAME.match(needed)
            if match and "extra" not in marker:
                todo.append(match[0])
    return [f"{name}=={version}" for name, version in sorted(found.items())]
