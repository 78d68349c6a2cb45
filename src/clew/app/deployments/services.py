"""Services by their file: the class, its models, and the node that names both."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import Any

from clew.app.facts import makers_of
from clew.app.modules import module_from
from clew.app.serving import Found, find
from clew.app.store import Store
from clew.errors import NotFound
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.code import code_record
from clew.lineage.code.archive import to_stored
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge, Node, call_id
from clew.serve import compile_model
from clew.serve.deployment.alone import Composed
from clew.serve.journal import JournalWriter
from clew.serve.service import Asked, Service, compiled_service

OPERATION = "clew.serve:service"
_HINT = "clew serve FILE.py:CLASS, a class of clew.serve.Service"


@dataclass(frozen=True, slots=True)
class FoundService:
    """A service and the models that it uses.

    Parameters
    ----------
    content : str
        Content id of its code and its models together.
    models : dict of str to Found
        By the names in its `uses`.
    """

    kind: type[Service]
    content: str
    models: dict[str, Found]


def is_service(spec: str) -> bool:
    """Tell whether `spec` names a class in a file."""
    return ".py:" in spec


def class_of(spec: str) -> type[Service]:
    """Return the class that ``FILE.py:CLASS`` names.

    Raises
    ------
    NotFound
        When there is no such file or no such service in it.
    """
    place, _, name = spec.rpartition(":")
    module = module_from(place, hint=_HINT)
    found = vars(module).get(name)
    if isinstance(found, type) and issubclass(found, Service) and found is not Service:
        return found
    known = [
        key
        for key, item in vars(module).items()
        if isinstance(item, type) and issubclass(item, Service) and item is not Service
    ]
    raise NotFound(
        f"no service {name!r} in {place}",
        expected=", ".join(f"{place}:{key}" for key in known) or "a class of clew.serve.Service",
    )


def find_service(store: Store, spec: str, *, trust: bool = False) -> FoundService:
    """Return the service that `spec` names, with its models; record it.

    Raises
    ------
    ClewError
        When it or one of its models cannot be found or loaded.
    """
    kind = class_of(spec)
    models = {name: find(store, one, trust=trust) for name, one in kind.uses.items()}
    return FoundService(kind, _recorded(store, kind, models), models)


def hosted_service(
    found: FoundService,
    *,
    name: str | None = None,
    writer: JournalWriter | None = None,
    cache_size: int = 0,
) -> Composed:
    """Return a service that is ready to answer requests; see `clew.app.serving.hosted`."""
    noted: list[Asked] = []
    models: dict[str, Any] = {
        name: (
            f"{model.name}/{model.version}",
            compile_model(model.model, model.sample, few_rows=model.few_rows),
        )
        for name, model in found.models.items()
    }
    return Composed(
        name or found.kind.__name__,
        found.content[:12],
        found.content,
        compiled_service(found.kind, models, noted),
        journal=writer,
        cache_size=cache_size,
        used={name: arm for name, (arm, _) in models.items()},
        noted=noted,
    )


def _recorded(store: Store, kind: type[Service], models: dict[str, Found]) -> str:
    """Record code and models as the node that made the service; return the service's id."""
    runtime = store.runtime
    code = code_record(kind)
    runtime.store.put_code(to_stored(code))
    inputs = []
    for name, model in models.items():
        content = ValueId(Digest(bytes.fromhex(model.content)))
        makers = makers_of(store, content)
        inputs.append(Edge(name, content, makers[0] if makers else None))
    used = {name: model.content for name, model in models.items()}
    text = json.dumps({"service": code.id.hex(), "models": used}, sort_keys=True)
    made = fingerprint(text)
    _, size_bytes = runtime.vault.put(text, made)
    id = call_id(OPERATION, code.id, runtime.environment[0], None, tuple(inputs))
    node = Node(
        id=id,
        call=id,
        operation=OPERATION,
        kind="service",
        code=code.id,
        environment=runtime.environment[0],
        seed=None,
        inputs=tuple(inputs),
        outputs=(Edge("service", made),),
        created_ms=time.time_ns() // 1_000_000,
    )
    described = replace(describe(made, text), size_bytes=size_bytes, state="stored")
    runtime.store.add([node], [described])
    return made.hex()
