"""``clew deployments``: deployments as they stand and as they run, and how they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, moment, print_json, table

if TYPE_CHECKING:
    from clew.app.deployments.view import View
    from clew.serve.deployment.state import State


@click.group("deployments", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List deployments, or show, promote, stop and roll back one."""
    if context.invoked_subcommand is not None:
        return
    from clew.app.deployments.view import views
    from clew.app.store import open_store

    found = views(open_store())
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("no deployments yet; clew deploy NAME --champion MODEL@ALIAS makes one")
        return
    rows = [
        (
            one.name,
            one.policy,
            " ".join(f"{'/'.join(arm.roles)}:{arm.key}" for arm in one.arms),
            len(one.processes),
            one.whole.requests,
            _ms(one, 0.99),
        )
        for one in found
    ]
    table(["name", "policy", "arms", "processes", "requests", "p99 ms"], rows)


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show deployment NAME: its arms, what they did, and how it came to be."""
    from clew.app.deployments import record
    from clew.app.deployments.view import view
    from clew.app.store import open_store
    from clew.app.tracking import tracking_of

    store = open_store()
    found = view(store, name)
    history = record.history(tracking_of(store.runtime), name)
    if as_json:
        print_json({"deployment": found, "history": history})
        return
    if found.state is not None:
        say(found.state)
    rows = [
        (
            arm.key,
            arm.part,
            "" if arm.share is None else f"{arm.share:.1%}",
            arm.counted.requests,
            arm.counted.errors,
            arm.counted.late,
            arm.rewards,
            "" if arm.mean_reward is None else f"{arm.mean_reward:.3f}",
        )
        for arm in found.arms
    ]
    head = ["arm", "part", "share", "requests", "errors", "late", "rewards", "mean"]
    table(head, rows)
    for state in history[:10]:
        click.echo(f"{moment(state.time_ms)}  {state.action}  {state.actor}  {state.reason}")


@command.command("promote")
@click.argument("name")
@click.argument("arm", required=False)
@click.option("--reason", default="", help="Kept with the change.")
def promote(name: str, arm: str | None, reason: str) -> None:
    """Make ARM of deployment NAME its champion: by default the canary, or the only challenger.

    Where the champion is an alias of the registry, the alias is pointed to the version.
    """
    from clew.app.deployments import change
    from clew.app.store import open_store

    say(change.promote(open_store(), name, arm, reason=reason))


@command.command("stop")
@click.argument("name")
@click.option("--reason", default="stopped by hand", show_default=True, help="Kept.")
def stop(name: str, reason: str) -> None:
    """Take its share from the canary of deployment NAME."""
    from clew.app.deployments import change
    from clew.app.store import open_store

    say(change.stop(open_store(), name, reason=reason))


@command.command("rollback")
@click.argument("name")
@click.option("--reason", default="", help="Kept with the change.")
def rollback(name: str, reason: str) -> None:
    """Return deployment NAME to what it was before its last change, aliases included."""
    from clew.app.deployments import change
    from clew.app.store import open_store

    say(change.roll_back(open_store(), name, reason=reason))


def say(state: State) -> None:
    """Print a state in a few lines."""
    click.echo(f"deployment {state.name}: {state.config.policy}  (node {state.node[:12]})")
    for arm in state.arms:
        spec = "" if arm.spec == arm.key else f"  ({arm.spec})"
        click.echo(f"  {arm.role}: {arm.key}{spec}")
    canary = state.config.canary
    if canary is not None:
        told = f"stopped: {state.stopped}" if state.stopped else f"gets {canary.share:.1%}"
        click.echo(f"  the canary {told}")


def _ms(found: View, share: float) -> str:
    seconds = found.whole.recent.quantile_s(share)
    return "" if seconds is None else f"{seconds * 1e3:.1f}"
