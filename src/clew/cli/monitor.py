"""``clew monitor``: what changed since a model was made."""

from __future__ import annotations

import click

from clew.cli.output import json_option, moment, print_json, table

FOUND = 3


@click.command("monitor")
@click.argument("model")
@click.option(
    "--rows", default=1000, show_default=True, type=click.IntRange(1), help="Rows of a window."
)
@click.option(
    "--alpha",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 0.5, min_open=True),
    help="Probability of a false alarm in a window.",
)
@click.option(
    "--most-errors",
    type=click.FloatRange(0, 1),
    help="Share of wrong answers that is tolerated.  [default: that of the first window]",
)
@click.option("--assertions", metavar="FILE.py", help="Also watch these: see clew assertions.")
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    model: str,
    rows: int,
    alpha: float,
    most_errors: float | None,
    assertions: str | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Judge what MODEL was asked and answered, window by window: drift, errors, assertions.

    Exit status 3 when the newest window of a version has an alert.
    """
    from clew.app.asserted import suite_from
    from clew.app.monitoring import monitor
    from clew.app.store import open_store

    suite = None if assertions is None else suite_from(assertions)
    found = monitor(
        open_store(),
        model,
        rows=rows,
        alpha=alpha,
        most_errors=most_errors,
        assertions=suite,
        trust=trust,
    )
    if as_json:
        print_json(found)
    else:
        listed = [
            (
                one.version,
                moment(one.begin_ms),
                one.labels,
                "" if one.mean_error is None else f"{one.mean_error:.4g}",
                "; ".join(
                    f"{alert.kind}: {', '.join(alert.columns) or alert.reason}"
                    for alert in one.alerts
                ),
                (one.node or "")[:12],
            )
            for one in found
        ]
        table(["version", "from (UTC)", "labels", "mean error", "alerts", "node"], listed)
    newest = {one.version: one for one in found}
    context.exit(FOUND if any(one.alerts for one in newest.values()) else 0)
