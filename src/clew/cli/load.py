"""Flows from files: ``FILE:FLOW`` to the flow object."""

from __future__ import annotations

from typing import Any

from clew.app.modules import module_from
from clew.errors import NotFound
from clew.steps.flow import Flow


def flow_from(target: str) -> Flow[..., Any]:
    """Return the flow that ``FILE:FLOW`` or ``MODULE:FLOW`` names.

    The file is imported as a module of its own name, with its folder first on the import path, as
    Python does for a script. Without ``:FLOW`` the file must hold exactly one flow.

    Raises
    ------
    NotFound
        When there is no such file, module or flow.
    """
    place, _, name = target.partition(":")
    module = module_from(place, hint="clew run FILE.py:FLOW or MODULE:FLOW")
    flows = {key: item for key, item in vars(module).items() if isinstance(item, Flow)}
    if not name and len(flows) == 1:
        return next(iter(flows.values()))
    if name not in flows:
        raise NotFound(
            f"no flow {name!r} in {place}" if name else f"{place} has {len(flows)} flows",
            expected=", ".join(f"{place}:{key}" for key in flows) or "a function with @clew.flow",
        )
    return flows[name]
