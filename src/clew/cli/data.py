"""``clew data``: what a table must look like, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json

if TYPE_CHECKING:
    from clew.app.validation import Findings

FOUND = 3
_path = click.Path(dir_okay=False, path_type=Path)
_table = click.argument("table", type=_path)
_alpha = click.option(
    "--alpha",
    default=1e-3,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Probability of a false alarm.",
)


@click.group("data")
def command() -> None:
    """Tables in Parquet, CSV and TSV files: their schemas, what is wrong with them, what changed.

    Exit status of validate and drift: 3 when something is wrong.
    """


@command.command("schema")
@_table
@click.option("--out", type=_path, help="Write it to this file, to be reviewed and kept.")
@json_option
def schema(table: Path, out: Path | None, as_json: bool) -> None:
    """Infer the schema of TABLE: types, categories, ranges, presence."""
    from clew.app.store import open_store
    from clew.app.validation import infer
    from clew.data.schema import write
    from clew.data.schema.file import text_of

    found, node = infer(open_store(), table)
    if out is not None:
        write(found, out)
    if as_json:
        print_json({"schema": found, "node": node})
    elif out is None:
        click.echo(text_of(found), nl=False)
    else:
        click.echo(f"{out}: {len(found.columns)} columns, learnt from {found.rows} rows")


@command.command("validate")
@_table
@click.option("--schema", "rules", required=True, type=_path, help="What it must look like.")
@click.option("--like", type=_path, help="Rows whose distribution is expected, too.")
@_alpha
@json_option
@click.pass_context
def validate(
    context: click.Context,
    /,
    table: Path,
    rules: Path,
    like: Path | None,
    alpha: float,
    as_json: bool,
) -> None:
    """Say what is wrong with TABLE by a schema."""
    from clew.app import validation
    from clew.app.store import open_store

    _tell(context, validation.validate(open_store(), table, rules, like=like, alpha=alpha), as_json)


@command.command("drift")
@click.argument("before", type=_path)
@click.argument("now", type=_path)
@_alpha
@click.option(
    "--largest",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Smallest difference of a category's share that is told of.",
)
@click.option(
    "--divergent",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Smallest divergence of numbers that is told of, in bits.",
)
@json_option
@click.pass_context
def drift(
    context: click.Context,
    /,
    before: Path,
    now: Path,
    alpha: float,
    largest: float,
    divergent: float,
    as_json: bool,
) -> None:
    """Say how NOW is distributed otherwise than BEFORE: two versions, training and serving."""
    from clew.app import validation
    from clew.app.store import open_store

    options = {"alpha": alpha, "largest": largest, "divergent": divergent}
    _tell(context, validation.drift(open_store(), before, now, **options), as_json)


def _tell(context: click.Context, found: Findings, as_json: bool) -> None:
    if as_json:
        print_json(found)
    elif not found.anomalies:
        click.echo("nothing found")
    for one in () if as_json else found.anomalies:
        click.echo(f"{one.severity} {one.kind} {one}")
    context.exit(FOUND if found.errors else 0)


@command.command("repair")
@_table
@click.option("--constraints", type=_path, help="What determines what: a line 'ZIP -> CITY' each.")
@click.option(
    "--least",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Smallest confidence of a repair.",
)
@click.option("--out", type=_path, help="Write them to this file, to be reviewed and applied.")
@json_option
def repair(
    table: Path, constraints: Path | None, least: float, out: Path | None, as_json: bool
) -> None:
    """Find values of TABLE that are probably wrong, and what they should be.

    Nothing is changed: `clew data apply` does that.
    """
    from clew.app import cleaning
    from clew.app.store import open_store
    from clew.data.repair import write

    found = cleaning.find(open_store(), table, constraints, least=least)
    if out is not None:
        write([one.repair for one in found], out)
    if as_json:
        print_json(found)
    elif out is not None:
        click.echo(f"{out}: {len(found)} repairs")
    else:
        for one in found:
            click.echo(str(one.repair))
        if not found:
            click.echo("nothing to repair")


@command.command("apply")
@_table
@click.argument("repairs", type=_path)
@click.option("--out", required=True, type=_path, help="The table's new file.")
@click.option("--revert", is_flag=True, help="Take the repairs out again.")
@json_option
def apply(table: Path, repairs: Path, out: Path, revert: bool, as_json: bool) -> None:
    """Write TABLE with the repairs of a file, as they were left by whoever reviewed them."""
    from clew.app import cleaning
    from clew.app.store import open_store
    from clew.data.repair import read

    made = read(repairs)
    node = cleaning.apply(open_store(), table, made, out, revert=revert)
    if as_json:
        print_json({"out": out, "repairs": len(made), "node": node})
    else:
        click.echo(f"{out}: {len(made)} repairs {'taken out' if revert else 'made'}")
