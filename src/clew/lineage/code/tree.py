"""The normal form of a function's syntax tree, as bytes.

Left out: comments, formatting, docstrings, bare constants, `pass`, annotations of local variables,
and what the live function object says better than its text (its own name, decorators, defaults and
annotations). Local variables are numbered by their first occurrence, so that renaming one changes
nothing; everything that another program could observe keeps its name (see `scopes`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from clew.lineage.canonical import frame
from clew.lineage.code.literals import literal
from clew.lineage.code.scopes import (
    Comprehension,
    FunctionNode,
    Scope,
    class_scope,
    comprehension_scope,
    function_scope,
    spoken_names,
)

_SKIPPED_FIELDS = {"ctx", "kind", "type_comment", "type_ignores", "lineno"}
_BODIES = {"body", "orelse", "finalbody"}


@dataclass(frozen=True, slots=True)
class NormalForm:
    """Canonical bytes of a function, and its free variables in the order of first mention."""

    content: bytes
    free: tuple[str, ...]


def normal_form(node: FunctionNode, free: tuple[str, ...]) -> NormalForm:
    """Return the normal form of a function.

    Parameters
    ----------
    node : ast.FunctionDef, ast.AsyncFunctionDef or ast.Lambda
        The function, as parsed from the file that holds it.
    free : tuple of str
        Its free variables (``code.co_freevars``): names bound by an enclosing function.
    """
    writer = _Writer(spoken=spoken_names(node), free=frozenset(free))
    content = writer.function(node)
    mentioned = tuple(writer.free_order)
    return NormalForm(content, mentioned + tuple(sorted(set(free) - set(mentioned))))


@dataclass(slots=True)
class _Writer:
    spoken: frozenset[str] | None
    free: frozenset[str]
    scopes: list[Scope] = field(default_factory=list)
    ordinals: int = 0
    variables: dict[tuple[int, str], int] = field(default_factory=dict)
    free_order: dict[str, int] = field(default_factory=dict)

    # -- scopes ---------------------------------------------------------------------------------
    def function(self, node: FunctionNode) -> bytes:
        """Write parameters and body in a scope of their own."""
        scope = function_scope(node, self._ordinal())
        self.scopes.append(scope)
        signature = self._signature(node.args)
        body = node.body if isinstance(node.body, list) else [ast.Return(value=node.body)]
        content = self.write(self._statements(body))
        self.scopes.pop()
        kind = b"async" if isinstance(node, ast.AsyncFunctionDef) else b"def"
        return frame(kind) + signature + content

    def _ordinal(self) -> int:
        self.ordinals += 1
        return self.ordinals

    def _signature(self, args: ast.arguments) -> bytes:
        groups = [args.posonlyargs, args.args, args.kwonlyargs]
        names = [b"".join(frame(a.arg.encode()) for a in group) for group in groups]
        stars = [frame(a.arg.encode()) if a else b"" for a in (args.vararg, args.kwarg)]
        return frame(b"".join(frame(part) for part in (*names, *stars)))

    def _nested(self, node: FunctionNode) -> bytes:
        """Write a nested function: what its `def` evaluates here, then itself."""
        args = node.args
        arguments = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        stars = [star for star in (args.vararg, args.kwarg) if star is not None]
        hints = [argument.annotation for argument in (*arguments, *stars)]
        here: list[object] = [args.defaults, args.kw_defaults, hints]
        if isinstance(node, ast.Lambda):
            return b"L" + self.write(here) + self.function(node)
        here += [node.decorator_list, node.returns, getattr(node, "type_params", [])]
        return b"D" + self.name(node.name) + self.write(here) + self.function(node)

    def _class(self, node: ast.ClassDef) -> bytes:
        here = [node.decorator_list, node.bases, node.keywords, getattr(node, "type_params", [])]
        head = b"C" + self.name(node.name) + self.write(here)
        self.scopes.append(class_scope(node, self._ordinal()))
        body = self.write(self._statements(node.body))
        self.scopes.pop()
        return head + body

    def _comprehension(self, node: Comprehension) -> bytes:
        """Write a comprehension; its first iterable belongs to the scope around it (PEP 289)."""
        head = frame(type(node).__name__.encode()) + self.write(node.generators[0].iter)
        self.scopes.append(comprehension_scope(node, self._ordinal()))
        parts: list[object] = [
            [g.target, g.iter if i else None, g.ifs, g.is_async]
            for i, g in enumerate(node.generators)
        ]
        items = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        content = self.write(parts) + self.write(items)
        self.scopes.pop()
        return b"G" + head + content

    # -- names ----------------------------------------------------------------------------------
    def name(self, name: str) -> bytes:
        """Write a variable as what it is: local, parameter, named, free or global."""
        for depth, scope in enumerate(reversed(self.scopes)):
            if depth and scope.kind == "class":
                continue
            if name in scope.outer_globals:
                break
            if scope.owns(name):
                return self._own(scope, name)
        else:
            if name in self.free:
                return self._free(name)
        return b"g" + frame(name.encode())

    def _own(self, scope: Scope, name: str) -> bytes:
        style = scope.bound[name]
        key = (scope.ordinal, name)
        if style == "local" and self.spoken is not None and name not in self.spoken:
            index = self.variables.setdefault(key, len(self.variables))
            return b"v" + scope.ordinal.to_bytes(4, "little") + index.to_bytes(4, "little")
        return b"n" + scope.ordinal.to_bytes(4, "little") + frame(name.encode())

    def _free(self, name: str) -> bytes:
        index = self.free_order.setdefault(name, len(self.free_order))
        spoken = self.spoken is None or name in self.spoken
        return b"f" + index.to_bytes(4, "little") + frame(name.encode() if spoken else b"")

    # -- nodes ----------------------------------------------------------------------------------
    def write(self, value: object) -> bytes:
        """Write a node, a list of nodes, an identifier or a constant."""
        match value:
            case None:
                return b"-"
            case list():
                parts = [self.write(item) for item in value]
                return b"[" + len(parts).to_bytes(4, "little") + b"".join(parts)
            case str() | int():
                return b"=" + literal(value)
            case ast.Name():
                return self.name(value.id)
            case ast.Constant():
                return b"k" + literal(value.value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return self._nested(value)
            case ast.ClassDef():
                return self._class(value)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._comprehension(value)
            case ast.AST():
                return self._binding(value) or self._node(value)
        raise AssertionError(f"not part of a syntax tree: {type(value)}")

    def _binding(self, node: ast.AST) -> bytes:
        """Write the nodes that bind a variable through a bare identifier."""
        match node:
            case ast.ExceptHandler(name=str(name)):
                return b"e" + self.name(name) + self._node(node, without="name")
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                return b"m" + self.name(name) + self._node(node, without="name")
            case ast.MatchMapping(rest=str(name)):
                return b"m" + self.name(name) + self._node(node, without="rest")
            case ast.alias():
                bound = self.name(node.asname or node.name.partition(".")[0])
                dotted = b"." if node.asname and "." in node.name else b""
                return b"a" + bound + frame(node.name.encode()) + frame(dotted)
            case ast.AnnAssign() if self.scopes[-1].kind != "class":
                if node.value is not None:
                    return self._node(ast.Assign(targets=[node.target], value=node.value))
        return b""

    def _node(self, node: ast.AST, *, without: str = "") -> bytes:
        parts = []
        for name, value in ast.iter_fields(node):
            if value is None or value == [] or name in _SKIPPED_FIELDS or name == without:
                continue
            content = self._statements(value) if name in _BODIES else value
            parts.append(frame(name.encode()) + self.write(content))
        kind = frame(type(node).__name__.encode())
        return b"(" + kind + len(parts).to_bytes(2, "little") + b"".join(parts)

    def _statements(self, body: object) -> object:
        """Drop statements without effect: docstrings, constants, `pass`, declarations."""
        if not isinstance(body, list):
            return body
        return [statement for statement in body if not self._idle(statement)]

    def _idle(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Pass() | ast.Global() | ast.Nonlocal() | ast.Expr(value=ast.Constant()):
                return True
            case ast.AnnAssign(value=None):
                return self.scopes[-1].kind != "class"
        return False
