"""``clew explain``: from an answer back to what it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, moment, print_json, table

if TYPE_CHECKING:
    from clew.app.source_rows import SourceRow
    from clew.app.trace_back import Origin
    from clew.serve.journal import Prediction


@click.group("explain")
def command() -> None:
    """Follow an answer back to the data; say what an outcome depends on."""


@command.command("table")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--target", required=True, metavar="COLUMN", help="The column to explain.")
@click.option("--value", required=True, help="The value of it that is the outcome.")
@click.option("--without", multiple=True, metavar="COLUMN", help="No rule is made of it.")
@click.option("--rules", default=10, show_default=True, type=click.IntRange(1), help="How many.")
@json_option
def explained(
    file: Path, target: str, value: str, without: tuple[str, ...], rules: int, as_json: bool
) -> None:
    """List the rules that tell most of an outcome in FILE (Parquet or CSV)."""
    from clew.app.findings import table as told
    from clew.app.store import open_store

    found = told(open_store(), file, target=target, value=value, without=without, rules=rules)
    if as_json:
        print_json(found)
        return
    listed = [
        (str(one), one.rows, f"{one.mean:.4g}", f"{one.gain:.4f}") for one in found.table.rules
    ]
    table(["rule", "rows", "share", "learned"], listed)
    left = found.table.divergence
    click.echo(f"left: {left:.4f} nats a row; node {found.node[:12]}", err=True)


@command.command("prediction")
@click.argument("id")
@json_option
def prediction(id: str, as_json: bool) -> None:
    """Follow prediction ID to its version, gate, study, features, and the rows it came from."""
    from clew.app.serving import journal_of
    from clew.app.store import open_store
    from clew.app.trace_back import origin

    store = open_store()
    found = origin(store, journal_of(store), id)
    print_json(found) if as_json else say(found)


def say(found: Origin) -> None:
    """Print what a prediction came from."""
    _say_answer(found.prediction)
    _say_model(found)
    if not found.steps:
        click.echo("steps: none in this store; the model was fitted outside a step, or elsewhere")
    for step in found.steps:
        click.echo(f"step: {step.operation}  {step.node[:12]}")
    click.echo(f"features: {', '.join(found.features)}")
    for read in found.reads:
        click.echo(f"data: {read}")
    for row in found.rows:
        _say_row(row)


def _say_answer(one: Prediction) -> None:
    click.echo(f"prediction: {one.id}  {moment(one.time_ms)}")
    click.echo(f"answer: {one.answer}  {one.probabilities or ''}".rstrip())
    for name, value in one.row.items():
        click.echo(f"  {name}: {value}")
    decision = one.decision
    if decision is not None:
        sure = f"; confidence {decision.confidence[0]:.3f}" if decision.confidence else ""
        click.echo(f"decided by: {decision.policy}, among {_shares(decision.chances)}{sure}")
        for arm, labels in decision.votes.items():
            click.echo(f"  {arm} says {labels[0]}")
        for arm in decision.late:
            click.echo(f"  {arm} was late")
        if decision.note:
            click.echo(f"  instead of {', '.join(decision.arms)}: {decision.note}")
    for shadow in one.shadows:
        click.echo(f"in the shadow: {shadow.arm} says {shadow.answer}  {shadow.error}".rstrip())
    for said in one.feedback:
        told = f"truth {said.truth}" if said.truth is not None else f"reward {said.reward}"
        rewards = _shares(said.observed.rewards) if said.observed else ""
        click.echo(f"feedback: {told}  {moment(said.time_ms)}  {said.note} {rewards}".rstrip())


def _say_model(found: Origin) -> None:
    one, version = found.prediction, found.version
    click.echo(f"model: {one.model} version {one.version}  {one.content}")
    if found.deployment is not None:
        arms = ", ".join(f"{arm.role} {arm.key}" for arm in found.deployment.arms)
        click.echo(f"deployment: {found.deployment.name}: {arms}")
    if version is not None:
        aliases = " ".join(f"@{alias}" for alias in version.aliases)
        click.echo(f"version: {version.name}/{version.version}  {aliases}".rstrip())
    click.echo(f"gate: {found.gate or 'none has judged this version'}")
    click.echo(f"study: {found.study or 'none chose this model'}")
    if found.run:
        click.echo(f"run: {found.run}")


def _say_row(row: SourceRow) -> None:
    values = ", ".join(f"{name}={_short(value)}" for name, value in row.row.items())
    click.echo(f"row {row.position} of {row.operation} (by {row.found_by}): {values}")


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _shares(shares: Any) -> str:
    return ", ".join(f"{arm} {share:.3g}" for arm, share in shares.items())
