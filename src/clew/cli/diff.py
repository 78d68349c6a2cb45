"""``clew diff``: where two threads part."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json


@click.command("diff")
@click.argument("a")
@click.argument("b")
@json_option
def command(a: str, b: str, as_json: bool) -> None:
    """Say at which nodes the threads of A and B (runs, nodes, values or RUN:STEP) part, and why."""
    from clew.app.store import open_store

    partings = open_store().diff(a, b)
    if as_json:
        print_json(
            [
                {
                    "operation": parting.operation,
                    "a": parting.a.id if parting.a else None,
                    "b": parting.b.id if parting.b else None,
                    "why": parting.why,
                }
                for parting in partings
            ]
        )
        return
    if not partings:
        click.echo("the same thread: every node is equal")
    for parting in partings:
        names = " → ".join(node.id.hex()[:12] for node in (parting.a, parting.b) if node)
        click.echo(f"{parting.operation}  {names}")
        for difference in parting.why:
            click.echo(f"  {difference}")
