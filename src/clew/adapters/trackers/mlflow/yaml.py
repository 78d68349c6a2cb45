"""YAML files with fields, read without making any object that is not plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clew.adapters.trackers import tree
from clew.errors import StoreError


class Fields(dict[str, Any]):
    """The fields of a file; one that is missing is damage."""

    def __init__(self, fields: dict[str, Any], path: Path) -> None:
        super().__init__(fields)
        self._path = path

    def __missing__(self, key: str) -> Any:
        raise StoreError(f"{self._path} is damaged", got="no " + key)


def read_yaml(path: Path) -> Fields:
    """Return the fields of a file.

    Raises
    ------
    StoreError
        When it is no YAML, or does not consist of fields.
    """
    import yaml

    try:
        found = yaml.load(tree.text(path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StoreError(f"{path} is damaged", got=str(error)) from error
    if not isinstance(found, dict):
        raise StoreError(f"{path} is damaged", got=type(found).__name__, expected="fields")
    return Fields(found, path)
