"""``clew show``: a run, a node or a value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import json_option, moment, print_json, seconds, table

if TYPE_CHECKING:
    from clew.app.store import Store


@click.command("show")
@click.argument("id")
@json_option
def command(id: str, as_json: bool) -> None:
    """Show the run, node or value ID (its beginning is enough; `last` is the newest run)."""
    from clew.app.names import find
    from clew.app.store import open_store

    store = open_store()
    if id in ("last", "-1"):
        kind = "run"
    elif ":" in id:
        kind = "node"
    else:
        kind = find(store.runtime, id).kind
    described = {"run": _run, "node": _node, "value": _value}[kind](store, id)
    if as_json:
        print_json(described)
    else:
        _print(described)


def _run(store: Store, id: str) -> dict[str, Any]:
    run = store.run(id)
    entries = store.entries(run.id)
    return {
        "run": run.id,
        "flow": run.flow,
        "status": run.status,
        "started": moment(run.started_ms),
        "ended": moment(run.ended_ms),
        "arguments": json.loads(run.arguments),
        "context": json.loads(run.context),
        "error": run.error,
        "result": run.result,
        "metrics": {e.key: e.number for e in entries if e.kind == "metric"},
        "params": {e.key: e.text for e in entries if e.kind == "param"},
        "steps": [
            {
                "step": use.label,
                "decision": use.decision,
                "took": seconds(use.wall_s),
                "node": use.node,
            }
            for use in store.uses(run.id)
        ],
    }


def _node(store: Store, id: str) -> dict[str, Any]:
    node = store.node(id)
    shown = store.runtime.store.describe([edge.value for edge in (*node.inputs, *node.outputs)])
    code = store.runtime.store.code(node.code) if node.code else None

    def text(value: Any) -> str:
        found = shown.get(value)
        return f"{value.hex()[:12]}  {found.preview if found else ''}".rstrip()

    return {
        "node": node.id,
        "operation": node.operation,
        "kind": node.kind,
        "code": code.name if code else None,
        "code id": node.code,
        "seed": node.seed,
        "created": moment(node.created_ms),
        "took": seconds(node.cost.wall_s),
        "inputs": {edge.name: text(edge.value) for edge in node.inputs},
        "outputs": {edge.name: text(edge.value) for edge in node.outputs},
        "reads": {f"{read.kind} {read.name}": read.value for read in node.reads},
        "irreproducible": node.irreproducible,
    }


def _value(store: Store, id: str) -> dict[str, Any]:
    from clew.app.names import find
    from clew.lineage.canonical import Digest, ValueId

    value = ValueId(Digest(bytes.fromhex(find(store.runtime, id).id)))
    found = store.runtime.store.describe([value]).get(value)
    described: dict[str, Any] = {"value": value}
    if found is not None:
        described |= {
            "type": found.type_name,
            "preview": found.preview,
            "format": found.format,
            "size_bytes": found.size_bytes,
        }
    described["stored"] = store.runtime.vault.has(value)
    described["made by"] = list(store.runtime.store.linked(value, "up"))
    described["read by"] = list(store.runtime.store.linked(value, "down"))
    return described


def _print(described: dict[str, Any]) -> None:
    from clew.cli.output import plain

    for name, value in plain(described).items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"{name}:")
            table(list(value[0]), [list(row.values()) for row in value])
        elif isinstance(value, dict):
            click.echo(f"{name}:" if value else f"{name}: (none)")
            for key, item in value.items():
                click.echo(f"  {key}: {item}")
        elif value not in (None, "", []):
            click.echo(f"{name}: {value}")
