"""``clew impact``: what depends on something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json, table

if TYPE_CHECKING:
    from clew.entities import ModelVersion


@click.command("impact")
@click.argument("what")
@json_option
def command(what: str, as_json: bool) -> None:
    """List what depends on WHAT: a path, an id, or a library (pandas, pandas==3.1.1).

    Nodes, and the logged models and registered versions that were made of them.
    """
    from clew.app.store import open_store

    found = open_store().impact(what)
    if as_json:
        print_json(found)
        return
    direct = {node.id for node in found.direct}
    click.echo(f"{found.what}: {len(found.direct)} direct, {len(found.downstream)} in all")
    if found.models:
        click.echo("models: " + ", ".join(f"{one.name} ({one.id})" for one in found.models))
    if found.versions:
        click.echo("versions: " + ", ".join(map(_version, found.versions)))
    rows = [
        (node.operation, node.id.hex()[:12], "direct" if node.id in direct else "downstream")
        for node in found.downstream
    ]
    table(["operation", "node", "depends"], rows)


def _version(version: ModelVersion) -> str:
    aliases = "".join(f" @{alias}" for alias in version.aliases)
    return f"{version.name}/{version.version}{aliases}"
