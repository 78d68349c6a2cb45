"""``clew import``: a thread from a file."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--trust", is_flag=True, help="Take values that run code when read (pickles).")
@json_option
def command(file: str, trust: bool, as_json: bool) -> None:
    """Read a thread from FILE, which `clew export` wrote; everything in it is verified."""
    from clew.app.store import open_store

    bundle = open_store().import_(file, trust=trust)
    if as_json:
        print_json(bundle)
        return
    click.echo(f"{bundle.path}: {bundle.nodes} nodes, {bundle.values} values")
    if bundle.absent:
        click.echo(f"{len(bundle.absent)} values came without bytes")
