"""``clew compare``: two models row by row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, print_json, table

if TYPE_CHECKING:
    from clew.app.debugging.compare import Compared


@click.command("compare")
@click.argument("old")
@click.argument("new")
@click.option(
    "--rows",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with labelled rows.  [default: out of NEW's lineage]",
)
@click.option("--target", metavar="COLUMN", help="Its column of labels.")
@click.option("--id", metavar="COLUMN", help="Names rows; else their position does.")
@click.option("--without", multiple=True, metavar="COLUMN", help="It is no feature.")
@click.option("--numbers/--classes", default=None, help="What answers are.  [default: as it looks]")
@click.option("--count", default=5, show_default=True, type=click.IntRange(1), help="Of groups.")
@click.option("--flips", default=10, show_default=True, type=click.IntRange(0), help="Rows shown.")
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
def command(
    old: str, new: str, rows: Path | None, flips: int, as_json: bool, **options: Any
) -> None:
    """Say which rows models OLD and NEW (adult/3, column:NAME) answer otherwise, and why.

    Groups of rows that gained or lost are searched on one half of the rows and judged on the
    other.
    """
    from clew.app.debugging.compare import compared
    from clew.app.store import open_store

    found = compared(open_store(), old, new, rows, **options)
    print_json(found) if as_json else _say(found, flips)


def _say(found: Compared, flips: int) -> None:
    one = found.comparison
    click.echo(
        f"{one.rows} rows of {found.part}: {one.won} won, {one.lost} lost, "
        f"{one.changed} wrong otherwise, {one.same} alike"
    )
    click.echo(f"gain {one.gain:.4g} ({one.low:.4g} to {one.high:.4g}), p {one.p_value:.2g}")
    changes = [("gained", change) for change in one.gained]
    changes += [("lost", change) for change in one.slipped]
    if changes:
        listed = [
            (kind, str(c), c.rows, c.won, c.lost, f"{c.gain:.4g} ({c.low:.4g} to {c.high:.4g})")
            for kind, c in changes
        ]
        table(["group", "of rows", "rows", "won", "lost", "gain"], listed)
    if flips and one.flips:
        shown = [
            (flip.kind, flip.row, flip.truth, flip.old, flip.new) for flip in one.flips[:flips]
        ]
        table(["flip", "row", "truth", "old", "new"], shown)
    for parted in found.parted:
        click.echo(f"{parted.operation}: {'; '.join(parted.why)}")
    click.echo(f"node {found.node[:12]}", err=True)
