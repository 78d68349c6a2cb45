"""Projects made of real files, imported afresh as often as a test edits them."""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path

import pytest

from clew.lineage.code import CodeRecord, code_id, code_record


class Project:
    """A directory of modules; `edit` writes and imports them again, as a new process would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._round = 0

    def edit(self, **files: str) -> None:
        self._round += 1
        place = self.root / f"round{self._round}"
        previous = self.root / f"round{self._round - 1}"
        place.mkdir()
        texts = {p.stem: p.read_text() for p in previous.glob("*.py")} if self._round > 1 else {}
        texts.update({name: textwrap.dedent(text) for name, text in files.items()})
        for name in texts:
            sys.modules.pop(name, None)
        if str(previous) in sys.path:
            sys.path.remove(str(previous))
        sys.path.insert(0, str(place))
        for name, text in texts.items():
            (place / f"{name}.py").write_text(text)
        self.place, self.names = place, set(texts)
        importlib.invalidate_caches()

    def get(self, name: str = "flow.step") -> object:
        module, _, attribute = name.partition(".")
        found: object = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
        return found

    def id(self, name: str = "flow.step") -> bytes:
        return code_id(self.get(name))

    def record(self, name: str = "flow.step") -> CodeRecord:
        return code_record(self.get(name))

    def close(self) -> None:
        for name in getattr(self, "names", ()):
            sys.modules.pop(name, None)
        sys.path[:] = [entry for entry in sys.path if not entry.startswith(str(self.root))]


@pytest.fixture
def project(tmp_path: Path):
    made = Project(tmp_path)
    yield made
    made.close()
