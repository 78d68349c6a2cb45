"""``clew data``: what a table must look like, what is wrong with one, and its versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clew.cli import features
from clew.cli.outliers import outliers
from clew.cli.output import json_option, print_json
from clew.cli.output import table as print_table
from clew.cli.related import joinable, similar

if TYPE_CHECKING:
    from clew.app.datasets import Dataset
    from clew.app.validation import Findings
    from clew.data.versions import Side, Version

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
    """Tables in Parquet, CSV and TSV files: schemas, faults, repairs; and datasets of versions.

    NAME@VERSION is a version by its number, a branch, a tag, or the beginning of its id; NAME alone
    is the newest. Exit status of validate and drift: 3 when something is wrong.
    """


command.add_command(features.command)


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


_name = click.argument("name")


@command.command("commit")
@_name
@_table
@click.option("--key", multiple=True, help="Column that tells rows apart; of the first version.")
@click.option("--message", "-m", default="", help="Why.")
@click.option("--branch", default="main", show_default=True)
@json_option
def commit(
    name: str, table: Path, key: tuple[str, ...], message: str, branch: str, as_json: bool
) -> None:
    """Make TABLE the newest version of the dataset NAME; only what changed is stored."""
    version = _dataset(name).commit(table, key=key or None, message=message, branch=branch)
    _tell_version(name, version, as_json)


@command.command("log")
@click.argument("name", required=False)
@json_option
def log(name: str | None, as_json: bool) -> None:
    """List the versions of NAME (or NAME@VERSION and what it came from); without it datasets."""
    from clew.app.datasets import datasets
    from clew.app.store import open_store

    if name is None:
        names = datasets(open_store())
        if as_json:
            print_json(names)
        else:
            click.echo("\n".join(names) or "no datasets")
        return
    dataset, at = _at(name)
    found = dataset.log(at)
    if as_json:
        print_json(found)
        return
    names_of: dict[int, list[str]] = {}
    for other, number in (dataset.branches | dataset.tags).items():
        names_of.setdefault(number, []).append(other)
    rows = [
        (
            str(one.number),
            one.node[:12],
            str(one.rows),
            f"+{one.added} -{one.deleted} ~{one.changed}",
            " ".join(names_of.get(one.number, [])),
            one.message,
        )
        for one in found
    ]
    print_table(("VERSION", "ID", "ROWS", "CHANGE", "NAMES", "MESSAGE"), rows)


@command.command("checkout")
@_name
@click.option("--out", required=True, type=_path, help="Parquet, CSV or TSV file.")
@click.option("--ids", is_flag=True, help="With the rows' ids, as the column 'row'.")
def checkout(name: str, out: Path, ids: bool) -> None:
    """Write the version NAME@VERSION to a file."""
    from clew.app.cleaning import write_table

    dataset, at = _at(name)
    table = dataset.checkout(at or "latest", ids=ids)
    write_table(table, out)
    click.echo(f"{out}: {table.num_rows} rows")


@command.command("diff")
@_name
@click.argument("other", required=False)
@click.option("--most", default=20, show_default=True, help="How many rows and cells are shown.")
@json_option
def diff(name: str, other: str | None, most: int, as_json: bool) -> None:
    """Show what changed from NAME@VERSION to another version, the newest if none is named."""
    dataset, at = _at(name)
    found = dataset.diff(at or "latest", other or "latest")
    parts = {"added": found.added, "deleted": found.deleted, "changed": found.changed}
    if as_json:
        shown = {kind: part.slice(0, most).to_pylist() for kind, part in parts.items()}
        counts = {kind: part.num_rows for kind, part in parts.items()}
        columns = {"added": found.columns_added, "deleted": found.columns_deleted}
        print_json({"counts": counts, "columns": columns, **shown})
        return
    if found.is_empty:
        click.echo("no difference")
    for sign, names in (("+", found.columns_added), ("-", found.columns_deleted)):
        for column in names:
            click.echo(f"{sign} column {column}")
    for cell in found.changed.slice(0, most).to_pylist():
        click.echo(f"~ row {cell['row']} {cell['column']}: {cell['old']} -> {cell['new']}")
    for sign, part in (("+", found.added), ("-", found.deleted)):
        for row in part.slice(0, most).to_pylist():
            click.echo(f"{sign} " + " ".join(f"{key}={value}" for key, value in row.items()))
    left = sum(max(0, part.num_rows - most) for part in parts.values())
    if left:
        click.echo(f"... and {left} more (--most)")


@command.command("tag")
@_name
@click.argument("tag")
@click.option("--move", is_flag=True, help="Also when another version has it.")
def tag(name: str, tag: str, move: bool) -> None:
    """Name the version NAME@VERSION for good."""
    dataset, at = _at(name)
    version = dataset.tag(tag, at or "latest", move=move)
    click.echo(f"{dataset.name}@{tag}: version {version.number}")


@command.command("branch")
@_name
@click.argument("branch")
def branch(name: str, branch: str) -> None:
    """Begin a branch at the version NAME@VERSION."""
    dataset, at = _at(name)
    version = dataset.branch(branch, at or "latest")
    click.echo(f"{dataset.name}@{branch}: from version {version.number}")


@command.command("merge")
@_name
@click.option("--into", default="main", show_default=True, help="Branch that takes the changes.")
@click.option("--prefer", type=click.Choice(["ours", "theirs"]), help="Decide conflicts.")
@click.option("--message", "-m", default="", help="Why.")
@json_option
def merge(name: str, into: str, prefer: Side | None, message: str, as_json: bool) -> None:
    """Bring what NAME@VERSION changed into a branch.

    Conflicts are shown, and nothing is merged, unless one side is preferred.
    """
    dataset, at = _at(name)
    if at is None:
        raise click.UsageError("name what to merge, as NAME@BRANCH")
    if prefer is None:
        for one in dataset.conflicts(at, into):
            click.echo(str(one), err=True)
    version = dataset.merge(at, into, prefer=prefer, message=message)
    _tell_version(dataset.name, version, as_json)


@command.command("rows")
@_name
@click.argument("versions", nargs=-1, required=True)
@click.option("--at-least", type=click.IntRange(1), help="In at least so many of the versions.")
@click.option("--without", is_flag=True, help="In the first version, and in none of the others.")
@click.option("--out", type=_path, help="Parquet, CSV or TSV file.")
@json_option
def rows(
    name: str,
    versions: tuple[str, ...],
    at_least: int | None,
    without: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Count or write the rows that all of some versions of NAME share, with the same values."""
    from clew.app.cleaning import write_table

    dataset = _dataset(name)
    if without:
        found = dataset.difference(*versions)
    else:
        found = dataset.at_least(at_least or len(versions), *versions)
    if out is not None:
        write_table(found.table, out)
    if as_json:
        print_json({"rows": found.table.num_rows, "plan": found.plan, "out": out})
    else:
        click.echo(f"{found.table.num_rows} rows, by {found.plan}")


command.add_command(similar)
command.add_command(joinable)
command.add_command(outliers)


def _dataset(name: str) -> Dataset:
    from clew.app.store import open_store

    return open_store().dataset(name)


def _at(name: str) -> tuple[Dataset, str | None]:
    name, _, at = name.partition("@")
    return _dataset(name), at or None


def _tell_version(name: str, version: Version, as_json: bool) -> None:
    if as_json:
        print_json(version)
        return
    change = f"{version.added} added, {version.deleted} deleted, {version.changed} changed"
    click.echo(f"{name}: version {version.number}, {version.rows} rows: {change}")
