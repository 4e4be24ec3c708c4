"""Statements of a script that call a verb and drop what it returns, and so do nothing."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_CHECKING = frozenset({"render"})
"""What returns a new value, but may be called for its errors alone."""


def notes(path: Path, names: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note for each such statement of a script that has run; `names` are its globals.

    Only statements outside of functions and classes are read, and only verbs called on one of these names.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # it changed after it was run
    for call in sorted(_calls(tree.body), key=lambda call: call.lineno):
        start, *methods = _chain(call)
        value = names.get(start)
        if methods and (kind := _kind(value)) and set(methods) <= _verbs():
            name, made = (kind, f"{start}(...)") if isinstance(value, type) else (start, start)
            made = ".".join([made, *(f"{method}(...)" for method in methods)])
            yield f"{path} line {call.lineno}: the new {kind} is dropped, so this does nothing: write {name} = {made}"


def _calls(body: Iterable[ast.stmt]) -> Iterator[ast.Call]:
    """Yield the calls that are statements, also in branches and loops."""
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield statement.value
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(statement, part, [])
            yield from _calls(
                each for branch in inner for each in ([branch] if isinstance(branch, ast.stmt) else branch.body)
            )


def _chain(call: ast.Call) -> list[str]:
    """Return the name that a chain of calls starts from, and the methods called; [""] for any other call."""
    methods: list[str] = []
    node: ast.expr = call
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        methods.append(node.func.attr)
        node = node.func.value
    if isinstance(node, ast.Call) and methods:
        node = node.func  # such as Project("Hello")
    return [node.id, *reversed(methods)] if isinstance(node, ast.Name) else [""]


def _kind(value: object) -> str:
    """Return what a verb makes of a value or its class; "" for one that has no verbs."""
    from aistudios_dsl.build.scene import Scene
    from aistudios_dsl.project import Project

    cls = value if isinstance(value, type) else type(value)
    return "project" if issubclass(cls, Project) else "scene" if issubclass(cls, Scene) else ""


@cache
def _verbs() -> frozenset[str]:
    from aistudios_dsl.build.scene import Scene
    from aistudios_dsl.project import Project

    methods = {name: found for cls in (Scene, Project) for name, found in inspect.getmembers(cls, inspect.isfunction)}
    changed = (name for name, found in methods.items() if inspect.signature(found).return_annotation == "Self")
    return frozenset(changed) - _CHECKING
