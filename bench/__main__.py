"""List and run the benchmarks: `python -m bench [NAME] [--figure ID] [--quick] [--json]`.

Exits with 0 when every figure was measured and agrees with its peer, 1 when results disagree,
2 when the question is wrong, and 3 when a library or data that is needed is missing.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.asked import ASKED
from bench.figure import Figure
from bench.machine import machine

HERE = Path(__file__).parent
RESULTS = HERE / "results.jsonl"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
DISAGREES, WRONG_QUESTION, MISSING = 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    asked = parse(arguments)
    if asked.name is None:
        listing(as_json=asked.json)
        return 0
    known = benchmarks()
    if asked.name not in known:
        return complain(f"no benchmark {asked.name!r}; there are: {', '.join(known)}")
    if asked.figure and asked.figure.split(".")[0] != asked.name:
        return complain(no_figure(asked))
    return run(asked)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="?", help="benchmark; without it, list all")
    parser.add_argument("--figure", metavar="ID", help="only this figure (NAME.something)")
    parser.add_argument("--quick", action="store_true", help="a smaller case, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object a line per figure")
    parser.add_argument("--save", action="store_true", help=f"append to bench/{RESULTS.name}")
    return parser.parse_args(arguments)


def run(asked: argparse.Namespace) -> int:
    """Measure, show and perhaps keep the figures of one benchmark."""
    status, lines = 0, []
    try:
        for figure in measure(asked.name, asked.figure, quick=asked.quick):
            line = {**dataclasses.asdict(figure), "machine": machine()}
            lines.append(line)
            if asked.json:
                print(json.dumps(line, ensure_ascii=False), flush=True)
            if not figure.agrees:
                complain(f"{figure.figure}: results disagree")
                status = DISAGREES
    except ImportError as error:
        complain(f"{asked.name} needs a library that is not installed: {error}")
        complain("hint: python3 dev.py bench installs the peers, or: pip install -e '.[bench]'")
        status = MISSING
    except FileNotFoundError as error:
        complain(f"{asked.name} needs data that is not here: {error}")
        status = MISSING
    if asked.figure and status == 0 and not lines:
        return complain(no_figure(asked))
    if not asked.json:
        draw(lines)
    if asked.save and not asked.quick and status == 0:
        with RESULTS.open("a", encoding="utf-8") as results:
            results.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return status


def measure(name: str, only: str | None, *, quick: bool) -> Iterator[Figure]:
    """Yield the figures of a benchmark, or the one that is asked for."""
    # One thread is compared with one thread; libraries read this when they load.
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    for part in benchmarks()[name]:
        for figure in _figures(importlib.import_module(f"bench.{part}"), only, quick=quick):
            if only is None or figure.figure == only:
                row = ASKED.get(figure.figure)
                bound = figure.asked or (row.bound if row else None)
                yield dataclasses.replace(figure, asked=bound)
            if figure.figure == only:
                return


def _figures(module: Any, only: str | None, *, quick: bool) -> Iterator[Figure]:
    """Yield a module's figures; of what it names in `FIGURES`, no more than is asked for."""
    named = getattr(module, "FIGURES", None)
    if not isinstance(named, Mapping):
        if named is None or only is None or only in named:
            yield from module.figures(quick)
        return
    for name, measured in named.items():
        if only in (None, name):
            yield measured(quick)


def benchmarks() -> dict[str, list[str]]:
    """Return all benchmarks by name, each with its modules: NAME.py, and parts NAME_PART.py."""
    found: dict[str, list[str]] = {}
    for path in sorted(HERE.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "\ndef figures(" in source or "\nFIGURES" in source:
            found.setdefault(path.stem.partition("_")[0], []).append(path.stem)
    return found


def figure_ids(name: str) -> list[str]:
    """Return the ids of a benchmark's figures."""
    return [figure for figure in ASKED if figure.split(".")[0] == name]


def no_figure(asked: argparse.Namespace) -> str:
    """Return the message about a figure that a benchmark does not have."""
    there = ", ".join(figure_ids(asked.name))
    return f"benchmark {asked.name} has no figure {asked.figure!r}; there are: {there}"


def listing(*, as_json: bool) -> None:
    """Show every benchmark with its figures and what is asked of them."""
    known = benchmarks()
    rows = [(f, row) for f, row in ASKED.items() if f.split(".")[0] in known]
    if as_json:
        for figure, row in rows:
            print(json.dumps({"figure": figure, "what": row.what, "asked": row.bound}))
        return
    table(["figure", "asked", "what"], [[f, row.bound, row.what] for f, row in rows])
    print("\npython -m bench NAME runs one of: " + ", ".join(known))


def draw(lines: list[dict[str, object]]) -> None:
    """Show measured figures as a table."""
    names = ["figure", "value", "unit", "asked", "clew", "peer", "peer_name", "agrees"]
    table(names, [["" if line[n] is None else short(line[n]) for n in names] for line in lines])


def table(head: list[str], rows: list[list[str]]) -> None:
    """Print a table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(*head, box=box.SIMPLE_HEAD)
    for row in rows:
        drawn.add_row(*row)
    Console().print(drawn, markup=False)


def short(value: object) -> str:
    """Return a number with four digits that count, and anything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def complain(message: str) -> int:
    """Print a message to the error stream; return the status for a wrong question."""
    print(f"bench: {message}", file=sys.stderr)
    return WRONG_QUESTION


if __name__ == "__main__":
    sys.exit(main())
