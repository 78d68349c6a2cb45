"""``clew impact``: what depends on something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json, table

if TYPE_CHECKING:
    from clew.entities import ModelVersion


@click.command("impact")
@click.argument("what", required=False)
@click.option("--row", metavar="COLUMN=VALUE", help="A row of any table instead: id=17.")
@json_option
def command(what: str | None, row: str | None, as_json: bool) -> None:
    """List what depends on WHAT: a path, an id, or a library (pandas, pandas==3.1.1).

    A path is that of a file which steps read, or of a Python file with code that they reach.
    Nodes, and the logged models and registered versions that were made of them; of a row also the
    tables that hold it, and how many predictions these versions have made.
    """
    from clew.app.store import open_store

    if (what is None) == (row is None):
        raise click.UsageError("give WHAT or --row COLUMN=VALUE")
    if row is not None:
        _row(row, as_json=as_json)
        return
    assert what is not None
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


def _row(row: str, *, as_json: bool) -> None:
    from clew.app.row_impact import row_impact
    from clew.app.store import open_store

    column, equals, value = row.partition("=")
    if not (column and equals):
        raise click.UsageError(f"--row {row!r}: expected COLUMN=VALUE")
    found = row_impact(open_store(), column, value)
    if as_json:
        print_json(found)
        return
    click.echo(f"{found.what}: in {len(found.tables)} tables; {len(found.nodes)} calls to repeat")
    click.echo("models: " + (", ".join(f"{one.name} ({one.id})" for one in found.models) or "none"))
    click.echo("versions: " + (", ".join(map(_version, found.versions)) or "none"))
    click.echo(f"predictions by these versions: {found.predictions}")
    if found.unread:
        click.echo(f"not searched: {len(found.unread)} tables whose bytes cannot be read")
    table(["operation", "node"], [(one.operation, one.id.hex()[:12]) for one in found.nodes])


def _version(version: ModelVersion) -> str:
    aliases = "".join(f" @{alias}" for alias in version.aliases)
    return f"{version.name}/{version.version}{aliases}"
