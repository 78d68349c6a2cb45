"""``clew assertions``: what is wrong with answers, by assertions."""

from __future__ import annotations

from pathlib import Path

import click

from clew.cli.output import json_option, print_json, table

FOUND = 3


@click.command("assertions")
@click.argument("file", metavar="FILE.py")
@click.argument("model", required=False)
@click.option(
    "--rows",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with rows and answers, instead of MODEL's stored predictions.",
)
@click.option("--id", "id", default="id", show_default=True, help="Its column of ids.")
@click.option("--answers", default="answer", show_default=True, help="Its column of answers.")
@click.option(
    "--limit",
    default=10_000,
    show_default=True,
    type=click.IntRange(1),
    help="Newest predictions to look at.",
)
@click.option("--choose", default=0, metavar="N", help="Also list N rows to label next.")
@click.option(
    "--before",
    "before",
    multiple=True,
    metavar="NAME=COUNT",
    help="How many rows violated it before the last labels: those that became fewer count more.",
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    file: str,
    model: str | None,
    rows: Path | None,
    id: str,
    answers: str,
    limit: int,
    choose: int,
    before: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check answers by the functions with @clew.assertion in FILE.py.

    MODEL is what clients call it. Exit status 3 when an assertion is violated.
    """
    from clew.app.asserted import in_file, stored
    from clew.app.store import open_store

    if (model is None) == (rows is None):
        raise click.UsageError("either MODEL or --rows FILE")
    known = _counts(before)
    if rows is not None:
        found = in_file(
            open_store(), file, rows, id=id, answers=answers, count=choose, before=known
        )
    else:
        assert model is not None
        found = stored(open_store(), file, model, limit=limit, count=choose, before=known)
    if as_json:
        print_json(found)
    else:
        listed = [(name, n, f"{n / found.rows:.2%}") for name, n in found.fired.items()]
        table(["assertion", "violated", "share"], listed)
        click.echo(f"{found.rows} answers; {len(found.corrections)} corrections", err=True)
        click.echo(f"node {found.node[:12]}", err=True)
        for one in found.to_label:
            click.echo(one)
    context.exit(FOUND if any(found.fired.values()) else 0)


def _counts(given: tuple[str, ...]) -> dict[str, int] | None:
    found = {}
    for text in given:
        name, _, number = text.rpartition("=")
        if not name or not number.isdigit():
            raise click.UsageError(f"--before {text!r}: expected NAME=COUNT")
        found[name] = int(number)
    return found or None
