"""``clew fairness``: how a model treats groups."""

from __future__ import annotations

from pathlib import Path

import click

from clew.cli.output import json_option, print_json, table

ABOVE = 3


@click.command("fairness")
@click.argument("model")
@click.option(
    "--rows",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with labelled rows.",
)
@click.option("--target", required=True, metavar="COLUMN", help="Its column of labels.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    required=True,
    metavar="COLUMN",
    help="Makes groups; of several each combination.",
)
@click.option("--positive", required=True, help="The answer that is wished for.")
@click.option(
    "--least-rows", default=30, show_default=True, type=click.IntRange(1), help="Of a group."
)
@click.option(
    "--most-gap",
    type=click.FloatRange(0, 1),
    help="Exit with 3 when a gap is surely larger.",
)
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    model: str,
    rows: Path,
    target: str,
    groups: tuple[str, ...],
    positive: str,
    least_rows: int,
    most_gap: float | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Show metrics of MODEL (adult/3, column:NAME) by group, and the largest gaps."""
    from clew.app.debugging.checks import fairness
    from clew.app.store import open_store

    found = fairness(
        open_store(),
        model,
        rows,
        target=target,
        groups=groups,
        positive=positive,
        least_rows=least_rows,
        trust=trust,
    )
    one = found.fairness
    if as_json:
        print_json(found)
    else:
        numbers = ("selected", "accuracy", "recall", "false_positives")
        listed = [
            (", ".join(g.values), g.rows, *(_shown(getattr(g, name)) for name in numbers))
            for g in one.groups
        ]
        table([", ".join(one.columns), "rows", *numbers], listed)
        gaps = [
            (
                gap.metric,
                _shown((gap.difference, gap.low, gap.high)),
                f"{gap.ratio:.3f}",
                f"{', '.join(gap.smallest)} / {', '.join(gap.largest)}",
            )
            for gap in one.gaps
        ]
        table(["gap", "difference", "ratio", "smallest / largest"], gaps)
        click.echo(f"node {found.node[:12]}", err=True)
    over = most_gap is not None and any(gap.low > most_gap for gap in one.gaps)
    context.exit(ABOVE if over else 0)


def _shown(found: tuple[float, float, float] | None) -> str:
    return "" if found is None else f"{found[0]:.3f} ({found[1]:.3f} to {found[2]:.3f})"
