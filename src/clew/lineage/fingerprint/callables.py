"""Functions, classes, methods and partials as values: the identity of code, and what they bind."""

from __future__ import annotations

from functools import partial
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, TypeVar

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.walk import Context, class_identity, encode


@register(type, tag="class", subclasses=True, shared=False)
def encode_class(value: type, ctx: Context) -> bytes:
    """Encode a class."""
    return class_identity(value, ctx)


@register(FunctionType, tag="function", shared=False)
def encode_function(value: FunctionType, ctx: Context) -> bytes:
    """Encode a function by its code and its names, which libraries show and act upon."""
    names = frame(value.__qualname__.encode())
    if value.__name__ != value.__qualname__.rpartition(".")[2]:
        names += frame(value.__name__.encode())
    return names + ctx.code(value)


@register(MethodDescriptorType, tag="method_descriptor", shared=False)
@register(ClassMethodDescriptorType, tag="classmethod_descriptor", shared=False)
@register(WrapperDescriptorType, tag="wrapper_descriptor", shared=False)
@register(GetSetDescriptorType, tag="getset_descriptor", shared=False)
@register(MemberDescriptorType, tag="member_descriptor", shared=False)
@register(ModuleType, tag="module", shared=False)
def encode_code(value: object, ctx: Context) -> bytes:
    """Encode code by its identity."""
    return ctx.code(value)


@register(MethodType, tag="method", shared=False)
def encode_method(value: MethodType, ctx: Context) -> bytes:
    """Encode a bound method: the function, and the object that it is bound to."""
    return ctx.fields(function=value.__func__, self=value.__self__)


@register(BuiltinFunctionType, tag="builtin", shared=False)
@register(MethodWrapperType, tag="method_wrapper", shared=False)
def encode_builtin(value: Any, ctx: Context) -> bytes:
    """Encode a C function; one that is bound to an object by its name and that object."""
    owner = getattr(value, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        return b"free\0" + ctx.code(value)
    return b"bound\0" + ctx.fields(name=value.__name__, self=owner)


@register(partial, tag="partial")
def encode_partial(value: partial[object], ctx: Context) -> bytes:
    """Encode a partial: its function, and the arguments that it holds, in order."""
    return ctx.fields(func=value.func, args=value.args, keywords=value.keywords, state=vars(value))


@register(TypeVar, tag="TypeVar", shared=False)
def encode_type_variable(value: Any, ctx: Context) -> bytes:
    """Encode a type variable, wherever it is defined."""
    limits = (value.__bound__, value.__constraints__)
    variance = (value.__covariant__, value.__contravariant__)
    return ctx.fields(name=value.__name__, limits=limits, variance=variance)


@register(property, tag="property", shared=False)
def encode_property(value: property, ctx: Context) -> bytes:
    """Encode a property by its accessors."""
    return ctx.fields(get=value.fget, set=value.fset, delete=value.fdel, doc=value.__doc__)


@register(classmethod, tag="classmethod", shared=False)
@register(staticmethod, tag="staticmethod", shared=False)
def encode_wrapped(value: Any, ctx: Context) -> bytes:
    """Encode a class or static method by the function that it wraps."""
    return frame(encode(value.__func__, ctx))
