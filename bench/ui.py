"""The web UI in a real browser: the table of 10,000 runs, a graph of 3,000 nodes, its size.

Times are those of the page itself, from the navigation to the moment at which what was asked for
is drawn, with nothing cached: the median of five loads.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.figure import Figure

ROOT = Path(__file__).parents[1]
COMPILED = ROOT / "src/clew/api/ui/compiled"
LOADS = 5
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]

FILL = """
import random, sys
import clew
from clew.app.tracking import open_tracking
from clew.entities import Metric

runs, steps = map(int, sys.argv[1:])
draw = random.Random(7)
tracking = open_tracking()
sweep = tracking.experiments.create("sweep")
for start in range(0, runs, 500):
    with tracking.transaction():
        for number in range(start, min(start + 500, runs)):
            run = tracking.runs.create(sweep.id, name=f"run-{number}", user="ada")
            keys = ("auc", "loss", "f1", "precision", "recall")
            metrics = [Metric(key, draw.random()) for key in keys]
            params = {key: str(draw.randrange(9)) for key in ("depth", "rounds", "columns", "seed")}
            tracking.logging.log(run.id, metrics=metrics, params={**params, "model": "ridge"})
            tracking.runs.update(run.id, status="finished")

@clew.step
def part(number: int, before: int) -> int:
    return number + before

@clew.step
def total(parts: list[int]) -> int:
    return sum(parts)

@clew.flow
def wide():
    layer = [0] * 60
    for number in range(steps // 60):
        layer = [part(number * 60 + place, layer[(place * 7) % 60]) for place in range(60)]
    return total(layer)

print(sweep.id, wide.run().id)
"""


def figures(quick: bool) -> Iterator[Figure]:
    """Yield the size of the UI, and how soon two large pages are there."""
    subprocess.run([sys.executable, str(ROOT / "frontend/build.py")], check=True)
    scripts = COMPILED.rglob("*.js")
    size = sum(len(gzip.compress(path.read_bytes(), 9)) for path in scripts)
    yield Figure("ui.js_kb", size / 1000, "kB")
    runs, steps = (500, 600) if quick else (10_000, 3_000)
    with served(runs, steps) as (address, experiment, run), browser() as chromium:
        ready = f"() => document.querySelector('main')?.innerText.includes('{shown(runs)} runs')"
        ready += " && document.querySelectorAll('tbody th a').length > 10"
        seconds = [load(chromium, f"{address}/e/{experiment}", ready) for _ in range(LOADS)]
        yield Figure("ui.runs10k_s", statistics.median(seconds), "s")
        graph = f"{address}/lineage?focus={run}&up=100&values=none"
        drawn = "() => document.querySelector('.graph[data-drawn] canvas') !== null"
        seconds = [load(chromium, graph, drawn) for _ in range(LOADS)]
        yield Figure("ui.lineage3k_s", statistics.median(seconds), "s")


def shown(number: int) -> str:
    """Return a number as the UI writes it."""
    return f"{number:,}".replace(",", "\u2009") if number >= 10_000 else str(number)


def load(chromium: Any, address: str, ready: str) -> float:
    """Open a page with nothing cached; return the seconds until `ready` holds."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_function(ready, polling="raf")
    seconds = page.evaluate("performance.now()") / 1000
    context.close()
    return float(seconds)


@contextmanager
def served(runs: int, steps: int) -> Iterator[tuple[str, str, str]]:
    """Serve a store with many runs and a wide flow; give its address, experiment and run."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HOME": folder, "CLEW_STORE": f"{folder}/store"}
        Path(folder, "fill.py").write_text(FILL)
        fill = [sys.executable, "fill.py", str(runs), str(steps)]
        made = subprocess.check_output(fill, cwd=folder, env=environment, text=True)
        experiment, run = made.split()[-2:]
        command = [sys.executable, "-m", "clew", "server", "--port", "0"]
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            assert found, "the server did not start"
            yield found[0], experiment, run
        finally:
            server.terminate()
            server.wait()


@contextmanager
def browser() -> Iterator[Any]:
    """Give a headless Chromium."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "Chromium is not installed (on Debian: apt install chromium)"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()
