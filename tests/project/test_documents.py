"""The documents say what is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import clew
import clew.errors
from clew.app import settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PLACES = ("src", "tests", "bench", "docs", ".ci")
TEXTS = sorted(
    path
    for place in [*(ROOT / name for name in PLACES), ROOT]
    for path in (place.glob("*") if place == ROOT else place.rglob("*"))
    if path.is_file()
    and path.suffix in {"", ".py", ".md", ".toml", ".txt", ".yaml", ".jsonl"}
    and path.name != ".git"  # A linked worktree's pointer, which git does not track.
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(page: Path) -> list[list[str]]:
    fences = [t for t in MarkdownIt().parse(page.read_text()) if t.type == "fence"]
    shell = [t.content for t in fences if t.info.strip() == "sh"]
    return [shlex.split(line, comments=True) for text in shell for line in text.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_that_pages_show_exist(page: Path) -> None:
    targets = subprocess.run(
        [sys.executable, "dev.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for command in commands(page):
        if command[:2] == ["python3", "dev.py"]:
            assert re.search(rf"^  {command[2]} ", targets, re.MULTILINE), command
        elif command and "/" in command[0]:
            assert (ROOT / command[0]).exists(), command


def test_readme_gives_the_two_commands() -> None:
    shown = [" ".join(command) for command in commands(ROOT / "README.md")]
    assert shown == ["python3 dev.py demo", "python3 dev.py test"]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_the_picture_shows_the_layers_that_are_there() -> None:
    picture = (ROOT / "ARCHITECTURE.md").read_text().split("```")[1]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    names = {
        name.strip(" ()") for line in contract["contracts"][0]["layers"] for name in line.split("|")
    }
    for name in names:
        place = ROOT / "src/clew" / name
        there = place.with_suffix(".py").exists() or len(list(place.glob("*.py"))) > 1
        there = there or any(place.glob("*/__init__.py"))
        shown = re.search(rf"(\()?\b{name}\b(\))?", picture)
        assert shown, name
        assert there == (shown[1] is None), name


def test_changelog_has_a_place_for_the_next_change() -> None:
    assert re.search(r"^## Unreleased$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs/decisions"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "index.md").read_text())
    assert listed == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    for name in records:
        text = (folder / name).read_text()
        assert text.startswith(f"# {name[:4]} ")
        assert "What would reverse it" in text, name


def test_every_page_is_reached_from_the_contents() -> None:
    contents = (ROOT / "docs/index.md").read_text()
    listed = {
        entry
        for block in re.findall(r"```\{toctree\}(.*?)```", contents, re.S)
        for entry in block.splitlines()
        if entry and not entry.startswith(":")
    }
    assert listed == {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"} | {
        "decisions/index"
    }


def test_every_error_is_documented() -> None:
    page = (ROOT / "docs/errors.md").read_text()
    errors = [e for e in vars(clew.errors).values() if isinstance(e, type)]
    assert "automodule:: clew.errors" in page
    assert all(error.__doc__ for error in errors)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    for section, names in settings._KNOWN.items():
        for name in names or ("NAME",):
            assert f"`{section}.{name}`" in page
    sources = [path.read_text() for path in (ROOT / "src").rglob("*.py")]
    variables = {name for text in sources for name in re.findall(r"\"(CLEW_[A-Z_]+)\"", text)}
    assert not [name for name in variables if f"`{name}`" not in page]


def test_the_settings_shown_are_accepted(tmp_path: Path) -> None:
    page = (ROOT / "docs/settings.md").read_text()
    example = re.search(r"```toml\n(.*?)```", page, re.S)
    assert example
    (tmp_path / "clew.toml").write_text(example[1])
    assert settings.load(tmp_path).workers == 4


def test_every_public_name_is_in_the_reference() -> None:
    page = (ROOT / "docs/python.md").read_text()
    assert not [name for name in clew.__all__ if not re.search(rf"\bclew\.{name}\b", page)]


def test_every_extra_is_documented() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    page = (ROOT / "docs/start.md").read_text()
    contributors = {"test", "docs", "fuzz", "dev", "bench", "browser", "node", "peers"}
    assert not [extra for extra in extras.keys() - contributors if f"`{extra}`" not in page]


def test_files_name_no_place_on_one_machine() -> None:
    # Assembled, so that this file does not find itself.
    root = "/" + r"(?:work|farm|root)/"
    pattern = re.compile(rf"(?<![\w.\-/]){root}")
    for path in TEXTS:
        found = pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
        assert not found, f"{path}: {found[0] if found else ''}"


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.\-]+==[\w.!]+", pin) for pin in pins)
    assert not [pin for pin in pins if pin.lower().startswith(("torch==", "nvidia", "clew=="))]
