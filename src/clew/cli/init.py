"""``clew init``: make a folder a clew project."""

from __future__ import annotations

from pathlib import Path

import click

from clew.errors import InvalidParameter

_TEXT = """\
# Settings of clew in this folder and below; every line is optional.

[store]
path = ".clew"              # folder of the store, relative to this file
# durability = "process"    # or "power-loss": every write waits for the disk
# trusted = true            # false: nothing is unpickled from this store
# budget_gb = 20            # how large the stored values may grow
# memory_mb = 256           # values kept in memory besides

[engine]
kind = "inline"             # or "threads", "processes"
workers = 1                 # steps at once

[resources]                 # what steps may declare: @clew.step(resources={"gpu": 1})
# gpu = 1
"""


@click.command("init")
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Make FOLDER a clew project: a clew.toml and an empty store."""
    from clew.app.settings import load
    from clew.app.wiring import install, open_runtime

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "clew.toml"
    if file.exists():
        raise InvalidParameter(f"{file} exists", hint="edit it, or remove it first")
    file.write_text(_TEXT, encoding="utf-8")
    _ignore(folder)
    install()
    runtime = open_runtime(load(folder))
    click.echo(f"wrote {file}; the store is {runtime.location}")
    click.echo("next: write a flow, then  clew run FILE.py:FLOW")


def _ignore(folder: Path) -> None:
    """Keep the store out of git, where the folder is in a checkout."""
    ignore = folder / ".gitignore"
    lines = ignore.read_text(encoding="utf-8").splitlines() if ignore.exists() else []
    if (folder / ".git").exists() and ".clew/" not in lines:
        ignore.write_text("\n".join([*lines, ".clew/", ""]), encoding="utf-8")
