"""``clew model``: one model to and from other systems, and into an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clew.cli.output import json_option, print_json, table
from clew.errors import InvalidParameter

_sample = click.option(
    "--sample",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parquet or CSV file with rows as the model was fitted on; from lineage by default.",
)
_trust = click.option("--trust", is_flag=True, help="Also read types that are no library's own.")


@click.group("model")
def command() -> None:
    """Export a model, import one, build an image's folder; each with a comparison."""


@command.command("export")
@click.argument("model")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format",
    type=click.Choice(["onnx", "pyfunc", "pmml"]),
    default="onnx",
    show_default=True,
    help="An ONNX graph, a folder of MLflow's, or a PMML document.",
)
@_sample
@_trust
@json_option
def export(
    model: str, path: Path, format: str, sample: Path | None, trust: bool, as_json: bool
) -> None:
    """Write MODEL (adult@champion, adult/3, RUN:STEP) to PATH in a format of others.

    It is written only if what reads the format says the same as the model.
    """
    from clew.app.transfer import export

    done = export(_found(model, sample, trust=trust), format, path)
    if as_json:
        print_json(done)
        return
    click.echo(f"{done.path}: {done.format}, {done.comparison}")


@command.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--name", required=True, help="The registered model that gets a new version.")
@click.option("--alias", help="Point this alias to the new version.")
@_sample
@_trust
@json_option
def take(
    path: Path, name: str, alias: str | None, sample: Path | None, trust: bool, as_json: bool
) -> None:
    """Register the model at PATH: an .onnx or .pmml file, or a folder of MLflow's.

    It is compared with the rows and answers that the file carries.
    """
    from clew.app.serving import read_sample
    from clew.app.transfer import take

    rows = None if sample is None else read_sample(sample)
    done = take(path, name, alias=alias, sample=rows, trust=trust)
    if as_json:
        print_json(done)
        return
    click.echo(f"{done.name} version {done.version} from {done.format}: {done.comparison}")


@command.command("build")
@click.argument("model")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--wheel",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="A wheel of clew to install in the image, where its version is on no index.",
)
@_sample
@_trust
@json_option
def build(
    model: str,
    folder: Path,
    wheel: Path | None,
    sample: Path | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Write FOLDER, from which an image builds that serves MODEL: `docker build FOLDER`."""
    from clew.app.transfer import build

    done = build(_found(model, sample, trust=trust), folder, wheel=wheel)
    if as_json:
        print_json(done)
        return
    click.echo(f"{done.folder}: {done.packages} packages pinned; {done.comparison}")


@command.command("quantize")
@click.argument("model")
@click.option("--name", required=True, help="The registered model that gets a new version.")
@click.option("--alias", help="Point this alias to the new version.")
@click.option(
    "--max-loss",
    default=0.005,
    show_default=True,
    help="Share of rows that may come out otherwise; of rows that come out wrong, with --test.",
)
@click.option(
    "--test",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV or Parquet file with rows that judge, and their true labels (--target).",
)
@click.option("--target", help="Column of the true labels.")
@_sample
@_trust
@json_option
def quantize(
    model: str,
    name: str,
    alias: str | None,
    max_loss: float,
    test: Path | None,
    target: str | None,
    sample: Path | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Register MODEL, a network, in 8-bit weights: the smallest form within the loss allowed.

    Rows that it was fitted on calibrate; others judge. Exits with status 3 when no form passes.
    """
    from clew.app.store import open_store
    from clew.app.transfer import quantize

    if (test is None) != (target is None):
        raise click.UsageError("--test and --target go together")
    rows = None if test is None or target is None else _parted(test, target)
    found = _found(model, sample, trust=trust)
    done = quantize(open_store(), found, name, alias=alias, max_loss=max_loss, test=rows)
    if as_json:
        print_json(done)
    else:
        table(
            ("form", "size", "one row", "each of many", "loss", "surely <", "accuracy", ""),
            [
                (line.method, f"{line.size_bytes / 1000:.1f} kB",
                 _ms(line.one_ms), _ms(line.many_ms),
                 _share(line.loss), _share(line.loss_bound), _share(line.accuracy), line.told)
                for line in done.lines
            ],
        )  # fmt: skip
        if done.chosen is not None:
            click.echo(f"{done.name} version {done.version}: {done.chosen}; table {done.node[:12]}")
    if done.chosen is None:
        click.echo("nothing was registered: no form loses so little", err=True)
        raise SystemExit(3)


def _parted(path: Path, target: str) -> tuple[Any, Any]:
    from clew.app.serving import read_sample

    rows = read_sample(path)
    if target not in rows.columns:
        raise InvalidParameter(
            "There is no such column.", got=target, expected=", ".join(map(str, rows.columns[:20]))
        )
    return rows.drop(columns=target), rows[target]


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.3f} ms"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _found(model: str, sample: Path | None, *, trust: bool) -> Any:
    from clew.app.serving import find
    from clew.app.store import open_store

    return find(open_store(), model, sample, trust=trust)
