"""What a read means now: names are looked up in the live closure, globals and built-ins."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any, cast

from clew.errors import Unhashable
from clew.lineage.code.ambient import Finding, canonical_name, finding
from clew.lineage.code.holders import NOT_PLAIN, plain_attribute
from clew.lineage.code.named import is_named, library_name, well_known
from clew.lineage.code.origin import is_project, is_project_file, is_project_module
from clew.lineage.code.reads import Call, Read
from clew.lineage.code.static import Static
from clew.lineage.code.submodules import deepest
from clew.lineage.code.tokens import behind_hook, token
from clew.lineage.code.values import value_id
from clew.lineage.code.walk import Walk, Where
from clew.lineage.code.writes import keeps

_ABSENT = object()
_OPEN_ENDED = (eval, exec, globals)
_PLAIN = (bool, int, float, str, bytes)


def meaning(
    walk: Walk, function: FunctionType, read: Read, static: Static, cells: dict[str, CellType]
) -> bytes:
    """Return the token of what one read of a function finds now."""
    namespace = function.__globals__
    where = Where(str(namespace.get("__name__")), read.name)
    if read.root == "import":
        walk.guards.is_loose = True
        return _imported(walk, read, namespace)
    if read.root == "free":
        value = contents(cells[read.name])
    else:
        value = namespace.get(read.name, _ABSENT)
        walk.guards.name(namespace, read.name)
        if value is _ABSENT:
            value = _builtins(function).get(read.name, _ABSENT)
            walk.guards.name(_builtins(function), read.name)
    walk.guards.is_loose |= read.name in static.written
    if read.name in static.written and keeps(value):
        return b"written" + type(value).__name__.encode()
    if isinstance(value, BuiltinFunctionType) and value in _OPEN_ENDED:
        return _whole_module(walk, namespace, where)
    return _follow(walk, value, read, where)


def contents(cell: CellType) -> object:
    """Return what a closure cell holds, or the mark of an empty one."""
    try:
        return cell.cell_contents
    except ValueError:
        return _ABSENT


def _whole_module(walk: Walk, namespace: dict[str, object], where: Where) -> bytes:
    """Take everything in the module: code that runs a text may read any of it."""
    module = sys.modules.get(where.module)
    if module is None or vars(module) is not namespace:
        raise Unhashable(
            f"`{where.name}` can read any name of {where.module}, which is not an imported module",
            hint="call the function by its name, or declare it with depends_on",
        )
    return token(walk, module, where)


def _builtins(function: FunctionType) -> dict[str, object]:
    found: dict[str, object] = cast(Any, function).__builtins__
    return found


def whole(walk: Walk, cell: CellType, where: Where) -> bytes:
    """Return the token of all that a closure cell holds."""
    return _follow(walk, contents(cell), Read("free", where.last, ()), where)


def _follow(walk: Walk, value: object, read: Read, where: Where) -> bytes:
    """Follow the attributes of modules; what they end at is read as a whole."""
    if value is _ABSENT:
        return walk.missing(where)
    rest = read.attributes
    while isinstance(value, ModuleType) and rest and rest[0]:
        if not is_project(value):
            return _library_member(walk, value, rest, read, where)
        where, found = Where(value.__name__, rest[0]), getattr(value, rest[0], _ABSENT)
        walk.guards.name(vars(value), rest[0])
        walk.guards.is_loose |= found is _ABSENT or vars(value).get(rest[0]) is not found
        if found is _ABSENT:
            return walk.missing(where)
        value, rest = found, rest[1:]
    if walk.recording:
        _note(walk, value, rest, read)
        if value is getattr:
            _note_by_name(walk, read, sys.modules.get(where.module))
    if value is importlib.import_module or value is __import__:
        return _import_by_name(walk, read, where)
    walk.guards.is_loose |= bool(rest) and not isinstance(value, FunctionType)
    if rest and not isinstance(value, type | FunctionType):
        setting = plain_attribute(value, rest)
        if setting is not NOT_PLAIN:
            return walk.constant(setting, Where(where.module, ".".join((where.name, *rest))))
    return token(walk, value, where)


def _library_member(
    walk: Walk, module: ModuleType, rest: tuple[str, ...], read: Read, where: Where
) -> bytes:
    """Name a member of a library; follow it only where the project put something in its place."""
    value: object = module
    holder = module
    left = rest
    while left and isinstance(value, ModuleType):
        walk.guards.name(vars(value), left[0])
        holder, value, left = value, vars(value).get(left[0], _ABSENT), left[1:]
    value = behind_hook(value)
    if isinstance(value, ModuleType):
        return walk.library(value.__name__, "")
    name = rest[len(rest) - len(left) - 1]
    if value is _ABSENT:
        place, left = deepest(holder.__name__, (name, *left))
        if walk.recording:
            walk.note(finding(canonical_name(".".join((place, *left))), read.calls))
        return walk.library(place, ".".join(left))
    if walk.recording:
        walk.note(finding(canonical_name(".".join((holder.__name__, name, *left))), read.calls))
    if value is importlib.import_module:
        return _import_by_name(walk, read, where)
    if isinstance(value, FunctionType | type) and not is_named(value):
        return token(walk, value, Where(holder.__name__, name))
    found = walk.library(holder.__name__, ".".join((name, *left)))
    return found + value_id(value) if type(value) in _PLAIN else found


def _imported(walk: Walk, read: Read, namespace: dict[str, object]) -> bytes:
    """Resolve an import that the function itself makes."""
    name = read.name
    if read.level:
        package = namespace.get("__package__") or str(namespace.get("__name__")).rpartition(".")[0]
        name = importlib.util.resolve_name("." * read.level + name, str(package))
    module = sys.modules.get(name)
    where = Where(name, ".".join(read.attributes) or name)
    if module is None:
        if not _is_ours(name):
            return _unloaded(walk, name, read)
        module = _load(name)
    if module is None:
        return walk.missing(where)
    if read.attributes == ("",):  # the import itself; what is taken of it are reads of their own
        return b"module" if is_project(module) else walk.library(name, "")
    if is_project(module) and read.attributes and not hasattr(module, read.attributes[0]):
        _load(f"{name}.{read.attributes[0]}")  # from package import submodule
    return _follow(walk, module, read, where)


def _import_by_name(walk: Walk, read: Read, where: Where) -> bytes:
    """Take the whole module that a literal names; another name is only known at run time."""
    walk.guards.is_loose = True
    calls = [call for call in read.calls if call.first is not None]
    if len(calls) != 1 or len(read.calls) != 1:
        walk.note(Finding("dynamic", f"{where.name}: imports a module that is named when it runs"))
        return walk.library("importlib", "import_module")
    place = Read("import", str(calls[0].first), ())
    return _imported(walk, place, {"__name__": where.module})


def _is_ours(name: str) -> bool:
    """Tell whether a module that is not loaded would be the project's."""
    top = name.partition(".")[0]
    if top in sys.modules:
        return is_project_module(top)
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    if spec is None or top in sys.stdlib_module_names:
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return any(is_project_file(place, top) for place in places)


