"""The Jinja environment of this package: reading a template runs nothing, and rendering a string has an end.

Jinja computes constants while it compiles; here nothing is computed before a row comes. While a string is rendered, its
work is counted in steps: a loop's turn, a call, a character or an item that is made, compared or searched. What can
grow much at once (`'a' * n`, `center`, `join`) is judged before it is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from string import Formatter
from threading import local
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, operators
from jinja2.meta import TrackingCodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, generate_lorem_ipsum

from aistudios_dsl.errors import TemplateError
from aistudios_dsl.wire.jsontext import depth

LONGEST = 200_000
"""How many characters, or items, a string that is rendered and each value made on the way may have."""

STEPS = 1_000_000
"""How much work the rendering of a string may be: turns of loops, calls, and what is made, compared or searched."""

_BITS = 4096
_CALL = 20
"""How many turns of a loop a call takes as long as."""

_AS_IT_IS = ("attr", "count", "d", "default", "first", "length", "random")
"""The filters that take no longer for a longer value."""

_GROUPS: Any = (list, tuple, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))
_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|\d+)?(?:\.(\*|\d+))?")


class _Meter(local):
    """How many steps the string that this thread renders has left."""

    left: int = STEPS


_METER = _Meter()


def restart() -> None:
    """Another string is rendered now."""
    _METER.left = STEPS


def rendered(chunks: Iterable[str]) -> str:
    """What a template's own function writes, counted anew."""
    restart()
    return joined(chunks)


def joined(chunks: Iterable[str]) -> str:
    """The chunks as one string. Raises `TemplateError` before it is too long."""
    found, length = list[str](), 0
    for chunk in chunks:
        length += len(chunk)
        _refuse_large(length)
        found.append(chunk)
    _spend(length)
    return "".join(found)


def judge_length(text: str) -> str:
    """The text itself. Raises `TemplateError` where it is too long for a string of a project."""
    if len(text) > LONGEST:
        _refuse_large(len(text))
    return text


def _spend(steps: int) -> None:
    _METER.left -= steps
    if _METER.left < 0:
        hint = "a template fills strings: compute long texts and lists before, and give them in the row"
        raise TemplateError(f"rendering takes more than {STEPS:,} steps", hint=hint)


def _refuse_large(size: int) -> None:
    if size > LONGEST:
        hint = "a template fills strings: is a number far too large?"
        raise TemplateError(f"rendering makes a value of more than {LONGEST:,} characters or items", hint=hint)


def _made(size: int) -> None:
    _refuse_large(size)
    _spend(size)


def _weight(value: Any) -> int:
    """How much a value holds, characters and items at every depth, counted until it is too much."""
    if isinstance(value, str | bytes):
        return 1 + len(value)
    total, rest = 0, [value]
    while rest and total <= STEPS:
        one = rest.pop()
        total += 1
        if isinstance(one, str | bytes | range):
            total += len(one)
        elif isinstance(one, int):
            total += one.bit_length() >> 5
        elif isinstance(one, _GROUPS):
            rest.extend(one)
        elif isinstance(one, Mapping):
            rest.extend(one.keys())
            rest.extend(one.values())
        elif isinstance(one, Namespace):
            rest.append(object.__getattribute__(one, "_Namespace__attrs"))
    return total


