"""``clew export``: a thread with its values as one file."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json


@click.command("export")
@click.argument("id")
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
def command(id: str, file: str, as_json: bool) -> None:
    """Write the thread of ID (a run, node or RUN:STEP) with its values to FILE."""
    from clew.app.store import open_store

    bundle = open_store().export(id, file)
    if as_json:
        print_json(bundle)
        return
    click.echo(
        f"{bundle.path}: {bundle.nodes} nodes, {bundle.values} values, {bundle.size_bytes:,} bytes"
    )
    if bundle.absent:
        click.echo(f"{len(bundle.absent)} values have no stored bytes and are only named")
