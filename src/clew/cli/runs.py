"""``clew runs``: find runs."""

from __future__ import annotations

import click

from clew.cli.output import json_option, moment, print_json, seconds, table

_SHOWN_METRICS = 3


@click.command("runs")
@click.option("--flow", help="Only runs of this flow (module:name).")
@click.option("--experiment", "experiments", multiple=True, help="Only of this experiment.")
@click.option("--filter", "text", default="", help='MLflow\'s filter: "metrics.auc > 0.9".')
@click.option("--learner", help="Only runs that fitted this class (LogisticRegression).")
@click.option("--feature", "features", multiple=True, help="Only where this column was used.")
@click.option("--since", help="Only runs that started this long ago: 30m, 12h, 7d, 2w.")
@click.option("--order-by", "order", multiple=True, help='"metrics.auc DESC"; the newest first.')
@click.option("--deleted", is_flag=True, help="Only deleted runs.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def command(
    flow: str | None,
    experiments: tuple[str, ...],
    text: str,
    learner: str | None,
    features: tuple[str, ...],
    since: str | None,
    order: tuple[str, ...],
    deleted: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Find runs, the newest first."""
    from clew.app.store import open_store

    found = open_store().find(
        text,
        flow=flow,
        experiments=experiments or None,
        learner=learner,
        features=features,
        since=since,
        order_by=order,
        view="deleted" if deleted else "active",
        limit=limit,
    )
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("no runs yet; start one with  clew run FILE.py:FLOW  or  with clew.run():")
        return
    rows = []
    for run in found:
        metrics = [
            f"{name}={metric.value:.4g}"
            for name, metric in list(run.metrics.items())[:_SHOWN_METRICS]
        ]
        took_ms = (run.ended_ms or run.started_ms) - run.started_ms
        rows.append(
            (
                run.id,
                run.flow or run.name,
                run.status,
                moment(run.started_ms),
                seconds(took_ms / 1000),
                " ".join(metrics),
            )
        )
    table(["run", "name", "status", "started (UTC)", "took", "metrics"], rows)
