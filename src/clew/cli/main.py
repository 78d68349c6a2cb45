"""The root command: lists the commands without importing them, and translates errors."""

from __future__ import annotations

import importlib
import os
import select
import sys
import traceback
from typing import Any

import click

import clew
from clew import __version__
from clew.errors import ClewError

COMMANDS = {
    "init": "Make this folder a clew project.",
    "run": "Run a flow: FILE:FLOW k=v …",
    "demo": "The whole lifecycle on real data, in a minute.",
    "data": "What a table must look like, and what is wrong with one.",
    "server": "Serve the store: web UI, MLflow's protocol, REST.",
    "ui": "Open the web UI.",
    "token": "Make, list and revoke tokens for the server.",
    "runs": "Find runs.",
    "experiments": "List and change experiments.",
    "models": "Registered models, versions, promotion.",
    "gate": "Judge a new model before it is promoted.",
    "debug": "The report on a model and its data.",
    "compare": "Two models row by row.",
    "fairness": "How a model treats groups.",
    "check": "How a model's answers move with a column.",
    "problems": "What is wrong with a split.",
    "slices": "Where a model is worst.",
    "model": "Export a model, import one, build an image.",
    "show": "Show a run, a node or a value.",
    "lineage": "Show what something came from, or what came of it.",
    "why": "Say why each step of a run was computed, reused or pruned.",
    "diff": "Say where two threads part, and why.",
    "rebuild": "Execute a thread again and compare every content id.",
    "erase": "Forget rows, and say what came of them.",
    "impact": "List what depends on a file, an id or a library version.",
    "automl": "A model for a table, within a budget of seconds.",
    "study": "List and show model-selection studies.",
    "sql": "Ask the store in SQL.",
    "deploy": "Put versions behind one name.",
    "deployments": "List deployments; promote, stop, roll back.",
    "serve": "Answer requests with deployments and models.",
    "predictions": "List what was answered.",
    "monitor": "What changed since a model was made.",
    "assertions": "What is wrong with answers.",
    "explain": "Follow a prediction back to the data; explain an outcome.",
    "gc": "Remove values that nothing needs.",
    "fsck": "Check the store.",
    "backup": "Copy the store to a folder, while it is used.",
    "restore": "Bring a backup back.",
    "export": "Write a thread with its values to one file.",
    "import": "Read a thread from a file.",
}


class Commands(click.Group):
    """Commands by name; a module is imported when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the lifecycle."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"clew.cli.{_module(cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; clew's own errors become one message and exit status 1."""
        try:
            return super().invoke(ctx)
        except ClewError as error:
            raise Failure(str(error)) from error
        except KeyboardInterrupt:
            message = "interrupted: what had finished is kept; run the same command to go on"
            raise Interrupted(message) from None
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as error:
            if isinstance(error, BrokenPipeError) and _nobody_reads():
                raise SystemExit(_CLOSED_PIPE) from None
            if os.environ.get("CLEW_DEBUG"):
                raise
            raise Failure(users_traceback(error)) from None


_CLOSED_PIPE = 141
"""The shell's status for a program that wrote to a closed pipe (128 and SIGPIPE)."""


def _nobody_reads() -> bool:
    """Tell whether whoever read what is printed is gone; then nothing more is printed."""
    try:
        descriptor = sys.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, 0)
        if not any(event & select.POLLERR for _, event in poll.poll(0)):
            return False
        # What still waits to be written must not fail at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    except (AttributeError, OSError, ValueError):
        return False  # No descriptor, or a system without `poll`.
    return True


def users_traceback(error: BaseException) -> str:
    """Return the traceback of an exception from the user's code, clew's own frames left out.

    ``CLEW_DEBUG=1`` shows them all.
    """
    own = (os.path.dirname(clew.__file__) + os.sep, os.path.dirname(click.__file__) + os.sep)  # noqa: PTH120
    shown = traceback.TracebackException.from_exception(error)
    kept = [
        frame
        for frame in shown.stack
        if not frame.filename.startswith(own) and "concurrent/futures" not in frame.filename
    ]
    # The first frames are the console script that called clew.
    while kept and kept[0].filename == sys.argv[0]:
        kept.pop(0)
    shown.stack = traceback.StackSummary.from_list(kept)
    return "".join(shown.format()).rstrip()


class Failure(click.ClickException):
    """An error as the command line shows it."""

    def show(self, file: Any = None) -> None:
        """Print the message to the error stream."""
        click.echo(f"error: {self.format_message()}", err=True)


def _module(name: str) -> str:
    return {"import": "import_"}.get(name, name)


class Interrupted(Failure):
    """The user pressed Ctrl-C: the shell's status for that."""

    exit_code = 130


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clew")
@click.option(
    "--store",
    metavar="FOLDER|URL",
    envvar="CLEW_STORE",
    help="The store to use. Default: CLEW_STORE, clew.toml, or .clew here or above.",
)
@click.pass_context
def main(ctx: click.Context, store: str | None) -> None:
    """clew: the machine-learning lifecycle on one lineage graph."""
    if store:
        os.environ["CLEW_STORE"] = store if "://" in store else os.path.abspath(store)  # noqa: PTH100


if __name__ == "__main__":
    sys.exit(main())
