"""Every example of every page runs, and prints what the page says that it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

# Run by `page.py`: python, console, output. Shown only: what a reader types once to set up (sh),
# and what no reader runs. Anything else would be an example that nobody checks.
RUN = {"python", "console", "output"}
SHOWN = {"sh", "text", "toml", "yaml", "json", "sql"}


def blocks(page: Path) -> list[dict[str, object]]:
    fences = [t for t in MarkdownIt().parse(page.read_text()) if t.type == "fence"]
    return [
        {
            "page": str(page.relative_to(ROOT)),
            "line": token.map[0] + 2,
            "language": token.info.strip(),
            "source": token.content,
        }
        for token in fences
        if token.map and not token.info.strip().startswith("{")
    ]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_is_run_or_openly_not(page: Path) -> None:
    unknown = {f"{b['page']}:{b['line']}" for b in blocks(page) if b["language"] not in RUN | SHOWN}
    assert not unknown


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [p for p in PAGES if {b["language"] for b in blocks(p)} & RUN], ids=named
)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "CLEW_STORE"}
    environment["PATH"] = str(Path(sys.executable).parent) + os.pathsep + environment["PATH"]
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("page.py"))],
        input=json.dumps(blocks(page)),
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
