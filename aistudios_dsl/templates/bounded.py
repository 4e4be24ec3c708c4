"""Jinja with limits: reading a template runs nothing of it, and rendering a string comes to an end.

Jinja computes constants while it compiles; here nothing is computed before a row comes. Rendering counts its work in
steps: a turn of a loop, a call, and each character or item that is made, compared or searched. What can make a large
value in one call (`'a' * n`, `center`, `join`) is estimated first. A string that can neither repeat nor enlarge
anything counts no steps: its work follows from its length, and counting would double the time of a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import lru_cache, wraps
from itertools import islice
from string import Formatter
from threading import local
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, operators
from jinja2.filters import FILTERS
from jinja2.meta import TrackingCodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, generate_lorem_ipsum

from aistudios_dsl.errors import TemplateError
from aistudios_dsl.templates.local_formats import LOCAL_FILTERS
from aistudios_dsl.templates.printing import FILTERS_OF_ROWS, TESTS_OF_ROWS, equal, may_be_number, within
from aistudios_dsl.templates.values import refuse_missing
from aistudios_dsl.wire.jsontext import depth

LONGEST = 200_000
"""The most characters or items of a rendered string, and of each value made on the way."""

STEPS = 1_000_000
"""The most work for one string."""

_BITS = 4096
_CALL = 20
"""The steps that a call counts, whatever it does."""

_CONSTANT_TIME = ("attr", "count", "d", "default", "first", "length", "random")
"""The filters that take no longer for a longer value."""

_SHORT = 64
"""Strings up to so many characters are not counted when they are made."""
_FEW = 64
"""So many chunks of a string are joined before their length is looked at."""
_SMALL = (float, bool, type(None))
"""The types whose values are all of one size."""
_GROUPS: Any = (list, tuple, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))
_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|\d+)?(?:\.(\*|\d+))?")


Visit = Callable[[Any, Any, Frame], None]


class _Meter(local):
    """The steps that are left for the string that this thread renders."""

    left: int = STEPS


_METER = _Meter()


def restart() -> None:
    """Begin to count for another string."""
    _METER.left = STEPS


def rendered(chunks: Iterable[str]) -> str:
    """Return the chunks that a template's own function writes as one string."""
    restart()
    return joined(chunks)


def rendered_straight(chunks: Iterable[str]) -> str:
    """Return the chunks of a template that counts no steps as one string."""
    return checked_length("".join(chunks))


def joined(chunks: Iterable[str]) -> str:
    """Return the chunks as one string. Raise `TemplateError` before it is too long."""
    rest = iter(chunks)
    found = list(islice(rest, _FEW))
    length = sum(map(len, found))
    for chunk in rest if len(found) == _FEW else ():
        length += len(chunk)
        _check_size(length)
        found.append(chunk)
    _reserve(length)
    return "".join(found)


def checked_length(text: str) -> str:
    """Return the text. Raise `TemplateError` if it is too long for a string of a project."""
    _check_size(len(text))
    return text


def _spend(steps: int) -> None:
    # A negative width in a template gives no steps back.
    left = _METER.left = _METER.left - steps if steps > 0 else _METER.left
    if left < 0:
        hint = "a template fills strings: compute long texts and lists beforehand, and give them in the row"
        raise TemplateError(f"rendering takes more than {STEPS:,} steps", hint=hint)


def _check_size(size: int) -> None:
    if size > LONGEST:
        hint = "a template fills strings: is a number far too large?"
        raise TemplateError(f"rendering makes a value of more than {LONGEST:,} characters or items", hint=hint)


def _reserve(size: int) -> None:
    """Check the size of a value that is to be made, and count it."""
    _check_size(size)
    _spend(size)


def _weight(value: Any) -> int:
    """Count the characters and items of a value at every depth, until they are too many."""
    if isinstance(value, str | bytes):
        return 1 + len(value)
    if type(value) in _SMALL:
        return 1
    total, rest = 1, [value]
    while rest and total <= STEPS:
        one = rest.pop()
        if isinstance(one, str | bytes | range):
            total += len(one)
        elif isinstance(one, int):
            total += one.bit_length() >> 5
        elif isinstance(one, _GROUPS):
            total += len(one)
            rest.extend(one)
        elif isinstance(one, Mapping):
            total += 2 * len(one)
            rest.extend(one.keys())
            rest.extend(one.values())
        elif isinstance(one, Namespace):
            total += 1
            rest.append(object.__getattribute__(one, "_Namespace__attrs"))
    return total


def _weight_of_all(values: Iterable[Any]) -> int:
    return sum([_weight(value) for value in values])


