"""Classes: bases, metaclass, and what ``vars(cls)`` holds now."""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
from collections.abc import Iterator
from typing import Any

from clew.lineage.code.annotations import annotation
from clew.lineage.code.literals import literal
from clew.lineage.code.named import is_named, library_name
from clew.lineage.code.origin import is_project_file
from clew.lineage.code.source import class_source
from clew.lineage.code.tokens import token
from clew.lineage.code.walk import Body, Edge, Shown, Walk, Where, key

_NOISE = {
    "__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__firstlineno__",
    "__static_attributes__", "__abstractmethods__", "_abc_impl", "__annotations__",
    "__annotate__", "__annotate_func__", "__annotations_cache__", "__classdictcell__",
    "__orig_bases__", "__parameters__", "__dataclass_fields__", "__dataclass_params__",
    "_is_protocol", "_is_runtime_protocol", "__protocol_attrs__",
    "__non_callable_proto_members__", "__type_params__", "__slotnames__",
    "__callable_proto_members_only__",
}  # fmt: skip
_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType, types.WrapperDescriptorType)
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_ENUM_OWN = {"__new__", "__members__", "__reduce_ex__"}


def class_token(walk: Walk, cls: type, where: Where) -> bytes:
    """Return the token of a class."""
    if is_named(cls):
        return walk.library(*library_name(cls))
    if not cls.__flags__ & _HEAP_TYPE:  # written in C and not public: type(None), generators
        return walk.library(cls.__module__, cls.__qualname__)
    walk.guards.is_loose = True
    place = Where(cls.__module__, cls.__qualname__)
    source = _source(cls) if walk.recording else ""
    found = walk.unit(cls, _body(cls, place), Shown("class", place, source))
    return found if cls.__name__ == where.last else found + cls.__name__.encode()


def _source(cls: type) -> str:
    module = sys.modules.get(cls.__module__)
    namespace = vars(module) if module is not None else {}
    filename = namespace.get("__file__")
    return class_source(cls.__qualname__, filename, namespace) if isinstance(filename, str) else ""


def _body(cls: type, where: Where) -> Body:
    def body(walk: Walk) -> Iterator[Edge]:
        yield key("metaclass"), token(walk, type(cls), where)
        for base in cls.__bases__:
            yield key("base"), token(walk, base, where)
        yield from _annotations(walk, cls, where)
        if dataclasses.is_dataclass(cls) and "__dataclass_fields__" in vars(cls):
            yield from _dataclass(walk, cls, where)
        members: dict[str, Any] = {}
        if isinstance(cls, enum.EnumMeta):
            members = dict(cls.__members__)
            for name, member in members.items():
                yield (
                    key("member", name),
                    token(walk, member._value_, where.inside(name)),
                )
        for name, value in sorted(vars(cls).items()):
            if not _is_noise(cls, name, value, members):
                yield key("attribute", name), _attribute(walk, value, where.inside(name))

    return body


def _attribute(walk: Walk, value: object, where: Where) -> bytes:
    if isinstance(value, _SLOTS):
        return b"slot"
    return token(walk, value, where)


def _is_noise(cls: type, name: str, value: object, members: dict[str, Any]) -> bool:
    """Tell whether an attribute says nothing that is not said elsewhere."""
    if name in _NOISE or name in members:
        return True
    if isinstance(cls, enum.EnumMeta) and (
        name in _ENUM_OWN or (name.startswith("_") and name.endswith("_") and name[1] != "_")
    ):
        return True
    inner = getattr(value, "__func__", value)
    if not isinstance(inner, types.FunctionType):
        return type(value).__name__ == "_tuplegetter"
    made_by = inner.__code__.co_filename
    generated = made_by.startswith("<string>") or not is_project_file(made_by)
    if "__dataclass_fields__" in vars(cls) or "_field_defaults" in vars(cls):
        return generated and name.startswith("_")
    return generated and name in ("__subclasshook__", "__init__") and "_is_protocol" in vars(cls)


def _annotations(walk: Walk, cls: type, where: Where) -> Iterator[Edge]:
    """Yield the declared types: dataclasses and validating classes read them."""
    for name, hint in _hints(cls).items():
        yield key("hint", name), annotation(walk, hint, where.inside(name))


def _hints(cls: type) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return dict(annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF))
    return dict(vars(cls).get("__annotations__", {}))


def _dataclass(walk: Walk, cls: Any, where: Where) -> Iterator[Edge]:
    settings = cls.__dataclass_params__
    names = sorted(getattr(settings, "__slots__", None) or vars(settings))
    yield key("dataclass"), literal(tuple((name, getattr(settings, name)) for name in names))
    for name, item in cls.__dataclass_fields__.items():
        place = where.inside(name)
        flags = (item.init, item.repr, item.hash, item.compare, bool(item.kw_only))
        kind = item._field_type.name
        slot = key("field", name)
        yield slot, literal((*flags, kind))
        yield slot, annotation(walk, item.type, place)
        for made in (item.default, item.default_factory):
            yield slot, b"none" if made is dataclasses.MISSING else token(walk, made, place)
        yield slot, token(walk, item.metadata, place)
