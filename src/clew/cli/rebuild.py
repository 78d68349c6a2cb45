"""``clew rebuild``: execute a thread again and compare."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json


@click.command("rebuild")
@click.argument("id")
@json_option
def command(id: str, as_json: bool) -> None:
    """Execute the thread of ID again in a fresh process and compare every content id.

    Steps run in the folder in which the run stood, and files that they write are put back as they
    were. Exit status 0 when all are equal, 1 when one differs (it is named).
    """
    from clew.app.store import open_store

    rebuilt = open_store().rebuild(id)
    if as_json:
        print_json(rebuilt)
    elif rebuilt.identical:
        click.echo(f"identical: {rebuilt.executed} nodes executed, every content id as recorded")
    else:
        click.echo(f"differs first at {rebuilt.operation}  {rebuilt.node[:12]}")
        click.echo(f"  {rebuilt.difference}")
    if not rebuilt.identical:
        raise SystemExit(1)