def _unloaded(walk: Walk, name: str, read: Read) -> bytes:
    """Name a library that is not loaded yet, without loading it."""
    place, left = deepest(name, tuple(filter(None, read.attributes)))
    if walk.recording and any(read.attributes):
        walk.note(finding(canonical_name(".".join((place, *left))), read.calls))
    return walk.library(place, ".".join(left))


def _load(name: str) -> ModuleType | None:
    """Import a project module as the function would; None where there is none."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
    except Exception as error:
        raise Unhashable(
            f"the module {name}, which a function imports when it runs, cannot be imported",
            got=f"{type(error).__name__}: {error}",
        ) from error


def _note_by_name(walk: Walk, read: Read, module: ModuleType | None) -> None:
    """Look what ``getattr(time, "time")`` takes of a library by a literal name."""
    for call in read.calls:
        holder = getattr(module, call.name or "", None)
        if isinstance(holder, ModuleType | type) and call.second is not None:
            name = f"{holder.__module__}.{holder.__qualname__}" if isinstance(holder, type) else ""
            dotted = canonical_name(f"{name or holder.__name__}.{call.second}")
            walk.note(finding(dotted, (Call(),)))


def _note(walk: Walk, value: object, rest: tuple[str, ...], read: Read) -> None:
    """Look whether a library object, reached by a name of its own, reads the world."""
    name = well_known(value)
    if name is None and is_named(value):
        name = library_name(value)
    if name is not None and rest != ("",):
        walk.note(finding(canonical_name(".".join((*name, *rest))), read.calls))
