"""How commands answer: JSON where it is asked for, tables for people, plain when piped."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def plain(value: Any) -> Any:
    """Return a record as plain data for JSON: ids as hexadecimal digits."""
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "__struct_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def print_json(value: Any) -> None:
    """Print a record, or a list of them, as JSON."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows: a drawn table on a terminal, tab-separated lines elsewhere."""
    listed = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        click.echo("\t".join(columns))
        for row in listed:
            click.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in listed:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def moment(time_ms: int | None) -> str:
    """Return a time as people read it, in UTC."""
    if time_ms is None:
        return ""
    when = datetime.fromtimestamp(time_ms / 1000, tz=UTC)
    return when.strftime("%Y-%m-%d %H:%M:%S")


def seconds(value_s: float) -> str:
    """Return a duration with the digits that matter."""
    if value_s < 1:
        return f"{value_s * 1000:.1f} ms"
    return f"{value_s:.1f} s" if value_s < 120 else f"{value_s / 60:.1f} min"
