"""``clew deploy``: versions behind one name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from clew.cli.output import json_option, print_json


@click.command("deploy")
@click.argument("name", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML or YAML file with all of it.",
)
@click.option("--champion", help="What answers: adult@champion, adult/3, RUN:STEP.")
@click.option("--arm", "arms", multiple=True, metavar="ROLE=MODEL", help="Another arm.")
@click.option("--policy", default="static", show_default=True, help="Who decides among the arms.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Of the policy.")
@click.option("--by", multiple=True, metavar="FIELD", help="Decide apart for each value of it.")
@click.option("--canary", metavar="MODEL", help="Gets a small share, and loses it when worse.")
@click.option(
    "--share",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="The canary's share of the requests.",
)
@click.option("--shadow", "shadows", multiple=True, metavar="MODEL", help="Answers unseen.")
@click.option("--reward", default="auto", show_default=True, help="What feedback is worth.")
@click.option("--deadline-ms", type=float, help="Combine the answers that have come by then.")
@click.option(
    "--cache", default=0, show_default=True, type=click.IntRange(0), help="Answers to remember."
)
@click.option("--reason", default="", help="Kept with the change.")
@json_option
def command(
    name: str | None,
    file: Path | None,
    champion: str | None,
    arms: tuple[str, ...],
    canary: str | None,
    share: float,
    shadows: tuple[str, ...],
    reason: str,
    as_json: bool,
    **told: Any,
) -> None:
    """Record deployment NAME; processes that serve it (clew serve NAME) take it up.

    Again, it replaces what was there: clew deployments rollback NAME brings that back.
    """
    from clew.app.deployments import change
    from clew.app.store import open_store
    from clew.serve.deployment.config import Canary, Deployment, read_file

    if file is not None:
        if name or champion:
            raise click.UsageError("--file says all of it")
        config = read_file(file)
    else:
        if not (name and champion):
            raise click.UsageError("give NAME and --champion, or --file")
        roles = {"champion": champion, **_pairs(arms, "--arm")}
        if canary:
            roles["canary"] = canary
        dark = tuple("shadow" if at == 0 else f"shadow{at + 1}" for at in range(len(shadows)))
        roles |= dict(zip(dark, shadows, strict=True))
        config = Deployment(
            name=name,
            arms=roles,
            policy=told["policy"],
            settings={key: _value(text) for key, text in _pairs(told["settings"], "--set").items()},
            by=told["by"],
            reward=told["reward"],
            deadline_ms=told["deadline_ms"],
            shadow=dark,
            canary=Canary(arm="canary", share=share) if canary else None,
            cache=told["cache"],
        )
    state = change.deploy(open_store(), config, reason=reason)
    if as_json:
        print_json(state)
        return
    from clew.cli.deployments import say

    say(state)
    click.echo(f"clew serve {state.name}  answers requests with it")


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise click.UsageError(f"{option} {text!r}: expected KEY=VALUE")
        found[key] = value
    return found


def _value(text: str) -> Any:
    """Return a setting as JSON has it; what is no JSON is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
