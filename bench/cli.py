"""What the command line costs before it does anything: CPU time of `clew --help`."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator

from bench.figure import Figure

# Prints, as the last line, which of the heavy libraries the command loaded.
HELP = """
import atexit, json, sys
heavy = ("numpy", "pandas", "pyarrow", "sklearn", "duckdb", "torch")
atexit.register(lambda: print(json.dumps([name for name in heavy if name in sys.modules])))
from clew.cli import main
main(["--help"], prog_name="clew")
"""


def figures(quick: bool) -> Iterator[Figure]:
    loaded = json.loads(ask_help()[1].splitlines()[-1])
    samples = [ask_help()[0] for _ in range(3 if quick else 15)]
    median = statistics.median(samples) * 1000
    yield Figure("cli.help_ms", median, "ms", clew=median, agrees=not loaded)


def ask_help() -> tuple[float, str]:
    """Return the CPU seconds (user and system) that `clew --help` took, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", HELP], capture_output=True, text=True, check=True, timeout=60
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, done.stdout
