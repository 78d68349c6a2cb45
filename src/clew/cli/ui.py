"""``clew ui``: open the web UI."""

from __future__ import annotations

import click


@click.command("ui")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of a server that is started.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def command(port: int | None, no_browser: bool) -> None:
    """Open the web UI of this store in a browser; start a server when none runs."""
    from clew.api.server import running
    from clew.app.settings import load

    settings = load()
    if settings.server is not None:
        _open(settings.server, no_browser=no_browser)
        return
    found = running.find(settings.store)
    if found is not None:
        _open(found.address, no_browser=no_browser)
        return
    from clew.api.server.run import run

    def ready(address: str, _needs_token: bool) -> None:
        _open(address, no_browser=no_browser)
        click.echo("Ctrl-C ends the server")

    run("127.0.0.1", port or 0, hosts=(), ready=ready)


def _open(address: str, *, no_browser: bool) -> None:
    click.echo(address)
    if not no_browser:
        import webbrowser

        webbrowser.open(address)
