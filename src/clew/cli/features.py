"""``clew data features``: views of entities' features, for training and for serving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json

if TYPE_CHECKING:
    from clew.app.features import Features

_path = click.Path(dir_okay=False, path_type=Path)
_name = click.argument("name")


@click.group("features")
def command() -> None:
    """Features of entities: defined once, read as they were known, and served."""


@command.command("define")
@_name
@click.option("--entity", "entities", multiple=True, required=True, help="Whose features.")
@click.option("--feature", "features", multiple=True, required=True, help="Columns with them.")
@click.option("--event-time", required=True, help="Column: from when a row's values hold.")
@click.option("--created-time", help="Column: when the row became known.")
@click.option("--ttl", "ttl_s", type=float, help="Seconds after which values are too old.")
def define(
    name: str,
    entities: tuple[str, ...],
    features: tuple[str, ...],
    event_time: str,
    created_time: str | None,
    ttl_s: float | None,
) -> None:
    """Define the feature view NAME."""
    from clew.data.features import FeatureView

    view = FeatureView(
        name=name,
        entities=entities,
        features=features,
        event_time=event_time,
        created_time=created_time,
        ttl_s=ttl_s,
    )
    _open(name).define(view)
    click.echo(f"{name}: {', '.join(features)} of {', '.join(entities)}")


@command.command("history")
@_name
@click.argument("table", type=_path)
@click.argument("rows", type=_path)
@click.option("--time", default="time", show_default=True, help="Column of ROWS with their times.")
@click.option("--out", required=True, type=_path, help="Parquet, CSV or TSV file.")
def history(name: str, table: Path, rows: Path, time: str, out: Path) -> None:
    """Write ROWS with the features of TABLE that were known at their times."""
    from clew.app.cleaning import write_table

    found = _open(name).history(rows, table, time=time)
    write_table(found, out)
    click.echo(f"{out}: {found.num_rows} rows")


@command.command("materialize")
@_name
@click.argument("table", type=_path)
@json_option
def materialize(name: str, table: Path, as_json: bool) -> None:
    """Serve what TABLE knows now."""
    features = _open(name)
    node = features.materialize(table)
    fresh = features.freshness()
    if as_json:
        print_json({"node": node, "freshness": fresh})
    else:
        click.echo(f"{name}: {fresh.entities} entities")


@command.command("get")
@_name
@click.argument("key", nargs=-1, required=True)
def get(name: str, key: tuple[str, ...]) -> None:
    """Print the features of an entity, given as ENTITY=VALUE (of several, one each)."""
    features = _open(name)
    given: dict[str, object] = {}
    for part in key:
        entity, is_given, value = part.partition("=")
        if not is_given:
            raise click.UsageError(f"{part!r} is no ENTITY=VALUE")
        given[entity] = int(value) if value.lstrip("-").isdigit() else value
    texts = {name: str(value) for name, value in given.items()}
    (found,) = features.get_online([given])
    if all(value is None for value in found.values()):
        (found,) = features.get_online([texts])  # Digits may be a text.
    print_json(found)


def _open(name: str) -> Features:
    from clew.app.store import open_store

    return open_store().features(name)
