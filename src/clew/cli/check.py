"""``clew check``: how a model's answers move with a column."""

from __future__ import annotations

from pathlib import Path

import click

from clew.cli.output import json_option, print_json, table

VIOLATED = 3


@click.command("check")
@click.argument("model")
@click.option(
    "--rows",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file.  [default: rows that the model was fitted on]",
)
@click.option("--rising", multiple=True, metavar="COLUMN", help="Answers never fall with it.")
@click.option("--falling", multiple=True, metavar="COLUMN", help="Answers never rise with it.")
@click.option(
    "--smooth",
    multiple=True,
    metavar="COLUMN=MOST[/STEP]",
    help="Answers move by MOST at most when it moves by STEP (1).",
)
@click.option("--positive", help="Of classes the one whose probability counts.")
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    model: str,
    rows: Path | None,
    rising: tuple[str, ...],
    falling: tuple[str, ...],
    smooth: tuple[str, ...],
    positive: str | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Check how answers of MODEL (adult/3) move with a column, all else equal.

    Rows that show where it does not hold are listed. Exit status 3 when there are any.
    """
    from clew.app.debugging.checks import behaviour
    from clew.app.store import open_store

    found = behaviour(
        open_store(),
        model,
        rows,
        directions=dict.fromkeys(rising, "rising") | dict.fromkeys(falling, "falling"),
        smooth=dict(map(_bound, smooth)),
        positive=positive,
        trust=trust,
    )
    if as_json:
        print_json(found)
    else:
        listed = [
            (
                one.column,
                one.asked,
                f"{one.violated} of {one.rows}",
                f"{one.share:.2%} ({one.low:.2%} to {one.high:.2%})",
                f"{one.worst:.4g}",
            )
            for one in found.found
        ]
        table(["column", "asked", "violated", "share", "worst"], listed)
        shown = [
            (
                one.column,
                e.row,
                f"{e.low:g} to {e.high:g}",
                f"{e.answer_low:.4g} to {e.answer_high:.4g}",
            )
            for one in found.found
            for e in one.examples
        ]
        if shown:
            table(["column", "row", "from", "answers"], shown)
        click.echo(f"node {found.node[:12]}", err=True)
    context.exit(0 if found.holds else VIOLATED)


def _bound(text: str) -> tuple[str, tuple[float, float]]:
    column, _, bound = text.rpartition("=")
    most, _, per = bound.partition("/")
    try:
        found = float(most), float(per or 1)
    except ValueError:
        found = (-1.0, 0.0)
    if not column or found[0] < 0 or found[1] <= 0:
        raise click.UsageError(f"--smooth {text!r}: expected COLUMN=0.1 or COLUMN=0.1/5")
    return column, found
