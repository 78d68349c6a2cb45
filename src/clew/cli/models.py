"""``clew models``: registered models, their versions, and who promoted them."""

from __future__ import annotations

import click

from clew.cli.output import json_option, moment, print_json, table


@click.group("models", invoke_without_command=True)
@click.option("--filter", "text", default="", help="MLflow's filter: \"name LIKE 'adult%'\".")
@json_option
@click.pass_context
def command(context: click.Context, text: str, as_json: bool) -> None:
    """List registered models, or show, register and promote versions."""
    if context.invoked_subcommand is not None:
        return
    from clew.app.tracking import open_tracking

    page = open_tracking().registered.search(filter=text, limit=1000)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        click.echo("no registered models yet; clew models register models:/m-… NAME")
        return
    rows = [
        (
            model.name,
            max((version.version for version in model.latest), default=""),
            " ".join(f"@{alias}→{version}" for alias, version in model.aliases.items()),
            moment(model.updated_ms),
        )
        for model in page.items
    ]
    table(["name", "newest", "aliases", "changed (UTC)"], rows)


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """List the versions of registered model NAME, the newest first."""
    from clew.app.tracking import open_tracking
    from clew.registry import versions

    model = open_tracking().registered.get(name)
    found = versions(name)
    if as_json:
        print_json({"model": model, "versions": found})
        return
    rows = [
        (
            one.version,
            " ".join(f"@{alias}" for alias in one.aliases),
            one.stage,
            one.run_id or "",
            (one.content or "")[:12],
            one.user or "",
            moment(one.created_ms),
        )
        for one in found
    ]
    table(["version", "aliases", "stage", "run", "content", "by", "created (UTC)"], rows)


@command.command("logged")
@click.option("--experiment", "experiments", multiple=True, help="Only of this experiment.")
@click.option("--filter", "text", default="", help="MLflow's filter: \"params.C = '1.0'\".")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def logged(experiments: tuple[str, ...], text: str, limit: int, as_json: bool) -> None:
    """List logged models, the newest first."""
    from clew.app.tracking import open_tracking
    from clew.track.find import ids_of

    ports = open_tracking()
    page = ports.search.models(ids_of(ports, experiments or None), filter=text, limit=limit)
    if as_json:
        print_json(page.items)
        return
    rows = [
        (
            one.id,
            one.name,
            one.tags.get("clew.learner", ""),
            one.status,
            one.source_run_id or "",
            moment(one.created_ms),
        )
        for one in page.items
    ]
    table(["model", "name", "learner", "status", "run", "created (UTC)"], rows)


@command.command("register")
@click.argument("source")
@click.argument("name")
@click.option("--alias", help="Point this alias to the new version.")
@click.option("--description", help="What is to be known of it.")
def register(source: str, name: str, alias: str | None, description: str | None) -> None:
    """Make SOURCE (models:/m-…, runs:/RUN/NAME) the next version of NAME."""
    from clew.registry import register

    version = register(source, name, alias=alias, description=description)
    click.echo(f"{name} version {version.version}")


@command.command("promote")
@click.argument("name")
@click.argument("version", type=int)
@click.option("--alias", default="champion", show_default=True, help="The alias that moves.")
@click.option("--reason", help="Why; it is kept.")
def promote(name: str, version: int, alias: str, reason: str | None) -> None:
    """Point an alias of NAME to VERSION."""
    from clew.registry import promote

    promote(name, version, alias=alias, reason=reason)
    click.echo(f"{name}@{alias} is version {version}")


@command.command("rollback")
@click.argument("name")
@click.option("--alias", default="champion", show_default=True, help="The alias that moves back.")
@click.option("--reason", help="Why; it is kept.")
def rollback(name: str, alias: str, reason: str | None) -> None:
    """Point an alias of NAME to the version that it pointed to before."""
    from clew.registry import roll_back

    version = roll_back(name, alias=alias, reason=reason)
    click.echo(f"{name}@{alias} is version {version.version}")


@command.command("delete")
@click.argument("name")
@click.argument("version", type=int, required=False)
@click.option("--reason", help="Why; it is kept.")
def delete(name: str, version: int | None, reason: str | None) -> None:
    """Remove VERSION of NAME, or NAME with all its versions; both can be restored."""
    from clew.registry import remove

    remove(name, version, reason=reason)
    click.echo(f"removed {_named(name, version)}; clew models restore brings it back")


@command.command("restore")
@click.argument("name")
@click.argument("version", type=int, required=False)
@click.option("--reason", help="Why; it is kept.")
def restore(name: str, version: int | None, reason: str | None) -> None:
    """Bring back VERSION of NAME, or NAME with its versions and aliases."""
    from clew.registry import restore

    restore(name, version, reason=reason)
    click.echo(f"restored {_named(name, version)}")


@command.command("removed")
@json_option
def removed(as_json: bool) -> None:
    """List the models and versions that can be restored."""
    from clew.registry import removed

    found = removed()
    if as_json:
        print_json(found)
        return
    rows = [
        (_named(one.name, one.version), one.versions, moment(one.time_ms), one.actor, one.reason)
        for one in found
    ]
    table(["model", "versions", "removed (UTC)", "by", "why"], rows)


def _named(name: str, version: int | None) -> str:
    return name if version is None else f"{name} version {version}"


@command.command("history")
@click.argument("name")
@json_option
def history(name: str, as_json: bool) -> None:
    """Say who changed what of NAME, when and why."""
    from clew.registry import history

    events = history(name)
    if as_json:
        print_json(events)
        return
    rows = [
        (moment(e.time_ms), e.actor, e.action, e.subject, e.before or "", e.after or "", e.reason)
        for e in events
    ]
    table(["when (UTC)", "who", "what", "of", "before", "after", "why"], rows)
