"""``clew backup``: copy the store, while it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json

if TYPE_CHECKING:
    from clew.app.upkeep.backup import Backup


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--link", is_flag=True, help="Share large files (hard links) instead of copying.")
@json_option
def command(folder: Path, link: bool, as_json: bool) -> None:
    """Copy the store to FOLDER and verify the copy, while flows and servers go on.

    A backup is a store: `clew --store FOLDER runs` reads it. So is that of a database, with what
    lies in an object store. Into the same folder again, only large values that are new are copied.
    """
    from clew.app.settings import load
    from clew.app.upkeep.backup import backup

    tell(backup(load(), folder, link=link), as_json=as_json)


def tell(done: Backup, *, as_json: bool) -> None:
    """Print what was copied and verified."""
    if as_json:
        print_json(done)
        return
    click.echo(f"{done.folder}: {done.runs} runs and {done.values} values, verified")
    size_mb = (done.database_bytes + done.copied_bytes) / 1e6
    click.echo(f"  {size_mb:.1f} MB written, {done.known} files were there already")
