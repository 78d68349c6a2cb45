"""``clew gc``: drop bytes that nothing needs."""

from __future__ import annotations

import re

import click

from clew.cli.output import json_option, print_json, table
from clew.errors import InvalidParameter

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@click.command("gc")
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would go.")
@click.option("--older-than", metavar="AGE", help="Also what only older runs use: 30d, 12h.")
@click.option("--budget-gb", type=click.FloatRange(min=0), help="Bring the values down to this.")
@click.option("--metric", metavar="NAME", help="Under a budget: keep what leads to a high NAME.")
@click.option("--grace", default="1h", show_default=True, help="Keep what was used within.")
@json_option
def command(
    yes: bool,
    older_than: str | None,
    budget_gb: float | None,
    metric: str | None,
    grace: str,
    as_json: bool,
) -> None:
    """Drop the bytes of values that no run needs, that are old, or that exceed the budget.

    Records stay: what was dropped can still be explained, and computed again.
    """
    from clew.app.store import open_store

    found = open_store().gc(
        dry_run=not yes,
        older_than_s=None if older_than is None else _age(older_than),
        budget_bytes=None if budget_gb is None else int(budget_gb * 1e9),
        metric=metric,
        grace_s=_age(grace),
    )
    if as_json:
        print_json({"freed_bytes": found.freed_bytes, **_fields(found)})
        return
    if found.dropped:
        table(
            ["value", "bytes", "why"],
            [(d.id.hex()[:12], d.size_bytes, d.why) for d in found.dropped],
        )
    verb = "freed" if yes else "would free"
    click.echo(f"{verb} {found.freed_bytes:,} bytes in {len(found.dropped)} values; ", nl=False)
    click.echo(f"kept {found.kept_bytes:,} bytes in {found.kept_values}")
    if found.dropped and not yes:
        click.echo("to do it: the same command with --yes")


def _fields(found: object) -> dict[str, object]:
    from clew.cli.output import plain

    fields: dict[str, object] = plain(found)
    return fields


def _age(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip())
    if match is None:
        raise InvalidParameter(
            "an age", got=repr(text), expected="a number and s, m, h, d or w: 30d"
        )
    return float(match[1]) * _UNITS[match[2]]
