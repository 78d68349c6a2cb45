"""Write the pages that are generated from the product: `python docs/generate.py`.

A test fails while a page differs from what this would write.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 88
HEAD = """\
# Command line

*Written by `python3 dev.py generate` from the commands themselves.*

"""


def reference(root: click.Group) -> str:
    """Return the page of all commands below `root`, in the order in which help lists them."""
    return HEAD + "\n".join(_sections(root, click.Context(root, info_name="clew")))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    context.terminal_width = context.max_content_width = WIDTH
    level = "#" * (2 + context.command_path.count(" "))
    title = context.command_path
    yield f"{level} {title}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _sections(child, click.Context(child, context, info_name=name))


def main() -> None:
    """Rewrite the page."""
    from clew.cli import main as root

    PAGE.write_text(reference(root), encoding="utf-8")


if __name__ == "__main__":
    main()
