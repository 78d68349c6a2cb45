"""Write the pages that are generated from the product: `python docs/generate.py`.

A test fails while a page differs from what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

HERE = Path(__file__).parent
WIDTH = 88
VIEWS_HEAD = """\
What `clew sql` and `clew.open().sql` see. Ids are hexadecimal text, times are UTC, seconds end in
`_s` and bytes in `_bytes`. `values` is a reserved word: write `"values"`.
"""
REST_HEAD = """\
What `clew server` answers besides MLflow's protocol, and all that the web UI asks. Requests and
answers are described in full by the OpenAPI 3.1 document that the server gives at `/openapi.json`.
Times are milliseconds since the epoch, sizes bytes, durations seconds. A number that may be NaN or
infinite is then the text `"NaN"`, `"Infinity"` or `"-Infinity"`. What cannot be answered is
answered with a problem (`application/problem+json`): `what`, `got`, `expected`, `hint`, and the
`kind` of the error. A token needs the scope that stands beside the request; each scope includes
those before it: `read`, `log`, `promote`, `admin`.
"""
NOTE = "*Written by `python3 dev.py generate` from {}.*\n"


def commands() -> str:
    """Return the page of all commands, in the order in which help lists them."""
    from clew.cli import main

    head = "# Command line\n\n" + NOTE.format("the commands themselves") + "\n"
    return head + "\n".join(_sections(main, _context(main, "clew", None)))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    level = "#" * (2 + context.command_path.count(" "))
    title = context.command_path
    yield f"{level} {title}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _sections(child, _context(child, name, context))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    context.terminal_width = context.max_content_width = WIDTH
    return context


def views() -> str:
    """Return the page of the views that SQL sees."""
    from clew.adapters.stores.sql import views as module

    rows = dict(re.findall(r"^(\w+) {2,}(\S.*)$", module.__doc__ or "", re.MULTILINE))
    parts = ["# Views for SQL\n", NOTE.format("the views themselves"), VIEWS_HEAD]
    for name, view in module.VIEWS.items():
        parts += [f"## {name}\n", f"A row is {rows[name].split(' (')[0]}.\n"]
        parts += ["| column | type | |", "|---|---|---|"]
        parts += [f"| `{column}` | {kind} | {text} |" for column, kind, text in view.columns]
        parts.append("")
    return "\n".join(parts)


def routes() -> str:
    """Return the page of the REST interface, by resource."""
    from clew.api.rest.contract.routes import PREFIX, ROUTES

    parts = ["# REST interface\n", NOTE.format("the table of routes"), REST_HEAD]
    for resource in dict.fromkeys(route.resource for route in ROUTES):
        parts += [f"## {resource}\n", "| request | scope | does |", "|---|---|---|"]
        parts += [
            f"| `{route.method} {PREFIX}{route.path}` | {route.scope or ''} | {route.does} |"
            for route in ROUTES
            if route.resource == resource
        ]
        parts.append("")
    return "\n".join(parts)


def interface() -> str:
    """Return the OpenAPI document, from which the front end makes its client."""
    from clew.api.rest import openapi

    return openapi.encoded().decode()


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": commands,
    "sql.md": views,
    "rest.md": routes,
    "../frontend/openapi.json": interface,
}


def main() -> None:
    """Rewrite the pages."""
    for name, content in PAGES.items():
        (HERE / name).write_text(content(), encoding="utf-8")


if __name__ == "__main__":
    main()
