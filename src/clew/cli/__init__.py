"""The command line: one module per command, loaded when it is called. No facts of its own."""

from __future__ import annotations

from clew.cli.main import main

__all__ = ["main"]
