"""Names from outside that a function only writes to: their content cannot change its result.

``log.append(x)`` and ``count += 1`` as statements say nothing about what they hold, so a list of
calls or a counter that a function keeps outside itself is no input of it.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict, deque

_KEEPERS = frozenset({list, set, dict, bytearray, int, float, str, deque, Counter, defaultdict})
_MUTATORS = {"append", "appendleft", "extend", "insert", "add", "update", "subtract", "discard"}


def only_written(function: ast.AST) -> frozenset[str]:
    """Return names of which every mention in `function` is a write whose value is dropped.

    Examples
    --------
    >>> body = "def f(x):\\n    seen.append(x)\\n    table[x] = used\\n    return len(used)"
    >>> sorted(only_written(ast.parse(body).body[0]))
    ['seen', 'table']
    """
    if any(isinstance(node, ast.ClassDef) for node in ast.walk(function)):
        return frozenset()  # `count += 1` in a class body reads the name outside
    mentions: Counter[str] = Counter()
    writes: Counter[str] = Counter()
    for node in ast.walk(function):
        match node:
            case ast.Name():
                mentions[node.id] += 1
            case ast.arg():
                mentions[node.arg] += 1
            case ast.Expr() | ast.Assign() | ast.AugAssign():
                writes[_written(node)] += 1
    return frozenset(name for name, count in mentions.items() if writes[name] == count)


def keeps(value: object) -> bool:
    """Tell whether writing to `value` runs no code but that of a built-in container or number."""
    return type(value) in _KEEPERS


def _written(statement: ast.stmt) -> str:
    """Return the name that a statement writes to without reading it; empty if there is none."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method))):
            return name if method in _MUTATORS else ""
        case ast.AugAssign(target=ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name))):
            return name
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
    return ""
