"""Progress of a flow: a line for each step, coloured on a terminal, with counts so far."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from clew.cli.output import seconds

if TYPE_CHECKING:
    from clew.lineage.records import Use

_STYLES = {"computed": "yellow", "reused": "green", "pruned": "dim", "failed": "bold red"}


def progress() -> Callable[[Use], None]:
    """Return a listener that prints each step to the error stream as it is dealt with."""
    counts: Counter[str] = Counter()
    saved_s = 0.0
    drawn = sys.stderr.isatty()

    def listener(use: Use) -> None:
        nonlocal saved_s
        counts[use.decision] += 1
        saved_s += use.saved_s
        took = seconds(use.wall_s) if use.decision == "computed" else ""
        line = f"{use.decision:<9} {use.label:<32} {took:>10}"
        if not drawn:
            click.echo(line.rstrip(), err=True)
            return
        so_far = ", ".join(f"{count} {name}" for name, count in counts.items())
        _draw(line, _STYLES[use.decision], f"{so_far}; saved {seconds(saved_s)}")

    return listener


def _draw(line: str, style: str, so_far: str) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    console.print(Text(f"{line}  ", style).append(so_far, "dim"), soft_wrap=True)
