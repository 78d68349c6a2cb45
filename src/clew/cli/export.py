"""``clew export``: a thread with its values as one file; a run's metrics for TensorBoard."""

from __future__ import annotations

import click

from clew.cli.output import json_option, print_json


@click.command("export")
@click.argument("id")
@click.argument("file", type=click.Path())
@click.argument("folder", required=False, type=click.Path(file_okay=False))
@json_option
def command(id: str, file: str, folder: str | None, as_json: bool) -> None:
    """Write the thread of ID (a run, node or RUN:STEP) with its values to FILE.

    `clew export tensorboard RUN FOLDER` writes a run's metrics as a TensorBoard event file.
    """
    if id == "tensorboard" and folder is not None:
        _tensorboard(file, folder, as_json=as_json)
        return
    if folder is not None:
        raise click.UsageError("clew export takes an ID and a FILE")
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


def _tensorboard(run: str, folder: str, *, as_json: bool) -> None:
    from clew.app.importing.tensorboard import export_tensorboard
    from clew.app.store import open_store
    from clew.app.tracking import tracking_of

    store = open_store()
    path, points = export_tensorboard(tracking_of(store.runtime), store.run(run).id, folder)
    if as_json:
        print_json({"path": path, "points": points})
    else:
        click.echo(f"{path}: {points:,} points; next: tensorboard --logdir {folder}")
