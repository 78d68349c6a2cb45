"""``clew data outliers``: rows that are unlike the others."""

from __future__ import annotations

from pathlib import Path

import click

from clew.cli.output import json_option, print_json, table


@click.command("outliers")
@click.argument("file", metavar="TABLE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--most", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@click.option(
    "--share",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of rows that each family of methods points at.",
)
@json_option
def outliers(file: Path, most: int, share: float, as_json: bool) -> None:
    """List rows of TABLE that are unlike the others, by four families of methods."""
    from clew.app.outliers import outliers
    from clew.app.store import open_store

    found = outliers(open_store(), file, most=most, share=share)
    if as_json:
        print_json(found)
        return
    rows = [
        (str(one.row), f"{one.score:.3f}", ", ".join(one.families), ", ".join(one.columns))
        for one in found.outliers
    ]
    table(("row", "score", "families", "columns"), rows)
    click.echo(f"node {found.node[:12]}", err=True)
