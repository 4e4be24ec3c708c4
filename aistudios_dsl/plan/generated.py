"""The Python that a plan runs for each row: written here and nowhere else, compiled, and kept to be read.

The code holds names and texts of a template as `repr` writes them, and numbers. All else is bound to names of the
code's own, so that nothing of a template or of a row is ever run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import count
from math import ceil, isfinite
from types import CodeType
from typing import Any, TypeAlias

from jinja2 import nodes
from jinja2.compiler import operators

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.metrics import Ruler, is_plain
from aistudios_dsl.plan.strings import Strings, TemplateString, is_own
from aistudios_dsl.templates.bounded import LONGEST, Metered, checked_by, rendered, rendered_straight
from aistudios_dsl.templates.environment import compiled, inner, jinja, parsed
from aistudios_dsl.templates.values import PLAIN, checked_value

_NUMBERS = count()
_MOST_NODES = 60
"""The most nodes of a string that is written as Python: what is nested too deeply, Python refuses."""


class Otherwise(Exception):
    """A row that a function does not write, and a more general one does."""


class NotPython(Exception):
    """What no code can be written for before a row comes: Jinja runs it, or the functions that resolve a scene."""


def source_of(strings: Strings) -> str:
    """Return the functions that were generated for some strings, each after what its names stand for."""
    return "\n\n\n".join(vars(function)["source"]() for _, function in sorted(strings.written.items()))


def reader(strings: Strings, found: Iterable[TemplateString]) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    """Return what reads the texts of some strings from the values of a row."""
    source = Source(strings)
    return source.function("(" + "".join(f"{source.text(string)}, " for string in found) + ")")


class Source:
    """A function of the values of a row that is being written."""

    def __init__(self, strings: Strings) -> None:
        self.strings: Strings = strings
        self.lines: list[str] = []
        self._last: list[str] = []
        self._variables: dict[Any, str] = {}
        self.known: dict[str, Any] = dict(_KNOWN, lend=strings.lend, take_back=strings.take_back)

    def bound(self, value: Any, prefix: str, key: Any = None) -> str:
        """Return the name that stands for a value, the same for the same key."""
        key = ("bound", prefix, id(value) if key is None else key)
        name: str | None = self._variables.get(key)
        if name is None:
            name = self._variables[key] = f"{prefix}{len(self.known)}"
            self.known[name] = value
        return name

    def variable(self, prefix: str, key: Any, code: Callable[[], str], check: str = "") -> str:
        """Return the variable that holds the value of some code, written once for a key; `check` follows it."""
        key = prefix, key
        name = self._variables.get(key)
        if name is None:
            written = code()
            name = self._variables[key] = f"{prefix}{len(self._variables)}"
            self.lines += [f"{name} = {written}", *filter(None, [check.format(name)])]
        return name

    def function(self, result: str) -> Callable[..., Any]:
        """Return the function, which gives this result."""
        lines = ["def write(values, holes=()):", *self.lines, f"written = {result}", *self._last, "return written"]
        code, known = "\n    ".join(lines), dict(self.known)
        exec(_compiled(code), self.known)
        made: Callable[..., Any] = self.known["write"]
        vars(made)["source"] = lambda: "\n".join([*(f"# {name}: {_noted(known[name])}" for name in known), code])
        self.strings.written[next(_NUMBERS)] = made
        return made

    def value(self, name: str) -> str:
        """Return the variable of a value of the row, which must have it."""
        return self.variable("value", name, lambda: f"values[{name!r}]")

    def asked(self, name: str) -> str:
        """Return the variable of a value that Jinja's operators and filters read."""
        value = self.value(name)
        self.variable("asked", name, lambda: f"type({value}) in PLAIN or once({value})")
        return value

    def word(self, name: str) -> str:
        """Return the variable of a value's text."""
        value = self.value(name)
        return self.variable("word", name, lambda: f"{value} if type({value}) is str else shown({value})")

    def text(self, string: TemplateString) -> str:
        """Return the variable of the text that a row makes of a string."""
        return self.variable("text", string, lambda: self._text(string), f"len({{}}) <= {LONGEST} or otherwise()")

    def _text(self, string: TemplateString) -> str:
        pieces = None if string.html else self.strings.pieces(string)
        if pieces is not None:
            return _joined(each if isinstance(each, str) else (self.word(each.name),) for each in pieces)
        code = self.tried(lambda: Expressions(self, string).text)
        return self._by_jinja(string) if code is None else code

    def _by_jinja(self, string: TemplateString) -> str:
        template = compiled(self.strings.templates.configure, string.text, string.html)
        run = self.bound(template.root_render_func, "jinja")
        whole = "rendered" if template.environment.code_generator_class is Metered else "rendered_straight"
        for name in self.strings.templates.names(string.text):
            self.asked(name)
        if not self.strings.is_clean(string):
            return f"{whole}({run}({self.bound(template.new_context, 'new_context')}(dict(values))))"
        context = f"context_{string.html}"
        if context not in self._variables:
            self._variables[context] = context
            self.lines.append(f"{context} = lend({string.html}, values)")
            self._last.append(f"take_back({string.html}, {context})")
        return f"{whole}({run}({context}))"

    def units(self, string: TemplateString, ruler: Ruler) -> Number:
        """Return the width of a text of one line, in whole thousandths of an em.

        It is the sum of its parts where these are of plain letters. Raises `NotPython` for a ruler that does not add.
        """
        if not ruler.adds:
            raise NotPython
        known, pieces = self.bound(ruler, "ruler"), self.strings.pieces(string)
        if string.html or pieces is None or any(isinstance(each, str) and not is_plain(each) for each in pieces):
            return Number(self, self._own_units(self.text(string), known))
        code, before = list[str](), ""
        for piece in pieces:
            if isinstance(piece, str):
                own, first, last = str(ruler.units(piece)), repr(piece[0]), repr(piece[-1])
            else:
                word = self.word(piece.name)
                own, first, last = self._own_units(word, known), f"{word}[0]", f"{word}[-1]"
            code += [self.gap(before, first, known), own] if before else [own]
            before = last
        whole = " + ".join(code)
        return Number(self, self.variable("n", whole, lambda: whole))

    def gap(self, before: str, after: str, ruler: str) -> str:
        """Return the variable of what is between two letters beyond their advances."""
        code = f"{ruler}.pairs[{before}, {after}] - {ruler}.advances[{after}]"
        return self.variable("gap", code, lambda: code)

    def _own_units(self, word: str, ruler: str) -> str:
        self.known["is_plain"] = is_plain
        self.variable("is_plain", word, lambda: f"is_plain({word}) or otherwise()")
        return self.variable("units", (word, ruler), lambda: f"{ruler}.units({word})")

    def tried(self, write: Callable[[], Any]) -> Any:
        """Return what `write` gives; None, and nothing written, if it cannot be Python that is written beforehand."""
        lines, last, variables = len(self.lines), len(self._last), len(self._variables)
        try:
            return write()
        except (NotPython, TypeError, ValueError, BuildError):  # what is no arithmetic takes no Number
            del self.lines[lines:], self._last[last:]
            while len(self._variables) > variables:
                self._variables.popitem()
            return None