def _measured(value: Any) -> Any:
    """Return a value that was made. Raise `TemplateError` if it is too large."""
    if type(value) is str:
        # What makes short strings is counted: a turn of a loop, a call, the values given to a filter.
        if len(value) > _SHORT:
            _reserve(len(value))
        return value
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise _too_many_bits()
    if not isinstance(value, int | float):
        _reserve(_weight(value))
    return value


def _too_many_bits() -> TemplateError:
    message = f"rendering makes a whole number of more than {_BITS} bits"
    return TemplateError(message, hint="is an exponent too large?")


# estimates of what a call makes, before it is made


def _check_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | bytes | list | tuple) and isinstance(other, int):
            _reserve(_weight(one) * max(other, 0))


def _check_power(left: Any, right: Any) -> None:
    if isinstance(right, int) and not isinstance(left, float | complex):
        bits = left.bit_length() if isinstance(left, int) else 1
        if bits * abs(right) > 2 * _BITS and left not in (0, 1, -1):
            raise _too_many_bits()


def _check_percent(template: Any, *values: Any, **named: Any) -> None:
    if isinstance(template, str | bytes):
        refuse_missing(*values, *named.values())
        text = template if isinstance(template, str) else template.decode("latin-1")
        fields, widths = _percent_fields(text)
        _check_widths(widths, fields, values, named)


@lru_cache(maxsize=256)
def _percent_fields(text: str) -> tuple[int, tuple[str, ...]]:
    fields = _PERCENT.findall(text)
    return len(fields), tuple(width for field in fields for width in field if width)


def _check_format(template: str, *values: Any, **named: Any) -> None:
    refuse_missing(*values, *named.values())
    fields = [spec or "" for _, name, spec, _ in Formatter().parse(template) if name is not None]
    widths = ["*" if "{" in spec else width for spec in fields for width in re.findall(r"\d+|\{", spec)]
    _check_widths(widths, len(fields), values, named)


def _check_format_map(template: str, values: Any = (), *_: Any) -> None:
    given = dict(values)
    wanted = {re.split(r"[.\[]", name, maxsplit=1)[0] for _, name, _, _ in Formatter().parse(template) if name}
    _check_format(template, **{str(name): value for name, value in given.items() if name in wanted})


def _check_widths(widths: Sequence[str], fields: int, values: Any, named: Mapping[str, Any]) -> None:
    if "*" in widths or any(len(width) > 9 for width in widths):
        raise TemplateError("a format takes its width from a value, or is far too wide", hint="write the width out")
    _reserve(sum(map(int, widths)))
    _spend(fields * (_weight_of_all(values) + (_weight(named) if named else 0)))


def _check_padding(value: Any, *args: Any, **named: Any) -> None:
    _reserve(_weight(value) + sum(max(0, number) for number in (*args, *named.values()) if isinstance(number, int)))


def _check_tabs(text: Any, tabsize: Any = 8) -> None:
    _reserve(len(text) + text.count(b"\t" if isinstance(text, bytes) else "\t") * tabsize)


