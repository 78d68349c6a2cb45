"""``clew predictions``: what served models answered, and what one answer came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, moment, print_json, table

if TYPE_CHECKING:
    from clew.app.trace_back import Origin


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

    store = open_store()
    if id is not None:
        found = origin(store, journal_of(store), id)
        print_json(found) if as_json else _show(found)
        return
    newest = journal_of(store).newest(limit, model=model)
    if as_json:
        print_json(newest)
        return
    columns = ("prediction", "model", "version", "answer", "time (UTC)")
    table(columns, [(p.id, p.model, p.version, p.answer, moment(p.time_ms)) for p in newest])


def _show(found: Origin) -> None:
    prediction = found.prediction
    click.echo(f"prediction: {prediction.id}  {moment(prediction.time_ms)}")
    click.echo(f"answer: {prediction.answer}  {prediction.probabilities or ''}".rstrip())
    for name, value in prediction.row.items():
        click.echo(f"  {name}: {value}")
    for said in prediction.feedback:
        told = f"truth {said.truth}" if said.truth is not None else f"reward {said.reward}"
        click.echo(f"feedback: {told}  {moment(said.time_ms)}  {said.note}".rstrip())
    click.echo(f"model: {prediction.model} version {prediction.version}  {prediction.content}")
    if not found.steps:
        click.echo(
            "  no step in this store made the model: it was fitted outside a step, or elsewhere"
        )
    for step in found.steps:
        click.echo(f"  {step.operation}  {step.node[:12]}")
    for read in found.reads:
        click.echo(f"data: {read}")
