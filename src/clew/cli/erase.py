"""``clew erase``: rows that must be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json

if TYPE_CHECKING:
    from clew.app.erasure import Erasure

_SHOWN = 10


@click.command("erase")
@click.option(
    "--rows",
    multiple=True,
    required=True,
    metavar="COLUMN=VALUE",
    help="The rows that have it, in any table; may be given again.",
)
@click.option("--apply", is_flag=True, help="Do it: without, it only says what would be done.")
@click.option("--reason", help="Why; kept in the audit trail.")
@json_option
def command(rows: tuple[str, ...], apply: bool, reason: str | None, as_json: bool) -> None:
    """Erase rows: drop the tables that hold them or were made of these; list what to rebuild.

    Models stay, and are listed with the versions and predictions that came of the rows.
    """
    from clew.app.erasure import erase
    from clew.app.store import open_store

    pairs = []
    for row in rows:
        column, equals, value = row.partition("=")
        if not (column and equals):
            raise click.UsageError(f"--rows {row!r}: expected COLUMN=VALUE")
        pairs.append((column, value))
    found = erase(open_store(), pairs, apply=apply, reason=reason)
    print_json(found) if as_json else _say(found)


def _say(found: Erasure) -> None:
    dropped = "dropped" if found.done else "would be dropped"
    click.echo(
        f"{', '.join(found.rows)}: {len(found.values)} tables and arrays "
        f"({found.size_bytes:,} bytes) and {len(found.samples)} samples of models {dropped}"
    )
    versions = [
        f"{one.name}/{one.version}" + "".join(f" @{alias}" for alias in one.aliases)
        for one in found.versions
    ]
    click.echo(f"models to make anew: {', '.join(one.name for one in found.models) or 'none'}")
    click.echo(f"versions: {', '.join(versions) or 'none'}")
    click.echo(f"predictions by these: {found.predictions}")
    if found.asked:
        click.echo(f"not dropped: {found.asked} stored requests that hold the rows themselves")
    if found.datasets:
        click.echo(f"not dropped: versions of the datasets {', '.join(found.datasets)}")
    if found.unread:
        click.echo(f"not searched: {len(found.unread)} tables whose bytes cannot be read")
    for source in found.sources:
        click.echo(f"remove the rows from: {source}")
    names = [f"{one.operation} ({one.id.hex()[:12]})" for one in found.rebuild]
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    click.echo(f"calls to repeat: {', '.join(names[:_SHOWN])}{more}")
    if not found.done:
        click.echo("nothing was done: --apply --reason TEXT does it")
    elif found.node:
        click.echo(f"node {found.node[:12]}", err=True)
