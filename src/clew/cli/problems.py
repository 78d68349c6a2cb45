"""``clew problems``: what is wrong with a split."""

from __future__ import annotations

from pathlib import Path

import click

from clew.cli.output import json_option, print_json, table

FOUND = 3
_path = click.Path(dir_okay=False, path_type=Path)


@click.command("problems")
@click.option("--train", required=True, type=_path, help="Parquet or CSV file of the fit's rows.")
@click.option("--test", required=True, type=_path, help="Parquet or CSV file to judge it on.")
@click.option("--target", metavar="COLUMN", help="What is predicted: asks for leakage.")
@click.option("--model", help="adult/3, column:NAME: asks for over-fitting.")
@click.option("--groups", metavar="COLUMN", help="Its values must not be on both sides.")
@click.option("--time", metavar="COLUMN", help="The test lies after the training by it.")
@click.option(
    "--alpha",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 0.5, min_open=True),
    help="Probability of a false alarm.",
)
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    train: Path,
    test: Path,
    target: str | None,
    model: str | None,
    groups: str | None,
    time: str | None,
    alpha: float,
    trust: bool,
    as_json: bool,
) -> None:
    """Say what is wrong with a split: leakage, rows on both sides, shift, over-fitting.

    Exit status 3 when something is.
    """
    from clew.app.findings import problems
    from clew.app.store import open_store

    found = problems(
        open_store(),
        train,
        test,
        target=target,
        model=model,
        groups=groups,
        time=time,
        alpha=alpha,
        trust=trust,
    )
    if as_json:
        print_json(found)
    elif found.problems:
        listed = [(one.kind, ", ".join(one.columns), one.reason) for one in found.problems]
        table(["problem", "columns", "why"], listed)
    else:
        click.echo("nothing found")
    context.exit(FOUND if found.problems else 0)
