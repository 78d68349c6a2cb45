"""``clew slices``: where a model is worst."""

from __future__ import annotations

from pathlib import Path

import click

from clew.cli.output import json_option, print_json, table


@click.command("slices")
@click.argument("model")
@click.option(
    "--rows",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with labelled rows.",
)
@click.option("--label", required=True, metavar="COLUMN", help="Its column of labels.")
@click.option("--without", multiple=True, metavar="COLUMN", help="No slice is made of it.")
@click.option("--count", default=10, show_default=True, type=click.IntRange(1), help="How many.")
@click.option(
    "--predicates", default=3, show_default=True, type=click.IntRange(1), help="Values, at most."
)
@click.option(
    "--alpha",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Weight of the mean error against the size.",
)
@click.option("--least", default=0.01, show_default=True, help="Rows at least; below 1, a share.")
@click.option("--squared", is_flag=True, help="Errors of numbers: their squared difference.")
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
def command(
    model: str,
    rows: Path,
    label: str,
    without: tuple[str, ...],
    count: int,
    predicates: int,
    alpha: float,
    least: float,
    squared: bool,
    trust: bool,
    as_json: bool,
) -> None:
    """List the groups of rows on which MODEL (adult/3, column:NAME) is worst."""
    from clew.app.findings import slices
    from clew.app.store import open_store

    found = slices(
        open_store(),
        model,
        rows,
        label=label,
        without=without,
        squared=squared,
        trust=trust,
        count=count,
        predicates=predicates,
        alpha=alpha,
        least_rows=least,
    )
    if as_json:
        print_json(found)
        return
    listed = [(str(one), one.rows, f"{one.mean:.4g}", f"{one.score:.4f}") for one in found.slices]
    table(["slice", "rows", "mean error", "score"], listed)
    click.echo(f"all {found.rows} rows: {found.mean:.4g}; node {found.node[:12]}", err=True)
