"""``clew lineage``: the graph around something, as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.output import json_option, print_json, seconds

if TYPE_CHECKING:
    from clew.lineage.canonical import NodeId
    from clew.lineage.graph import Lineage


@click.command("lineage")
@click.argument("id")
@click.option("--up", is_flag=True, help="What it came from (the default).")
@click.option("--down", is_flag=True, help="What came of it.")
@click.option("--depth", type=click.IntRange(min=1), help="Longest distance.")
@click.option("--trace", is_flag=True, help="Print the thread as a trace that can be parsed.")
@json_option
def command(id: str, up: bool, down: bool, depth: int | None, trace: bool, as_json: bool) -> None:
    """Show what ID (run, node, value, RUN:STEP, adult@champion) came from, or what came of it."""
    from clew.app.store import open_store

    store = open_store()
    if trace:
        click.echo(store.trace(id), nl=False)
        return
    lineage = store.lineage(id, up=up or not down, down=down, depth=depth)
    if as_json:
        print_json(lineage)
        return
    if up or not down:
        _tree(lineage, up=True)
    if down:
        _tree(lineage, up=False)


def _tree(lineage: Lineage, *, up: bool) -> None:
    """Print a tree; a node that was printed before is named, not unfolded again."""
    nodes = {node.id: node for node in lineage.nodes}
    arrows: dict[NodeId, list[tuple[str, NodeId]]] = {}
    for link in lineage.links:
        near, far = (link.target, link.source) if up else (link.source, link.target)
        arrows.setdefault(near, []).append((link.name, far))
    # Among several starting points, those that stand below another one are printed within it.
    inner = {far for id in lineage.focus for _, far in arrows.get(id, ())}
    starts = [id for id in lineage.focus if id not in inner] or list(lineage.focus)
    seen: set[NodeId] = set()
    pending = [(start, "", 0) for start in reversed(starts)]
    while pending:
        id, name, depth = pending.pop()
        node = nodes.get(id)
        if node is None:
            continue
        label = f"{name}: " if name else ""
        again = "  (above)" if id in seen else ""
        took = "" if again else f"  {seconds(node.cost.wall_s)}"
        click.echo(f"{'  ' * depth}{label}{node.operation}  {id.hex()[:12]}{took}{again}")
        if id in seen:
            continue
        seen.add(id)
        if up:
            for read in node.reads:
                click.echo(f"{'  ' * (depth + 1)}{read.kind} {read.name}  {read.value.hex()[:12]}")
        pending.extend((far, edge, depth + 1) for edge, far in reversed(arrows.get(id, [])))
