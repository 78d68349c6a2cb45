"""``clew import``: a thread from a file, or what another tracker keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, print_json

if TYPE_CHECKING:
    from clew.app.importing.report import Imported


class Import(click.Group):
    """A group whose first word may be a file: then it is a thread."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; without one of ours it is ``thread``."""
        first = next((word for word in args if not word.startswith("-")), None)
        if first not in self.commands:
            args = ["thread", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave the options of a thread to its command."""
        if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
            args = ["thread", *args]
        return super().parse_args(ctx, args)


@click.group("import", cls=Import)
def command() -> None:
    """Take in a thread (`clew import FILE`), or what another tracker keeps."""


@command.command("thread")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--trust", is_flag=True, help="Take values that run code when read (pickles).")
@json_option
def thread(file: str, trust: bool, as_json: bool) -> None:
    """Read a thread from FILE, which `clew export` wrote; everything in it is verified."""
    from clew.app.store import open_store

    bundle = open_store().import_(file, trust=trust)
    if as_json:
        print_json(bundle)
        return
    click.echo(f"{bundle.path}: {bundle.nodes} nodes, {bundle.values} values")
    if bundle.absent:
        click.echo(f"{len(bundle.absent)} values came without bytes")


@command.command("mlflow")
@click.argument("path", type=click.Path(exists=True))
@click.option(
    "--artifacts",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="Folder in which artifacts may be read; may be repeated. Default: beside PATH.",
)
@json_option
def mlflow(path: str, artifacts: tuple[str, ...], as_json: bool) -> None:
    """Take in an MLflow store: PATH is its SQLite file or its mlruns folder.

    Ids are kept, nothing is unpickled, and importing again adds only what is new.
    """
    from clew.app.importing.mlflow import import_mlflow
    from clew.app.tracking import open_tracking

    _show(import_mlflow(open_tracking(), path, artifacts=artifacts), as_json=as_json)


@command.command("tensorboard")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--experiment", metavar="NAME", help="Default: the folder's name.")
@json_option
def tensorboard(folder: str, experiment: str | None, as_json: bool) -> None:
    """Take in the scalars of TensorBoard event files: a run for each folder below FOLDER.

    Importing again adds the points that are new.
    """
    from clew.app.importing.tensorboard import import_tensorboard
    from clew.app.tracking import open_tracking

    report = import_tensorboard(open_tracking(), folder, experiment=experiment)
    _show(report, as_json=as_json)


@command.command("optuna")
@click.argument("storage")
@click.option("--study", metavar="NAME", help="Default: all.")
@click.option("--experiment", metavar="NAME", help="Default: the study's name.")
@json_option
def optuna(storage: str, study: str | None, experiment: str | None, as_json: bool) -> None:
    """Take in studies of Optuna: STORAGE is a URL (sqlite:///study.db), or a file.

    A study becomes an experiment, a trial a run. Importing again adds what is new.
    """
    from clew.app.importing.optuna import import_optuna
    from clew.app.tracking import open_tracking

    report = import_optuna(open_tracking(), storage, study=study, experiment=experiment)
    _show(report, as_json=as_json)


def _show(report: Imported, *, as_json: bool) -> None:
    if as_json:
        fields: dict[str, Any] = {
            "new": dict(report.new),
            "known": dict(report.known),
            "points": report.points,
            "verified": report.verified,
            "elsewhere": report.elsewhere,
            "left_out": report.left_out,
        }
        print_json(fields)
        return
    for kind in {**report.new, **report.known}:
        click.echo(f"{kind}: {report.new[kind]:,} new, {report.known[kind]:,} known")
    click.echo(f"points of metrics read: {report.points:,}")
    for line in report.elsewhere:
        click.echo(f"artifacts not copied, {line}")
    for line in report.left_out:
        click.echo(f"not taken in as it was: {line}")
