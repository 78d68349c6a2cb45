"""``clew study``: studies of model selection that the store keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, moment, print_json, table
from clew.errors import NotFound

if TYPE_CHECKING:
    from clew.app.store import Store
    from clew.lineage.records import Node

OPERATION = "clew.select:study"


@click.group("study")
def command() -> None:
    """List and show model-selection studies."""


@command.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List the newest studies first."""
    from clew.app.store import open_store

    store = open_store()
    rows = [_line(store, node) for node in store.runtime.store.history(OPERATION, limit)]
    if as_json:
        print_json(rows)
    elif rows:
        table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        click.echo("no studies yet; clew.Search(...).fit(X, y) records one")


@command.command("show")
@click.argument("id", default="last")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def show(id: str, limit: int, as_json: bool) -> None:
    """Show the configurations of study ID (the newest by default), best first."""
    from clew.app.store import open_store

    store = open_store()
    node = _study(store, id)
    results: dict[str, Any] = store.value(node.id.hex())
    if as_json:
        print_json({"study": node.id, "inputs": _inputs(store, node), "results": results})
        return
    click.echo(f"study {node.id.hex()}  {moment(node.created_ms)}")
    for name, shown in _inputs(store, node).items():
        click.echo(f"  {name}: {shown}")
    best = results.get("best_params")
    if best:
        listed = ", ".join(f"{name}={value}" for name, value in dict(best).items())
        click.echo(f"  best: {listed} (mean score {results['best_score']:.6g})")
    _table(results, limit)


@command.command("importance")
@click.argument("id", default="last")
@click.option("--metric", help="For which score; the first one by default.")
@json_option
def importance(id: str, metric: str | None, as_json: bool) -> None:
    """Say which params of study ID (the newest by default) mattered, and which pairs of them.

    A forest is fitted over the trials, and its variance taken apart (fANOVA): "alone" is what a
    param explains by itself, "share" what it explains together with others.
    """
    from clew.app.importance import study_importance
    from clew.app.store import open_store

    store = open_store()
    found = study_importance(store, _study(store, id).id.hex(), metric)
    if as_json:
        print_json(found)
        return
    click.echo(f"{found.metric} of {found.trials} trials; explained: {found.explained:.0%}")
    rows = [(one.param, f"{one.share:.1%}", f"{one.alone:.1%}") for one in found.params]
    table(["param", "share", "alone"], rows)
    for pair in found.pairs:
        click.echo(f"{' × '.join(pair.params)}: {pair.share:.1%} together")


def _study(store: Store, id: str) -> Node:
    """Return the node of a study; that of the newest for ``last``."""
    if id == "last":
        newest = store.runtime.store.history(OPERATION, 1)
        if not newest:
            raise NotFound("there are no studies yet", hint="clew.Search(...).fit(X, y)")
        return newest[0]
    node = store.node(id)
    if node.operation != OPERATION:
        raise NotFound(f"{id!r} is no study", hint="`clew study list` lists studies")
    return node


def _inputs(store: Store, node: Node) -> dict[str, str]:
    """Return what decided a study, by name: as people read it, else the id."""
    shown = store.runtime.store.describe([edge.value for edge in node.inputs])
    return {
        edge.name: shown[edge.value].preview or edge.value.hex()
        if edge.value in shown
        else edge.value.hex()
        for edge in node.inputs
    }


def _line(store: Store, node: Node) -> dict[str, Any]:
    shown = store.runtime.store.describe([edge.value for edge in node.inputs])
    by_name = {edge.name: shown[edge.value].preview for edge in node.inputs if edge.value in shown}
    return {
        "study": node.id.hex(),
        "created (UTC)": moment(node.created_ms),
        "estimator": by_name.get("estimator", ""),
        "data": by_name.get("X", ""),
    }


def _table(results: dict[str, Any], limit: int) -> None:
    metrics = [name for name in results if name.startswith("mean_test_")]
    ranks = results[f"rank_test_{metrics[0].removeprefix('mean_test_')}"]
    params = [name for name in results if name.startswith("param_")]
    order = sorted(range(len(ranks)), key=lambda index: (ranks[index], index))[:limit]
    columns = ["rank", *(m.removeprefix("mean_test_") for m in metrics), *(p[6:] for p in params)]
    rows = [
        [
            ranks[index],
            *(f"{results[metric][index]:.6g}" for metric in metrics),
            *(results[param][index] for param in params),
            (results.get("rewrite") or [""] * len(ranks))[index],
        ]
        for index in order
    ]
    table([*columns, "rewrite"], rows)
