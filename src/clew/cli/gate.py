"""``clew gate``: what a new model must show before it is promoted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, moment, print_json, table

if TYPE_CHECKING:
    from clew.app.gates.run import Judged

EXIT = {"PASS": 0, "FAIL": 3, "UNKNOWN": 4, "NEEDS-LABELS": 5}
_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_facts = click.option(
    "--fact", "facts", multiple=True, metavar="NAME=NUMBER", help="latency_ms(new)=3.1"
)


@click.group("gate")
def command() -> None:
    """Judge a new model: labels needed, verdict, what is left of each test set.

    Exit status of run and infrastructure: 0 PASS, 3 FAIL, 4 UNKNOWN, 5 NEEDS-LABELS.
    """


@command.command("plan")
@_file
@_facts
@json_option
def plan(file: Path, facts: tuple[str, ...], as_json: bool) -> None:
    """Say how many rows and labels the gate in FILE (YAML or TOML) needs."""
    from clew.debug.gates import needs, read_file
    from clew.debug.gates import plan as planned

    found = planned(read_file(file), _numbers(facts))
    rows = needs(found)
    if as_json:
        columns = ("condition", "test", "rows", "labels")
        listed = [dict(zip(columns, row, strict=True)) for row in rows]
        print_json({"rows": found.rows, "labels": found.labels, "conditions": listed})
        return
    table(["condition", "test", "rows", "labels"], rows)


@command.command("run")
@_file
@click.option(
    "--rows",
    "rows",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with the test set.",
)
@click.option("--id", "id", required=True, metavar="COLUMN", help="Its column of ids.")
@click.option("--new", required=True, metavar="MODEL", help="adult/3, or column:NAME of the rows.")
@click.option("--old", metavar="MODEL", help="adult@champion, or column:NAME of the rows.")
@click.option(
    "--labels",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with new labels; those given before are known.",
)
@click.option("--label", default="label", show_default=True, help="Its column of labels.")
@click.option(
    "--training",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with the rows of the fit: for training_accuracy(new).",
)
@click.option("--batch", default=50, show_default=True, type=click.IntRange(1), help="Rows to ask.")
@_facts
@click.option("--show", is_flag=True, help="Show the numbers; the test set is spent by that.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Also write XML.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Also write Markdown."
)
@click.option(
    "--ask",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the ids to label here instead of printing them.",
)
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
@click.pass_context
def run(context: click.Context, /, file: Path, as_json: bool, **told: Any) -> None:
    """Judge a model by the gate in FILE; print the verdict, or the ids of the rows to label."""
    from clew.app.gates.tables import judged

    done = judged(
        file,
        rows=told["rows"],
        id=told["id"],
        new=told["new"],
        old=told["old"],
        labels=told["labels"],
        label=told["label"],
        training=told["training"],
        batch=told["batch"],
        facts=_numbers(told["facts"]),
        show=told["show"],
        trust=told["trust"],
    )
    _write(done, told)
    if as_json:
        shown = done.verdict if told["show"] else None
        print_json(
            {
                "outcome": done.outcome,
                "asked": done.asked,
                "left": done.set.left,
                "spent": done.set.spent,
                "node": done.node,
                "verdict": shown,
            }
        )
    else:
        _say(done, told)
    context.exit(EXIT[done.outcome])


@command.command("infrastructure")
@click.argument("model")
@click.option("--latency-ms", default=50.0, show_default=True, help="At most, for one row.")
@click.option("--trust", is_flag=True, help="Also load types that are no library's own.")
@json_option
@click.pass_context
def infrastructure(
    context: click.Context, model: str, latency_ms: float, trust: bool, as_json: bool
) -> None:
    """Check that version MODEL loads, knows its columns, answers in time, and alike."""
    from clew.app.gates.infrastructure import infrastructure
    from clew.app.store import open_store

    done = infrastructure(open_store(), model, latency_ms=latency_ms, trust=trust)
    if as_json:
        print_json(done)
    else:
        click.echo(done.verdict.outcome)
        found = [(one.clause, one.outcome, one.reason) for one in done.verdict.findings]
        table(["check", "verdict", "why"], found)
    context.exit(EXIT[done.verdict.outcome])


@command.command("ledger")
@click.argument("gate", required=False)
@json_option
def ledger(gate: str | None, as_json: bool) -> None:
    """List test sets, of GATE if given: what they judged and what is left of them."""
    from clew.app.gates.record import sets
    from clew.app.tracking import open_tracking

    found = [one for one in sets(open_tracking(), gate) if one.rows]
    if as_json:
        listed = [{"set": one, "left": one.left, "spent": one.spent} for one in found]
        print_json(listed)
        return
    rows = [
        (
            one.gate,
            one.id[:12],
            one.rows,
            f"{len(one.judged)} of {one.steps}",
            one.passed,
            f"spent: {one.spent}" if one.spent else f"{one.left} left",
            moment(one.judged[-1].time_ms if one.judged else None),
        )
        for one in found
    ]
    table(["gate", "set", "rows", "judged", "passed", "left", "last (UTC)"], rows)


@command.command("require")
@click.argument("model")
@click.argument("gates", nargs=-1)
@click.option("--alias", "aliases", multiple=True, help="Guarded alias.  [default: champion]")
def require(model: str, gates: tuple[str, ...], aliases: tuple[str, ...]) -> None:
    """Let versions of MODEL take an alias only with a PASS of GATES; without any, freely."""
    from clew.app.facts import user
    from clew.app.promotion import ALIASES, POLICY
    from clew.app.tracking import open_tracking
    from clew.app.trail import tell

    ports = open_tracking()
    before = ports.registered.get(model).tags.get(POLICY)
    ports.registered.set_tag(model, POLICY, ",".join(gates))
    if aliases:
        ports.registered.set_tag(model, ALIASES, ",".join(aliases))
    else:
        ports.registered.delete_tag(model, ALIASES)
    after = ",".join(gates)
    tell(ports.audit, user(), "model.policy", f"model:{model}", before=before, after=after)
    guarded = ", ".join(f"@{alias}" for alias in aliases or ("champion",))
    click.echo(f"{model}{guarded} needs a PASS of: {', '.join(gates) or 'nothing'}")


def _say(done: Judged, told: dict[str, Any]) -> None:
    from clew.debug.gates import markdown

    if told["show"]:
        click.echo(markdown(done.verdict, evidence=True), nl=False)
    else:
        click.echo(done.outcome)
    if done.asked and told["ask"] is None:
        for id in done.asked:
            click.echo(id)
    click.echo(f"evidence: node {done.node[:12]}", err=True)
    left = f"spent: {done.set.spent}" if done.set.spent else f"{done.set.left} models left"
    click.echo(f"test set {done.set.id[:12]}: {left}", err=True)


def _write(done: Judged, told: dict[str, Any]) -> None:
    from clew.debug.gates import junit, markdown

    verdict, shown = done.verdict, bool(told["show"])
    if told["junit"]:
        told["junit"].write_text(junit(verdict, evidence=shown), encoding="utf-8")
    if told["markdown"]:
        told["markdown"].write_text(markdown(verdict, evidence=shown), encoding="utf-8")
    if told["ask"]:
        told["ask"].write_text("".join(f"{id}\n" for id in done.asked), encoding="utf-8")


def _numbers(given: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for text in given:
        name, equals, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            equals = ""
        if not (name and equals):
            raise click.UsageError(f"--fact {text!r}: expected NAME=NUMBER")
    return found
