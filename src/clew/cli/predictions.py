"""``clew predictions``: what served models answered, and what one answer came from."""

from __future__ import annotations

import click

from clew.cli.output import json_option, moment, print_json, table


@click.command("predictions")
@click.argument("id", required=False)
@click.option("--model", help="Only of this model.")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many."
)
@json_option
def command(id: str | None, model: str | None, limit: int, as_json: bool) -> None:
    """List the newest predictions, or follow one (ID) back to the data that its model came from."""
    from clew.app.serving import journal_of
    from clew.app.store import open_store
    from clew.app.trace_back import origin
    from clew.cli.explain import say

    store = open_store()
    if id is not None:
        found = origin(store, journal_of(store), id)
        print_json(found) if as_json else say(found)
        return
    newest = journal_of(store).newest(limit, model=model)
    if as_json:
        print_json(newest)
        return
    columns = ("prediction", "model", "version", "answer", "time (UTC)")
    table(columns, [(p.id, p.model, p.version, p.answer, moment(p.time_ms)) for p in newest])
