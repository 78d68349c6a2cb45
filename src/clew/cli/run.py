"""``clew run``: a flow or its plan, a script with reuse inside scikit-learn, a project."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, print_json, seconds, table
from clew.cli.progress import progress
from clew.errors import InvalidParameter

if TYPE_CHECKING:
    from clew.steps.flow import Flow
    from clew.steps.flowrun import FlowRun


@click.command("run", context_settings={"ignore_unknown_options": False})
@click.argument("target")
@click.argument("arguments", nargs=-1)
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be done; run nothing.")
@click.option("--engine", type=click.Choice(["inline", "threads", "processes"]))
@click.option("--workers", type=click.IntRange(min=1), help="Steps at once.")
@click.option("--reuse", is_flag=True, help="TARGET is a script: reuse inside scikit-learn.")
@click.option("--entry", metavar="NAME", help="TARGET is a project: its entry point or script.")
@click.option("--quiet", is_flag=True, help="No progress.")
@json_option
def command(
    target: str,
    arguments: tuple[str, ...],
    plan_only: bool,
    engine: str | None,
    workers: int | None,
    reuse: bool,
    entry: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run the flow TARGET (FILE.py:FLOW or MODULE:FLOW) with ARGUMENTS name=value.

    TARGET may be a folder with an MLproject file: then its entry point (main) is run.
    """
    from clew.app.project import is_project
    from clew.app.wiring import install

    install()
    if is_project(target):
        from clew.cli.project import run_target

        run_target(target, arguments, entry=entry, quiet=quiet, as_json=as_json)
        return
    if entry is not None:
        raise InvalidParameter("--entry", got=target, expected="a folder with an MLproject file")
    if reuse:
        _run_script(target, arguments)
        return
    from clew.cli.load import flow_from
    from clew.cli.parameters import arguments_from

    flow = flow_from(target)
    given = arguments_from(flow, arguments)
    if plan_only:
        _show_plan(flow, given, as_json=as_json)
        return
    listeners = [] if quiet or as_json else [progress()]
    kind = engine or ("threads" if workers and workers > 1 else None)
    run = flow.start(given, engine=kind, workers=workers, listeners=listeners)
    if as_json:
        print_json(_summary(run))
    else:
        _show(run)


def _run_script(target: str, arguments: tuple[str, ...]) -> None:
    if not target.endswith(".py"):
        raise InvalidParameter("clew run --reuse", got=target, expected="a script, FILE.py")
    from clew.reuse.context import run_script

    done = run_script(target, list(arguments))
    stats = done.context.stats
    click.echo(
        f"run {done.id}: {stats.hits} calls reused ({seconds(max(0.0, stats.saved_s))} saved), "
        f"{stats.misses} computed, {stats.executed} executed; next: clew why {done.id}",
        err=True,
    )


def _summary(run: FlowRun) -> dict[str, Any]:
    record = run.record
    return {
        "run": run.id,
        "flow": record.flow,
        "status": run.status,
        "decisions": dict(run.decisions),
        "seconds": ((record.ended_ms or record.started_ms) - record.started_ms) / 1000,
        "saved_s": run.saved_s,
        "result": run.preview,
        "metrics": run.metrics,
        "steps": [
            {
                "step": use.label,
                "decision": use.decision,
                "reason": use.reason.text,
                "seconds": use.wall_s,
                "node": use.node,
            }
            for use in run.uses
        ],
    }


def _show(run: FlowRun) -> None:
    summary = _summary(run)
    counts = ", ".join(f"{count} {name}" for name, count in summary["decisions"].items())
    click.echo(
        f"run {run.id} {run.status} in {seconds(summary['seconds'])}: {counts or 'no steps'}"
    )
    click.echo(f"saved by reuse: {seconds(run.saved_s)}")
    for name, value in sorted(run.metrics.items()):
        click.echo(f"metric {name} = {value:g}")
    click.echo(f"result: {summary['result']}")
    if sys.stdout.isatty():
        click.echo(f"next: clew why {run.id}  ·  clew lineage {run.id}")


def _show_plan(flow: Flow[..., Any], given: dict[str, Any], *, as_json: bool) -> None:
    plan = flow.plan(**given)
    if as_json:
        print_json(plan)
        return
    rows = [(s.label, s.state, seconds(s.cost_s), s.reason) for s in plan.steps]
    table(["step", "plan", "estimated", "reason"], rows)
    click.echo(f"estimated cost: {seconds(plan.cost_s)}")