def _judged(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise _too_many_bits()
    if not isinstance(value, int | float):
        _made(_weight(value))
    return value


def _too_many_bits() -> TemplateError:
    message = f"rendering makes a whole number of more than {_BITS} bits"
    return TemplateError(message, hint="is an exponent too large?")


# what is judged before it is made


def _multiplied(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | bytes | list | tuple) and isinstance(other, int):
            _made(_weight(one) * max(other, 0))


def _raised(left: Any, right: Any) -> None:
    if isinstance(right, int) and not isinstance(left, float | complex):
        bits = left.bit_length() if isinstance(left, int) else 1
        if bits * abs(right) > 2 * _BITS and left not in (0, 1, -1):
            raise _too_many_bits()


def _formatted(template: Any, *values: Any, **named: Any) -> None:
    if isinstance(template, str | bytes):
        text = template if isinstance(template, str) else template.decode("latin-1")
        fields = _PERCENT.findall(text)
        _widened([width for field in fields for width in field if width], len(fields), (values, named))


def _laid_in(template: str, *values: Any, **named: Any) -> None:
    fields = [spec or "" for _, name, spec, _ in Formatter().parse(template) if name is not None]
    widths = ["*" if "{" in spec else width for spec in fields for width in re.findall(r"\d+|\{", spec)]
    _widened(widths, len(fields), (values, named))


def _widened(widths: list[str], fields: int, values: Any) -> None:
    if "*" in widths or any(len(width) > 9 for width in widths):
        raise TemplateError("a format takes its width from a value, or is far too wide", hint="write the width out")
    _made(sum(map(int, widths)))
    _spend(fields * _weight(values))


def _wide(value: Any, *args: Any, **named: Any) -> None:
    _made(_weight(value) + sum(number for number in (*args, *named.values()) if isinstance(number, int)))


def _tabbed(text: Any, tabsize: Any = 8) -> None:
    _made(len(text) + text.count(b"\t" if isinstance(text, bytes) else "\t") * tabsize)


def _replaced(text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> None:
    if not isinstance(text, bytes):
        text, old, new = str(text), str(old), str(new)
    _made(len(text) + text.count(old) * len(new))


def _indented(text: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    _made(len(text) + (text.count("\n") + 1) * (width if isinstance(width, int) else len(width)))


def _wrapped(text: Any, width: Any = 79, longer: Any = True, wrapstring: Any = "", *_: Any, **__: Any) -> None:
    _made(len(text) * (1 + len(wrapstring or "")))


def _translated(text: Any, table: Any = (), *_: Any) -> None:
    _made(len(text) * max(map(_weight, table.values() if isinstance(table, Mapping) else table), default=0))


def _summed(values: Any, attribute: Any = None, start: Any = 0) -> None:
    if isinstance(start, str | bytes | list | tuple):
        # Each item copies what the items before it made.
        _spend(_weight(values) * (len(values) if hasattr(values, "__len__") else STEPS))


def _dumped(value: Any, indent: Any = 1, *_: Any, **__: Any) -> None:
    width = indent if isinstance(indent, int) else len(indent or "")
    _spend(_weight(value) * depth(value) * (1 + width))


def _ipsum(n: int = 5, html: Any = True, min: int = 20, max: int = 100) -> None:
    _made(10 * n * max)


_OPERATORS: dict[str, Callable[[Any, Any], None]] = {
    "+": lambda left, right: None if isinstance(left, int | float) else _made(_weight(left) + _weight(right)),
    "*": _multiplied,
    "**": _raised,
    "%": _formatted,
}
_FILTERS: dict[str, Callable[..., None]] = {
    "batch": _wide,
    "center": _wide,
    "format": _formatted,
    "indent": _indented,
    "pprint": _dumped,
    "replace": _replaced,
    "round": _wide,
    "slice": _wide,
    "sum": _summed,
    "tojson": _dumped,
    "wordwrap": _wrapped,
}
_METHODS: dict[str, Callable[..., None]] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill", "to_bytes"), _wide),
    **dict.fromkeys(("format", "format_map"), _laid_in),
    "expandtabs": _tabbed,
    "replace": _replaced,
    "translate": _translated,
}


def _metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or a test whose values and result are counted."""
    judge = _FILTERS.get(name)
    skipped = int(hasattr(function, "jinja_pass_arg"))

    @wraps(function)
    def counted(*args: Any, **named: Any) -> Any:
        given = list(args[skipped:])
        if name == "join":
            given[0] = _parts(*given, **named)
        if name not in _AS_IT_IS:
            _spend(sum(map(_weight, given)) + sum(map(_weight, named.values())))
        if judge is not None:
            judge(*given, **named)
        return _judged(function(*args[:skipped], *given, **named))

    return counted


def _parts(values: Any, d: Any = "", attribute: Any = None) -> Any:
    """What `join` joins: read, and judged together with what stands between."""
    found, size, between = list[Any](), 0, 1 + len(d if isinstance(d, str | bytes) else str(d))
    for value in values:
        # An attribute may hold anything, and each is judged again when it is part of the whole.
        size += between + (_weight(value) if attribute is None else 0)
        _refuse_large(size)
        found.append(value)
    return found


class _Unfolded(CodeGenerator):
    """Computes no constant."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.optimizer = None

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_EvalContextModifier(self, node: nodes.EvalContextModifier, frame: Frame) -> None:  # noqa: N802
        for option in node.options:
            self.writeline(f"context.eval_ctx.{option.key} = ")
            self.visit(option.value, frame)
            if isinstance(option.value, nodes.Const):
                setattr(frame.eval_ctx, option.key, option.value.value)
            else:
                frame.eval_ctx.volatile = True


class Names(_Unfolded, TrackingCodeGenerator):
    """Finds the names that a template asks its row for, without running any of it."""


class Metered(_Unfolded):
    """Writes code that counts its steps."""

    def _weighed(self, write: Callable[..., None], *args: Any) -> None:
        self.write("environment.weighed(")
        write(*args)
        self.write(")")

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        turn: Any = nodes.EnvironmentAttribute("turn()", lineno=node.lineno)
        kept = node.test and nodes.And(turn, node.test, lineno=node.lineno)
        body = [nodes.ExprStmt(turn, lineno=node.lineno), *node.body]
        parts = (node.target, node.iter, body, node.else_, kept, node.recursive)
        super().visit_For(nodes.For(*parts, lineno=node.lineno, environment=node.environment), frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self._weighed(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self._weighed(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        if node.ctx == "load":
            self._weighed(super().visit_Tuple, node, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.arg, nodes.Slice):
            self._weighed(super().visit_Getitem, node, frame)
        else:
            super().visit_Getitem(node, frame)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        self.write("(")
        self._weighed(self.visit, node.expr, frame)
        for operand in node.ops:
            self.write(f" {operators[operand.op]} ")
            self._weighed(self.visit, operand.expr, frame)
        self.write(")")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        join = "markup_join" if frame.eval_ctx.autoescape else "str_join"
        if frame.eval_ctx.volatile:
            join = "(markup_join if context.eval_ctx.volatile else str_join)"
        self.write(f"environment.concatenated({join}")
        for part in node.nodes:
            self.write(", ")
            self.visit(part, frame)
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        super()._output_child_pre(node, frame, finalize)
        self.write("environment.weighed(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(")")
        super()._output_child_post(node, frame, finalize)


class Bounded(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, whose templates have an end."""

    code_generator_class = Metered
    concat = staticmethod(joined)
    intercepted_binops = frozenset(_OPERATORS)
    weighed = staticmethod(_judged)

    def meter(self) -> None:
        """Count what the filters and tests do, the user's own too."""
        for known in (self.filters, self.tests):
            own: dict[str, Any] = known
            own.update([(name, _metered(name, function)) for name, function in own.items()])

    def turn(self) -> bool:
        """A loop goes round."""
        _spend(1)
        return True

    def concatenated(self, join: Callable[[Iterable[Any]], str], *parts: Any) -> Any:
        """`a ~ b`."""
        _made(sum(map(_weight, parts)))
        return _judged(join(parts))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`."""
        if isinstance(argument, tuple):
            _spend(_weight(argument))
        return super().getitem(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`left + right` and the like."""
        _OPERATORS[operator](left, right)
        return _judged(super().call_binop(context, operator, left, right))

    def call(self, context: Context, obj: Any, /, *args: Any, **named: Any) -> Any:
        """A call of a function, a method or a macro."""
        given = {name: value for name, value in named.items() if name not in ("_loop_vars", "_block_vars")}
        # A format that the sandbox watches over is a function around the method.
        method = getattr(obj, "__wrapped__", obj)
        owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
        _spend(_CALL + _weight(args) + _weight(given))
        if obj is generate_lorem_ipsum:
            _ipsum(*args, **given)
        elif isinstance(owner, str | bytes | list | tuple | int):
            _spend(_weight(owner))
            if name == "join" and args:
                args = (_parts(args[0], owner), *args[1:])
            elif name in _METHODS:
                _METHODS[name](owner, *args, **given)
        return _judged(super().call(context, obj, *args, **named))
