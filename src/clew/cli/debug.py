"""``clew debug``: the report on a model and its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from clew.cli.output import json_option, table

_file = click.Path(dir_okay=False, path_type=Path)


@click.command("debug")
@click.argument("model")
@click.option("--train", type=_file, help="Parquet or CSV file with the rows of the fit.")
@click.option("--validation", type=_file, help="The rows that chose the model.")
@click.option("--test", type=_file, help="The rows that it is judged on.")
@click.option("--production", type=_file, help="Rows met later; labels may be missing.")
@click.option("--rows", type=_file, help="One file instead, with a column of parts.")
@click.option("--split", default="split", show_default=True, help="That column.")
@click.option("--target", metavar="COLUMN", help="What is predicted.")
@click.option("--against", metavar="MODEL", help="The champion: adds the paired difference.")
@click.option("--id", metavar="COLUMN", help="Names rows; else their position does.")
@click.option("--without", multiple=True, metavar="COLUMN", help="It is no feature.")
@click.option("--positive", help="Of two classes the one that curves are about.")
@click.option(
    "--cost", "costs", multiple=True, metavar="KIND=COST", help="Of fp, fn, tp, tn: sweeps a cost."
)
@click.option(
    "--view",
    "shown",
    multiple=True,
    type=click.Choice(["pca", "tsne", "autoencoder"]),
    help="Views of the rows.  [default: pca]",
)
@click.option("--html", type=_file, help="Also write the report as a page.")
@click.option("--markdown", type=_file, help="Also write it as Markdown.")
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
def command(
    model: str,
    rows: Path | None,
    target: str | None,
    against: str | None,
    html: Path | None,
    markdown: Path | None,
    trust: bool,
    as_json: bool,
    costs: Sequence[str],
    shown: Sequence[str],
    train: Path | None,
    validation: Path | None,
    test: Path | None,
    production: Path | None,
    **options: Any,
) -> None:
    """Report on MODEL (adult/3, column:NAME): scores by part, worst slices, problems.

    Without files, the rows come from the model's lineage, and what it has answered from its
    predictions. The report is kept as a node.
    """
    from clew.app.debugging.report import debug
    from clew.app.store import open_store

    given = {"": rows, "train": train, "validation": validation, "test": test}
    files = {name: path for name, path in (given | {"production": production}).items() if path}
    if costs:
        options["costs"] = dict(map(_cost, costs))
    found = debug(
        open_store(),
        model,
        files,
        target=target,
        against=against,
        trust=trust,
        shown=tuple(shown) or ("pca",),
        **options,
    )
    for path, text in ((html, found.report.html), (markdown, found.report.markdown)):
        if path is not None:
            path.write_text(text(), encoding="utf-8")
    if as_json:
        click.echo(found.report.json())
        return
    _say(found.report.document)
    click.echo(f"node {found.node[:12]}", err=True)


def _cost(text: str) -> tuple[str, float]:
    kind, _, cost = text.partition("=")
    try:
        value = float(cost)
    except ValueError:
        value = float("nan")
    if kind not in ("fp", "fn", "tp", "tn") or value != value:
        raise click.UsageError(f"--cost {text!r}: expected fp=1, fn=5, tp=0 or tn=0")
    return kind, value


def _say(document: Mapping[str, Any]) -> None:
    """Print what to look at, and the scores."""
    from clew.debug.reports.tables import tables

    for one in tables(document):
        if one.title in ("What to look at", "Scores", "Against the champion"):
            click.echo(f"{one.title}: {one.note}".rstrip(": "))
            if one.rows:
                table(one.columns, one.rows)
            click.echo()