Arithmetic: TypeAlias = "Callable[[Number, Any], Any]"


def _arithmetic(form: str, neutral: int | None = None) -> Arithmetic:
    def written(number: Number, other: Any) -> Any:
        if not isinstance(other, Number):
            if other == neutral:
                return number
            if form == _TIMES and other == 0:
                return 0
        return number.written(form, other)

    return written


_TIMES = "{} * {}"


class Number:
    """A number that a row decides. Arithmetic with it is not done, but written as code, and what gives it is a Number.

    Whole numbers are not told from floats, so `plain` has to be asked at the end. There are no comparisons.
    """

    __slots__ = ("_source", "code")

    def __init__(self, source: Source, code: str) -> None:
        self._source = source
        self.code: str = code

    def written(self, form: str, other: Any = None) -> Number:
        """Return what comes of this number in place of the first braces, and another one in that of the second."""
        code = form.format(self.code, other.code if isinstance(other, Number) else repr(other))
        return Number(self._source, self._source.variable("n", code, lambda: code))

    __add__: Arithmetic = _arithmetic("{} + {}", 0)
    __radd__: Arithmetic = _arithmetic("{1} + {0}", 0)
    __sub__: Arithmetic = _arithmetic("{} - {}", 0)
    __rsub__: Arithmetic = _arithmetic("{1} - {0}")
    __mul__: Arithmetic = _arithmetic(_TIMES, 1)
    __rmul__: Arithmetic = __mul__
    __truediv__: Arithmetic = _arithmetic("{} / {}", 1)

    def __ceil__(self) -> Any:
        return self.written("ceil({})")

    def __eq__(self, other: object) -> bool:
        raise NotPython

    def __hash__(self) -> int:
        raise NotPython

    def __bool__(self) -> bool:
        raise NotPython


