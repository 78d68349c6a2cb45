"""``clew run FOLDER``: an MLflow Project, with a server for what it logs by the MLflow client."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import click

from clew.cli.output import print_json, seconds
from clew.errors import InvalidParameter, StoreError

if TYPE_CHECKING:
    from clew.app.settings import Settings

_STARTS_S = 60.0


def run_target(
    target: str, arguments: Sequence[str], *, entry: str | None, quiet: bool, as_json: bool
) -> None:
    """Run an entry point of the project TARGET; its exit status is this command's."""
    from clew.app.project import ENTRY, run_project
    from clew.app.settings import load
    from clew.app.tracking import open_tracking

    settings = load()
    tracking = open_tracking(settings)
    given = dict(map(_pair, arguments))

    def echo(line: bytes) -> None:
        if not quiet and not as_json:
            click.echo(line, nl=False)

    with nullcontext(settings.server) if settings.server else _server(settings) as address:
        done = run_project(
            tracking,
            target,
            given,
            entry=entry or ENTRY,
            store=settings.server or settings.database or str(settings.store),
            server=address,
            echo=echo,
        )
    if as_json:
        print_json(done)
    else:
        ended = "finished" if done.status == 0 else f"failed with status {done.status}"
        click.echo(f"run {done.id} {ended} in {seconds(done.seconds)}")
    if done.status:
        sys.exit(1)


def _pair(argument: str) -> tuple[str, str]:
    name, equals, value = argument.partition("=")
    if not equals or not name:
        raise InvalidParameter("parameter of a project", got=argument, expected="NAME=VALUE")
    return name, value


@contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """Give the address of the store's server; one is started for the time where there is none."""
    from clew.api.server.running import find

    running = find(settings.store)
    if running is not None:
        yield running.address
        return
    command = [sys.executable, "-m", "clew", "server", "--port", "0"]
    # An address with a password is no argument: everybody can read those of all processes.
    environment = {**os.environ, "CLEW_STORE": settings.database or str(settings.store)}
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            deadline = time.monotonic() + _STARTS_S
            while running is None:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise StoreError("no server of the store could be started", hint="clew server")
                time.sleep(0.02)
                running = find(settings.store)
            yield running.address
        finally:
            process.terminate()
