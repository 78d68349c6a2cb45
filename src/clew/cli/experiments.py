"""``clew experiments``: list and change experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, moment, print_json, table

if TYPE_CHECKING:
    from clew.app.tracking import Tracking


@click.group("experiments", invoke_without_command=True)
@click.option("--filter", "text", default="", help="MLflow's filter: \"name LIKE 'adult%'\".")
@click.option("--deleted", is_flag=True, help="Only deleted ones.")
@json_option
@click.pass_context
def command(context: click.Context, text: str, deleted: bool, as_json: bool) -> None:
    """List experiments, or change one."""
    if context.invoked_subcommand is not None:
        return
    page = _ports().search.experiments(filter=text, view="deleted" if deleted else "active")
    if as_json:
        print_json(page.items)
        return
    rows = [(one.id, one.name, moment(one.created_ms), one.lifecycle) for one in page.items]
    table(["id", "name", "created (UTC)", "state"], rows)


@command.command("rename")
@click.argument("id")
@click.argument("name")
def rename(id: str, name: str) -> None:
    """Give experiment ID another NAME."""
    _ports().experiments.rename(id, name)


@command.command("delete")
@click.argument("id")
def delete(id: str) -> None:
    """Delete experiment ID with its runs; both can be restored."""
    _ports().experiments.delete(id)


@command.command("restore")
@click.argument("id")
def restore(id: str) -> None:
    """Bring experiment ID back, with its runs."""
    _ports().experiments.restore(id)


@command.command("purge")
@click.argument("id")
@click.confirmation_option(prompt="All that its runs logged is lost for good. Go on?")
def purge(id: str) -> None:
    """Remove the deleted experiment ID for good; its nodes and the audit trail stay."""
    _ports().trash.purge_experiments([id])


def _ports() -> Tracking:
    from clew.app.tracking import open_tracking

    return open_tracking()