def _check_replace(text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> None:
    if not isinstance(text, bytes):
        text, old, new = str(text), str(old), str(new)
    _reserve(len(text) + text.count(old) * len(new))


def _check_indent(text: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    refuse_missing(text)
    _reserve(len(text) + (text.count("\n") + 1) * (width if isinstance(width, int) else len(width)))


def _check_wrap(text: Any, width: Any = 79, longer: Any = True, wrapstring: Any = "", *_: Any, **__: Any) -> None:
    refuse_missing(text)
    _reserve(len(text) * (1 + len(wrapstring or "")))


def _check_translate(text: Any, table: Any = (), *_: Any) -> None:
    _reserve(len(text) * max(map(_weight, table.values() if isinstance(table, Mapping) else table), default=0))


def _check_sum(values: Any, attribute: Any = None, start: Any = 0) -> None:
    if isinstance(start, str | bytes | list | tuple):
        # Each addition copies the sum so far.
        _spend(_weight(values) * (len(values) if hasattr(values, "__len__") else STEPS))


def _check_dump(value: Any, indent: Any = 1, *_: Any, **__: Any) -> None:
    width = indent if isinstance(indent, int) else len(indent or "")
    _spend(_weight(value) * depth(value) * (1 + width))


def _check_lorem_ipsum(n: int = 5, html: Any = True, min: int = 20, max: int = 100) -> None:
    _reserve(10 * n * (1 + abs(max)))


_OPERATORS: dict[str, Callable[[Any, Any], None]] = {
    "+": lambda left, right: None if isinstance(left, int | float) else _reserve(_weight(left) + _weight(right)),
    "*": _check_product,
    "**": _check_power,
    "%": _check_percent,
}
_FILTERS: dict[str, Callable[..., None]] = {
    **dict.fromkeys(("batch", "center", "round", "slice"), _check_padding),
    **dict.fromkeys(("pprint", "tojson"), _check_dump),
    "format": _check_percent,
    "indent": _check_indent,
    "replace": _check_replace,
    "sum": _check_sum,
    "wordwrap": _check_wrap,
}
_METHODS: dict[str, Callable[..., None]] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill", "to_bytes"), _check_padding),
    "format": _check_format,
    "format_map": _check_format_map,
    "expandtabs": _check_tabs,
    "replace": _check_replace,
    "translate": _check_translate,
}


def _metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter or a test that counts its values and its result."""
    check = _FILTERS.get(name)
    skipped = int(hasattr(function, "jinja_pass_arg"))
    grows, joins = name not in _CONSTANT_TIME, name == "join"

    @wraps(function)
    def counted(*args: Any, **named: Any) -> Any:
        given = args[skipped:] if skipped else args
        if joins:
            given = (_parts(*given, **named), *given[1:])
        if grows:
            _spend(_weight_of_all(given) + (_weight_of_all(named.values()) if named else 0))
        if check is not None:
            check(*given, **named)
        return _measured(function(*args[:skipped], *given, **named) if skipped or joins else function(*args, **named))

    return counted


def _parts(values: Any, d: Any = "", attribute: Any = None) -> Any:
    """Return what `join` joins as a list. Raise `TemplateError` before the whole is too long."""
    found, size, between = list[Any](), 0, 1 + len(d if isinstance(d, str | bytes) else str(d))
    for value in values:
        # An attribute may hold anything; the joined string is measured again.
        size += between + (_weight(value) if attribute is None else 0)
        _check_size(size)
        found.append(value)
    return found


_STRAIGHT = (
    *(nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
)
"""The nodes of Jinja's trees that neither repeat nor enlarge anything."""

_LINEAR = (
    *("capitalize", "count", "d", "default", "e", "escape", "first", "format", "last", "length"),
    *("lower", "string", "title", "trim", "upper", *LOCAL_FILTERS),
)
"""Filters that take time, and make a value, in proportion to the values they are given."""


OWN_FILTERS: dict[str, Callable[..., Any]] = {**FILTERS, **FILTERS_OF_ROWS}
"""The filters of an environment to which the user adds none."""


def _is_straight(node: nodes.Node, filters: Mapping[str, Any]) -> bool:
    """Tell whether a node of a template cannot repeat or enlarge anything, so that its work follows from its length."""
    if not isinstance(node, nodes.Filter):
        return type(node) in _STRAIGHT
    if node.name not in _LINEAR or filters.get(node.name) is not OWN_FILTERS[node.name] or node.dyn_args:
        return False
    if node.name != "format":
        return True
    text = node.node.value if isinstance(node.node, nodes.Const) else None
    return isinstance(text, str) and all(width.isdigit() and len(width) < 4 for width in _percent_fields(text)[1])


class _Unfolded(CodeGenerator):
    """A generator of code that leaves constants to be computed by it."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.optimizer: Any = None

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        first, operand = node.expr, node.ops[0]
        constants = [one.value for one in (first, operand.expr) if isinstance(one, nodes.Const)]
        name = {"eq": "equal", "ne": "equal", "in": "within", "notin": "within"}.get(operand.op)
        if name is None or len(node.ops) > 1 or not all(map(may_be_number, constants)):
            self._visit_comparison(node, frame)
            return
        self.write(f"({'not ' if operand.op in ('ne', 'notin') else ''}environment.{name}(")
        self._visit_compared(first, frame)
        self.write(", ")
        self._visit_compared(operand.expr, frame)
        self.write("))")

    def _visit_comparison(self, node: nodes.Compare, frame: Frame) -> None:
        self.write("(")
        self._visit_compared(node.expr, frame)
        for operand in node.ops:
            self.write(f" {operators[operand.op]} ")
            self._visit_compared(operand.expr, frame)
        self.write(")")

    def _visit_compared(self, node: nodes.Node, frame: Frame) -> None:
        self.visit(node, frame)

    def visit_EvalContextModifier(self, node: nodes.EvalContextModifier, frame: Frame) -> None:  # noqa: N802
        for option in node.options:
            self.writeline(f"context.eval_ctx.{option.key} = ")
            self.visit(option.value, frame)
            if isinstance(option.value, nodes.Const):
                setattr(frame.eval_ctx, option.key, option.value.value)
            else:
                frame.eval_ctx.volatile = True


class Names(_Unfolded, TrackingCodeGenerator):
    """A finder of the names that a template needs, which runs nothing of it."""


def _measuring(visit: Visit, applies: Callable[[Any], bool] = lambda node: True) -> Any:
    """Return a visit that writes code to measure the value of the node."""

    def measuring(self: CodeGenerator, node: Any, frame: Frame) -> None:
        if not applies(node):
            visit(self, node, frame)
            return
        self.write("environment.measured(")
        visit(self, node, frame)
        self.write(")")

    return measuring


class Metered(_Unfolded):
    """A generator of code that counts its steps."""

    visit_List: Any = _measuring(CodeGenerator.visit_List)  # noqa: N815
    visit_Dict: Any = _measuring(CodeGenerator.visit_Dict)  # noqa: N815
    visit_Tuple: Any = _measuring(CodeGenerator.visit_Tuple, lambda node: node.ctx == "load")  # noqa: N815
    visit_Getitem: Any = _measuring(CodeGenerator.visit_Getitem, lambda node: isinstance(node.arg, nodes.Slice))  # noqa: N815
    _visit_compared: Any = _measuring(CodeGenerator.visit, lambda node: not isinstance(node, nodes.Const))

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        turn: Any = nodes.EnvironmentAttribute("turn()", lineno=node.lineno)
        kept = node.test and nodes.And(turn, node.test, lineno=node.lineno)
        body = [nodes.ExprStmt(turn, lineno=node.lineno), *node.body]
        parts = (node.target, node.iter, body, node.else_, kept, node.recursive)
        super().visit_For(nodes.For(*parts, lineno=node.lineno, environment=node.environment), frame)

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
        self.write("environment.measured(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(")")
        super()._output_child_post(node, frame, finalize)


class Bounded(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with limits."""

    code_generator_class: type[CodeGenerator] = Metered
    concat: Any = staticmethod(joined)
    intercepted_binops: frozenset[str] = frozenset(_OPERATORS)
    measured: Any = staticmethod(_measured)
    equal: Any = staticmethod(equal)
    within: Any = staticmethod(within)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters.update(FILTERS_OF_ROWS)
        self.tests.update(TESTS_OF_ROWS)

    def meter(self) -> None:
        """Count the work of all filters and tests, also of the user's."""
        self._quick = copy(self)
        self._quick.filters, self._quick.code_generator_class = dict(self.filters), _Unfolded
        for known in (self.filters, self.tests):
            own: dict[str, Any] = known
            own.update([(name, _metered(name, function)) for name, function in own.items()])

    def suited_to(self, tree: nodes.Template) -> Bounded:
        """Return the environment to compile a template in: one that counts nothing where that is sure to be safe."""
        straight = all(_is_straight(node, self._quick.filters) for node in tree.find_all(nodes.Node))
        return self._quick if straight and self.code_generator_class is Metered else self

    def turn(self) -> bool:
        """Count a turn of a loop."""
        _spend(1)
        return True

    def concatenated(self, join: Callable[[Iterable[Any]], str], *parts: Any) -> Any:
        """Return `a ~ b`."""
        refuse_missing(*parts)
        _reserve(sum(map(_weight, parts)))
        return _measured(join(parts))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return `obj[argument]`."""
        if isinstance(argument, tuple):
            _spend(_weight(argument))
        return super().getitem(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return `left + right`, or the result of another operator."""
        _OPERATORS[operator](left, right)
        return _measured(super().call_binop(context, operator, left, right))

    def call(self, context: Context, obj: Any, /, *args: Any, **named: Any) -> Any:
        """Return the result of a function, a method or a macro."""
        given = {name: value for name, value in named.items() if name not in ("_loop_vars", "_block_vars")}
        # The sandbox wraps str.format in a function.
        method = getattr(obj, "__wrapped__", obj)
        owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
        _spend(_CALL + _weight(args) + _weight(given))
        if obj is generate_lorem_ipsum:
            _check_lorem_ipsum(*args, **given)
        elif isinstance(owner, str | bytes | list | tuple | int):
            _spend(_weight(owner))
            if name == "join" and args:
                args = (_parts(args[0], owner), *args[1:])
            elif name in _METHODS:
                _METHODS[name](owner, *args, **given)
        return _measured(super().call(context, obj, *args, **named))
