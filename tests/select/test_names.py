"""The names of `clew.select` are what they say, whichever of its modules was imported before."""

from __future__ import annotations

from pathlib import Path

import clew.select


def test_no_module_stands_where_a_name_stands() -> None:
    folder = Path(clew.select.__file__).parent
    modules = {path.stem for path in folder.iterdir()}
    assert not modules & set(clew.select.__all__)
