"""``clew runs``: list runs."""

from __future__ import annotations

import click

from clew.cli.output import json_option, moment, print_json, seconds, table


@click.command("runs")
@click.option("--flow", help="Only runs of this flow (module:name).")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def command(flow: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs first."""
    from clew.app.store import open_store

    runs = open_store().runs(flow=flow, limit=limit)
    if as_json:
        print_json(runs)
        return
    if not runs:
        click.echo("no runs yet; start one with  clew run FILE.py:FLOW")
        return
    rows = [
        (
            run.id,
            run.flow,
            run.status,
            moment(run.started_ms),
            seconds(((run.ended_ms or run.started_ms) - run.started_ms) / 1000),
        )
        for run in runs
    ]
    table(["run", "flow", "status", "started (UTC)", "took"], rows)
