"""``clew restore``: bring a backup back."""

from __future__ import annotations

from pathlib import Path

import click

from clew.cli.backup import tell
from clew.cli.output import json_option


@click.command("restore")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Copy the backup in FOLDER to the store's place and verify it. No store may be there yet.

    The place may be a folder or a database: any store in a folder moves into a database so.
    """
    from clew.app.settings import load
    from clew.app.upkeep.backup import restore

    tell(restore(folder, load()), as_json=as_json)
