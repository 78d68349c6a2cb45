"""``clew data similar`` and ``clew data joinable``: which datasets hold the same things."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json, table


@click.command("similar")
@click.argument("name", metavar="NAME[@VERSION]")
@click.option("--most", default=10, show_default=True, type=click.IntRange(1), help="How many.")
@json_option
def similar(name: str, most: int, as_json: bool) -> None:
    """List the datasets that are most like NAME, by the distinct values of their columns."""
    from clew.app.datasets.related import similar_to
    from clew.app.store import open_store

    name, _, at = name.partition("@")
    found = similar_to(open_store(), name, at or None, most=most)
    if as_json:
        print_json(found)
        return
    rows = []
    for one in found:
        pairs = ", ".join(
            f"{pair.column}={pair.other} {pair.jaccard:.2f}" for pair in one.pairs[:5]
        )
        rows.append((one.name, f"{one.score:.2f}", pairs))
    table(("dataset", "alike", "columns"), rows)


@click.command("joinable")
@click.argument("name", metavar="NAME[@VERSION]")
@click.option(
    "--least",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of a column's values that the other must have.",
)
@click.option("--most", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@json_option
def joinable(name: str, least: float, most: int, as_json: bool) -> None:
    """List on which columns other datasets join with NAME; columns that are keys come first."""
    from clew.app.datasets.related import joinable_with
    from clew.app.store import open_store

    name, _, at = name.partition("@")
    found = joinable_with(open_store(), name, at or None, least=least, most=most)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.column, one.name, one.other, f"{one.contained:.2f}", "key" if one.is_key else "")
        for one in found
    ]
    table(("column", "dataset", "its column", "contained", ""), rows)