class Expressions:
    """Writes a string of Jinja as Python where this takes no more than its operators and filters.

    The code gives what Jinja's gives, or an exception where Jinja's raises one.
    """

    def __init__(self, source: Source, string: TemplateString) -> None:
        configure = source.strings.templates.configure
        self._source, tree = source, parsed(configure, string.text)
        self._environment: Any = jinja(configure, False).suited_to(tree)
        self._names = source.strings.templates.names(string.text)
        is_metered = self._environment.code_generator_class is Metered
        if string.html or is_metered or not is_own(configure, string.html):
            raise NotPython
        if sum(1 for _ in tree.find_all(nodes.Node)) > _MOST_NODES:
            raise NotPython
        self.text: str = self.joined(tree.body)

    def joined(self, body: list[Any]) -> str:
        return _joined(self._piece(node) for node in inner(nodes.Template(body)))

    def _piece(self, node: Any) -> str | tuple[str]:
        if isinstance(node, nodes.TemplateData):
            return str(node.data)
        if isinstance(node, nodes.If):
            return (self.choice(node, node.elif_),)
        code = self._code(node)
        return (f"(it if type(it := {code}) is str else shown(it))",)

    def choice(self, node: Any, others: Sequence[Any]) -> str:
        rest = self.choice(others[0], others[1:]) if others else self.joined(node.else_)
        return f"({self.joined(node.body)} if {self._code(node.test)} else {rest})"

    def _code(self, node: Any) -> str:
        match node:
            case nodes.Name() if node.name in self._names:
                return self._source.asked(node.name)
            case nodes.Const() if node.value is None or type(node.value) in (str, bool, int):
                return repr(node.value)
            case nodes.Const() if type(node.value) is float and isfinite(node.value):
                return repr(node.value)
            case nodes.Getattr():
                return f"{self._method('getattr')}({self._code(node.node)}, {node.attr!r})"
            case nodes.Filter() if not hasattr(function := self._environment.filters[node.name], "jinja_pass_arg"):
                given = ", ".join(map(self._code, [node.node, *node.args]))
                return f"{self._source.bound(function, 'filter')}({given})"
        return f"({self._operation(node)})"

    def _operation(self, node: Any) -> str:
        match node:
            case nodes.Not():
                return f"not {self._code(node.node)}"
            case nodes.And() | nodes.Or():
                return f"{self._code(node.left)} {type(node).__name__.lower()} {self._code(node.right)}"
            case nodes.CondExpr() if node.expr2 is not None:
                return f"{self._code(node.expr1)} if {self._code(node.test)} else {self._code(node.expr2)}"
            case nodes.Compare() if len(node.ops) == 1:
                [operand] = node.ops
                left, right = self._code(node.expr), self._code(operand.expr)
                if checked := checked_by(node):
                    negation = "not " if operand.op in ("ne", "notin") else ""
                    return f"{negation}{self._method(checked)}({left}, {right})"
                return f"{left} {operators[operand.op]} {right}"
        raise NotPython

    def _method(self, name: str) -> str:
        return self._source.bound(getattr(self._environment, name), name, name)


@lru_cache(maxsize=128)
def _compiled(code: str) -> CodeType:
    """Return compiled code, which is the same for functions that differ in what they are bound to."""
    return compile(code, "<plan>", "exec")


def _noted(value: Any) -> str:
    """Return a line that tells a reader what a value is."""
    text = repr(value) if isinstance(value, bytes) else getattr(value, "__qualname__", type(value).__qualname__)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _shown(value: Any) -> str:
    return str(checked_value(value))


def _once(value: Any) -> None:
    """Refuse a value that can be read only once, as the row may be rendered again."""
    if hasattr(value, "__next__"):
        raise TypeError("a value can be read only once")


def _otherwise() -> None:
    raise Otherwise


def _joined(pieces: Iterable[str | tuple[str]]) -> str:
    """Return code that joins texts, and code in tuples that gives texts."""
    form, code = "", list[str]()
    for piece in pieces:
        form += piece.replace("%", "%%") if isinstance(piece, str) else "%s"
        code += () if isinstance(piece, str) else piece
    if not code:
        return repr(form % ())
    return code[0] if form == "%s" else f"{form!r} % ({', '.join(code)},)"


_KNOWN: dict[str, Any] = {"PLAIN": PLAIN, "shown": _shown, "once": _once, "otherwise": _otherwise, "ceil": ceil}
_KNOWN |= {"rendered": rendered, "rendered_straight": rendered_straight}
