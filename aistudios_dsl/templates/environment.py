"""Jinja for the strings of a project: sandboxed, strict about missing names, imported only when a string needs it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from numbers import Integral
from typing import TYPE_CHECKING, Any

from attrs import frozen

from aistudios_dsl.errors import TemplateError, did_you_mean, nearest
from aistudios_dsl.templates.trans import spelled_out
from aistudios_dsl.templates.values import WholeRow, checked_value, is_missing, spelling

if TYPE_CHECKING:
    from jinja2 import Environment, TemplateSyntaxError

    from aistudios_dsl.templates.bounded import Bounded

Hook = Callable[["Environment"], None]

_PIECES, _CODE = 500, 10_000
"""The most pieces of Jinja in a string, and the most characters in them, as compiling takes time for each."""

REPEATED = 10_000
"""The most repetitions that the `each` of a scene and those in it may make in all."""

LOOP = "loop"
"""The name that every `each` binds beside its own."""

_SURROGATE = "[\ud800-\udfff]"
_LITERAL = "if the braces are text: write {{ '{{' }}, or Project.load(..., template=False)"
_UNCLOSED = r"(?s)\{\{(?:(?!\{\{|\}\}).)*(?:\{\{|\Z)"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False, "": False}
_TAGS = (
    "for",
    "endfor",
    "if",
    "elif",
    "else",
    "endif",
    "set",
    "endset",
    "macro",
    "filter",
    "raw",
    "endraw",
    "with",
    "trans",
)
_KINDS = {
    f"{__name__}.Loop": f"'{LOOP}'",
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "aistudios_dsl.templates.cells.ShownNumber": "a number",
    "aistudios_dsl.templates.cells.ShownDate": "a date",
    "aistudios_dsl.templates.cells.ShownMoment": "a date and time",
}
"""What messages call values, by the name of their class as Jinja writes it."""
_NO_NAME = r"\b(?:and|or|not|in|is|if|else)\b|'[^']*'|\"[^\"]*\"|[^\w \-]"
"""What stands between the names in an expression."""
_EACH = r"(?s)\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s+in\s+(.+)"


@frozen
class Loop:
    """What `loop` is in a repetition that `each` makes: where it stands among the others.

    >>> loop = Loop(0, 3)
    >>> loop.index, loop.revindex, loop.first, loop.last
    (1, 3, True, False)
    """

    index0: int
    length: int

    @property
    def index(self) -> int:
        return self.index0 + 1

    @property
    def revindex(self) -> int:
        return self.length - self.index0

    @property
    def revindex0(self) -> int:
        return self.length - self.index0 - 1

    @property
    def first(self) -> bool:
        return self.index0 == 0

    @property
    def last(self) -> bool:
        return self.index == self.length


_OF_LOOP = ("index", "index0", "revindex", "revindex0", "first", "last", "length")


@frozen
class Templates:
    """Jinja with the user's filters and globals, which the module-level function `configure` adds to an environment.

    >>> Templates().render("Hello {{ name }}", {"name": "Ann"})
    'Hello Ann'
    """

    configure: Hook | None = None

    def is_template(self, text: str) -> bool:
        """Tell whether rendering could change the text. Raise `TemplateError` with the line that Jinja cannot read.

        >>> Templates().is_template("50 % { off }"), Templates().is_template("{{ price }}")
        (False, True)
        """
        if self.is_text(text) or _is_plain(self.configure, text):
            return False
        # This reports unknown filters, which parsing alone does not.
        _needed(self.configure, text)
        return True

    def is_text(self, text: str) -> bool:
        """Tell at a glance that a text is no template; False means "perhaps it is"."""
        return self.configure is None and "{{" not in text and "{%" not in text and "{#" not in text

    def names(self, text: str) -> tuple[str, ...]:
        """Return the names that a row must have for this text, sorted.

        A name that the text tests (`name is defined`, `name|default("friend")`) may be missing.

        >>> Templates().names("{% for n in names %}{{ n }} of {{ total }}{% endfor %}")
        ('names', 'total')
        """
        return tuple(sorted(_needed(self.configure, text).names))

    def columns(self, text: str) -> tuple[str, ...]:
        """Return the columns that this text reads as `row["First Name"]`, sorted.

        >>> Templates().columns('Hello {{ row["First Name"] }}')
        ('First Name',)
        """
        return tuple(sorted(_needed(self.configure, text).columns))

    def render(self, text: str, row: Mapping[str, Any], *, html: bool = False) -> str:
        """Return the text with the row's values, escaped if it is HTML. Braces in a value are text.

        Raises `TemplateError` for a name that the row lacks, for None and NaN, and for what Jinja refuses.
        """
        names = self.names(text)
        rendered: str = _run(compiled(self.configure, text, html).render, text, row, names)
        return rendered

    def pattern(self, text: str) -> re.Pattern[str]:
        """Return the pattern of what a text may be, whatever the row.

        >>> bool(Templates().pattern("price-{{ loop.index }}").fullmatch("price-2"))
        True
        """
        from jinja2 import nodes

        pieces = inner(parsed(self.configure, text))
        known = [re.escape(piece.data) if isinstance(piece, nodes.TemplateData) else ".*" for piece in pieces]
        return re.compile("".join(known), re.DOTALL)

    def evaluate(self, expression: str, row: Mapping[str, Any]) -> Any:
        """Return the value of a Jinja expression.

        >>> Templates().evaluate("price * 2", {"price": 4})
        8
        """
        names = self.expression_names(expression)
        return _run(_expression(self.configure, expression), expression, row, names)

    def truth(self, expression: str, row: Mapping[str, Any]) -> bool:
        """Return what `when` says: a bool, a number, None, or one of "true", "false", "1", "0", "" in any case.

        >>> Templates().truth("vip", {"vip": "False"})
        False
        """
        value = self.evaluate(expression, row)
        if isinstance(value, str) and value.strip().lower() in _TRUTHS:
            return _TRUTHS[value.strip().lower()]
        if value is None or isinstance(value, Integral) or (isinstance(value, float) and math.isfinite(value)):
            return bool(value)
        if type(value).__name__ in ("bool", "bool_"):
            # What NumPy compares gives a truth of its own.
            return bool(value)
        raise TemplateError(
            f"when={expression!r} is {value!r}, which is neither true nor false", hint=_as_truth(expression, value)
        )

    def each(self, expression: str) -> tuple[tuple[str, ...], str]:
        """Return the names that `each` binds beside `loop`, and the expression of its items.

        >>> Templates().each("name, price in offers")
        (('name', 'price'), 'offers')
        """
        found = re.fullmatch(_EACH, expression)
        if not found:
            raise TemplateError(f"each={expression!r} is not a loop", hint='write each="item in items"')
        return tuple(name.strip() for name in found[1].split(",")), found[2].strip()

    def bindings(self, expression: str, row: Mapping[str, Any], most: int = REPEATED) -> list[dict[str, Any]]:
        """Return what `each` binds in each of at most so many repetitions.

        >>> [(bound["n"], bound["loop"].last) for bound in Templates().bindings("n in range(2)", {})]
        [(0, False), (1, True)]
        """
        names, source = self.each(expression)
        items = self.evaluate(source, row)
        if isinstance(items, str | bytes | Mapping) or not hasattr(items, "__iter__"):
            hint = f"split a text, as in {source}.split(';')" if isinstance(items, str) else ""
            raise TemplateError(f"each={expression!r}: {source} is {_kind(items)}, not a list of items", hint=hint)
        some = list(islice(items, most + 1))
        if len(some) > most:
            hint = "split the row into several projects"
            raise TemplateError(f"each={expression!r} makes more than {REPEATED:,} repetitions", hint=hint)
        return [
            {LOOP: Loop(number, len(some)), **dict(zip(names, _unpacked(names, item, expression), strict=True))}
            for number, item in enumerate(some)
        ]

    def expression_names(self, expression: str) -> tuple[str, ...]:
        """Return the names that a row must have for this expression.

        >>> Templates().expression_names("price > 3 and vip")
        ('price', 'vip')
        """
        return _expression_names(self.configure, expression)

    def expression_columns(self, expression: str) -> tuple[str, ...]:
        """Return the columns that this expression reads as `row["First Name"]`, sorted."""
        return self.columns(_as_text(self.configure, expression))


def _kind(value: object) -> str:
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return _KINDS.get(name, kind.__name__)


def _unpacked(names: tuple[str, ...], item: Any, expression: str) -> tuple[Any, ...]:
    if len(names) == 1:
        return (item,)
    if not isinstance(item, list | tuple) or len(item) != len(names):
        raise TemplateError(f"each={expression!r}: {item!r} is not {len(names)} values")
    return tuple(item)


def _as_truth(expression: str, value: Any) -> str:
    """Return the hint for a text or another value where a condition is wanted."""
    if re.fullmatch(r"[\w.]+", expression.strip()):
        name, other = expression.strip(), value if isinstance(value, str) and value.isalnum() else "gold"
        return f"to ask whether there is one: when=\"{name} != ''\"; or compare it: when=\"{name} == '{other}'\""
    return "compare it, as in when=\"plan == 'gold'\""


def _given(names: tuple[str, ...], row: Mapping[str, Any], text: str) -> None:
    """Raise `TemplateError` for a name that the row lacks, for which Jinja would use a global, such as range."""
    for name in names:
        if name not in row:
            raise TemplateError(f"the row has no {name!r}", hint=missing_hint(name, row, text), code="missing-name")


def missing_hint(name: str, row: Iterable[Any], text: str = "") -> str:
    """Return the hint for a name that a row lacks: how the template reads the column that may be meant.

    >>> missing_hint("FirstName", ["First Name"])
    "did you mean 'First_Name'?"
    """
    if name == LOOP:
        return "each= binds it, in the scene, clip or group that is repeated"
    columns = [key for key in row if isinstance(key, str) and key != "row"]
    odd = next((key for key in columns if not key.isidentifier() and name in key and key in text), "")
    if odd:
        return f"the column {odd!r} is {_spelt(odd)}"
    known = list(dict.fromkeys(spelling(key) or key for key in columns))
    few = nearest(name, known) or len(known) <= 12
    return (did_you_mean(name, known) if few else f"the row has {len(known)} others") or "the row is empty"


def _spelt(column: str, braces: bool = True) -> str:
    name = spelling(column)
    return " or ".join((f"{{{{ {one} }}}}" if braces else one) for one in (name, f'row["{column}"]') if one)


def _run(work: Callable[[Mapping[str, Any]], Any], text: str, row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    from jinja2 import UndefinedError

    from aistudios_dsl.templates.bounded import restart

    _given(names, row, text)
    restart()
    try:
        value = work(row)
    except TemplateError as fault:
        if fault.code == "missing-value":
            raise _named(fault, work, text, row) from None
        raise
    except UndefinedError as fault:
        raise _undefined(str(fault.message), row, text) from fault
    except RecursionError as fault:
        raise TemplateError("the template calls itself endlessly") from fault
    except Exception as fault:
        hint = _type_hint(text, row, names) if isinstance(fault, TypeError) else ""
        raise TemplateError(f"rendering failed: {type(fault).__name__}: {fault}", hint=hint) from fault
    if isinstance(value, str) and re.search(_SURROGATE, value):
        raise TemplateError("a value contains an unpaired surrogate")
    return value


def _type_hint(text: str, row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    gaps = _gaps(text, row)
    if gaps:
        return f"{gaps[0]} is missing in the row: ask first, as in {gaps[0]} is not none and …"
    texts = [name for name in names if isinstance(row[name], str)]
    return f"{texts[0]} is text: {texts[0]}|int or {texts[0]}|float is a number" if texts else ""


def _named(
    fault: TemplateError, work: Callable[[Mapping[str, Any]], Any], text: str, row: Mapping[str, Any]
) -> TemplateError:
    """Return the error of a missing value with the variable that has it."""
    gaps = _gaps(text, row)
    name = next((name for name in gaps if len(gaps) == 1 or _fails_alone(name, gaps, work, row)), "")
    if not name:
        return fault
    read = name if name.isidentifier() or "[" in name or "." in name else f'row["{name}"]'
    hint = f"give it a text: {{{{ {read} or '' }}}} or {{{{ {read}|default('', true) }}}}"
    return TemplateError(f"{fault.message}: {name!r} is missing in the row", hint=hint, code=fault.code)


def _fails_alone(
    name: str, gaps: Iterable[str], work: Callable[[Mapping[str, Any]], Any], row: Mapping[str, Any]
) -> bool:
    """Whether a missing value is what fails, if all others were given."""
    given = dict.fromkeys((gap for gap in gaps if gap != name), "")
    try:
        work({**row, **given, "row": WholeRow({**row.get("row", {}), **given})})
    except TemplateError as fault:
        return fault.code == "missing-value"
    except Exception:
        return False
    return False


def _gaps(text: str, row: Mapping[str, Any]) -> list[str]:
    """Return the variables of a text that are missing in the row, in the order of the text; else one inside another."""
    found = {name: re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in row if isinstance(name, str)}
    named = sorted((place.start(), name) for name, place in found.items() if place and name != "row")
    gaps = [name for _, name in named if is_missing(row[name])]
    inner = (path for _, name in named for path in _paths(row[name], name))
    return gaps or list(islice(inner, 1))


def _paths(value: Any, path: str, depth: int = 0) -> Iterator[str]:
    if is_missing(value):
        yield path
    elif depth < 5 and isinstance(value, Mapping):
        for key, item in value.items():
            own = f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"
            yield from _paths(item, f"{path}{own}", depth + 1)
    elif depth < 5 and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _paths(item, f"{path}[{index}]", depth + 1)


def _undefined(message: str, row: Mapping[str, Any], text: str) -> TemplateError:
    column = re.search(r"WholeRow object' has no (?:attribute|element) '?(.*?)'?$", message)
    if column is None:
        shown = re.sub(r"'([\w.]+) object'", lambda found: _KINDS.get(found[1], found[0]), message)
        return TemplateError(shown, hint=_near_attribute(message, row))
    known = list(row.get("row", ()))
    hint = did_you_mean(column[1], known) if nearest(column[1], known) else missing_hint(column[1], known)
    return TemplateError(f"the row has no {column[1]!r}", hint=hint, code="missing-name")


def _near_attribute(message: str, row: Mapping[str, Any]) -> str:
    quoted = re.findall(r"'([^']*)'", message)
    if quoted == ["str object", "strftime"]:
        return "a CSV has dates as texts; a workbook, Parquet and Python have dates"
    values = [value for value in row.values() if isinstance(value, Mapping) and not isinstance(value, WholeRow)]
    inner = [key for value in values for key in map(str, value)]
    inner += _OF_LOOP if LOOP in row else ()
    return did_you_mean(quoted[-1], inner) if quoted and nearest(quoted[-1], inner) else ""


def _configured(configure: Hook, environment: Environment) -> None:
    try:
        configure(environment)
    except TemplateError:
        raise
    except Exception as fault:
        name = getattr(configure, "__name__", "the function")
        raise TemplateError(f"environment={name} failed: {type(fault).__name__}: {fault}") from fault


@lru_cache(maxsize=64)
def jinja(configure: Hook | None, html: bool) -> Bounded:
    from jinja2 import StrictUndefined

    from aistudios_dsl.templates.bounded import Bounded

    environment = Bounded(
        undefined=StrictUndefined, autoescape=html, keep_trailing_newline=True, finalize=checked_value
    )
    if configure is not None:
        _configured(configure, environment)
        environment.autoescape = html
    environment.meter()
    return environment


@contextmanager
def _reading(
    configure: Hook | None, text: str, describe: Callable[[Hook | None, str, TemplateSyntaxError], TemplateError]
) -> Iterator[None]:
    """Raise `TemplateError`, described by `describe`, where Jinja cannot read the text."""
    from jinja2 import TemplateSyntaxError

    try:
        yield
    except TemplateSyntaxError as fault:
        raise describe(configure, text, fault) from None
    except RecursionError:
        raise TemplateError("is nested too deeply for Jinja to read", hint="write it in fewer levels") from None
    except (SyntaxError, ValueError, MemoryError) as fault:
        # Python refuses the code that Jinja writes: too many nested blocks, or digits of a number.
        raise TemplateError(f"Jinja cannot read it: {type(fault).__name__}: {fault}") from None


def _no_template(configure: Hook | None, text: str, fault: TemplateSyntaxError) -> TemplateError:
    excerpt = text.splitlines()[fault.lineno - 1].strip()[:60] if text.splitlines() else ""
    message, code = str(fault.message), "template"
    hint = _near_name(configure, message) or _odd_name(*re.findall(r"\{\{(.*?)(?:\||\}\})", excerpt))
    if configure is None and re.search(_UNCLOSED, text):
        message, hint, code = "'{{' is never closed", f"close it with '}}}}'; {_LITERAL}", "unclosed-braces"
    elif not hint:
        hint, code = _LITERAL, "template-syntax"
    return TemplateError(f"line {fault.lineno} ({excerpt!r}): {message}", hint=hint, code=code)


def _odd_name(*expressions: str, braces: bool = True) -> str:
    """Return the hint for an expression that holds a column's name as it stands in a table, or ""."""
    for expression in expressions:
        for piece in re.split(_NO_NAME, expression):
            name = piece.strip()
            if re.fullmatch(r"[^\W\d]\w*(?:[ \-]+\w+)+", name):
                return f"the column {name!r} is {_spelt(name, braces)}"
    return ""


def _no_expression(configure: Hook | None, text: str, fault: TemplateSyntaxError) -> TemplateError:
    hint = _near_name(configure, str(fault.message))
    if "{{" in text or "{%" in text:
        hint = "write an expression without braces, as in when=\"plan == 'gold'\""
    elif re.search(r"(?<![=!<>])=(?!=)", text):
        hint = "compare with ==, as in when=\"plan == 'gold'\""
    else:
        hint = hint or _odd_name(text, braces=False)
    return TemplateError(f"{text!r} is not a Jinja expression: {fault.message}", hint=hint)


def _near_name(configure: Hook | None, message: str) -> str:
    """Return the hint for an unknown filter, test or tag, or ""."""
    found = re.search(r"(?:No|unknown) (filter|test|tag)(?: named)? '(.*)'", message)
    if not found:
        return ""
    kind, name = found.groups()
    if name in ("trans", "pluralize", "endtrans"):
        return "write {% trans n=count %}…{% pluralize %}…{% endtrans %}"
    environment = jinja(configure, False)
    close = nearest(name, {"filter": environment.filters, "test": environment.tests, "tag": _TAGS}[kind])
    own = "" if kind == "tag" else f"Project(environment=...) adds your own {kind}s"
    return " ".join(part for part in (f"did you mean {close!r}?" if close else "", own) if part)


@lru_cache(maxsize=4096)
def compiled(configure: Hook | None, text: str, html: bool) -> Any:
    with _reading(configure, text, _no_template):
        return jinja(configure, html).suited_to(parsed(configure, text)).from_string(_without_trans(configure, text))


@lru_cache(maxsize=1024)
def _expression(configure: Hook | None, expression: str) -> Callable[[Mapping[str, Any]], Any]:
    from jinja2 import Undefined

    with _reading(configure, expression, _no_expression):
        found = jinja(configure, False).compile_expression(expression, undefined_to_none=False)
    template: Any = found._template
    # Calling `found` would merge Jinja's globals anew, which takes most of its time.
    environment, known = template.environment, dict(template.globals)

    def evaluated(row: Mapping[str, Any]) -> Any:
        context = environment.context_class(environment, {**known, **row}, template.name, template.blocks)
        for _ in template.root_render_func(context):
            pass
        value = context.vars["result"]
        if isinstance(value, Undefined):
            str(value)  # raises, as it would in a string
        return value

    return evaluated


@lru_cache(maxsize=1024)
def _expression_names(configure: Hook | None, expression: str) -> tuple[str, ...]:
    return Templates(configure).names(_as_text(configure, expression))


def _as_text(configure: Hook | None, expression: str) -> str:
    _expression(configure, expression)
    environment = jinja(configure, False)
    return f"{environment.variable_start_string} ({expression}) {environment.variable_end_string}"


@lru_cache(maxsize=4096)
def parsed(configure: Hook | None, text: str) -> Any:
    tags = re.split(r"\{[{%]", text)[1:]
    if len(tags) > _PIECES or sum(len(re.split(r"[}%]\}", tag, maxsplit=1)[0]) for tag in tags) > _CODE:
        message = f"holds more than {_PIECES} pieces of Jinja, or more than {_CODE:,} characters in them"
        hint = f"split it, or compute it in the row; {_LITERAL}"
        raise TemplateError(message, hint=hint, code="template-too-large")
    with _reading(configure, text, _no_template):
        return jinja(configure, False).parse(_without_trans(configure, text))


def _without_trans(configure: Hook | None, text: str) -> str:
    """Return a text with its `{% trans %}` blocks in plain Jinja, unless the user's environment reads them."""
    if "trans" not in text or any("trans" in one.tags for one in jinja(configure, False).iter_extensions()):
        return text
    return spelled_out(text)


def _is_plain(configure: Hook | None, text: str) -> bool:
    """Tell whether rendering leaves the text as it is."""
    from jinja2 import nodes

    found = inner(parsed(configure, text))
    if not all(isinstance(piece, nodes.TemplateData) for piece in found):
        return False
    return "".join(piece.data for piece in found) == text.replace("\r\n", "\n").replace("\r", "\n")


def inner(tree: Any) -> list[Any]:
    from jinja2 import nodes

    return [piece for output in tree.body for piece in (output.nodes if isinstance(output, nodes.Output) else [output])]


@frozen
class _Needed:
    """The names that a row must have for a text, and the columns that the text reads as `row["First Name"]`."""

    names: frozenset[str]
    columns: frozenset[str]


@lru_cache(maxsize=4096)
def _needed(configure: Hook | None, text: str) -> _Needed:
    with _reading(configure, text, _no_template):
        return _find_needed(configure, parsed(configure, text))


def _find_needed(configure: Hook | None, tree: Any) -> _Needed:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from aistudios_dsl.templates.bounded import Names

    environment = jinja(configure, False)
    _check_known(environment, tree)
    pieces = inner(tree)
    if all(isinstance(piece, nodes.TemplateData | nodes.Name) for piece in pieces):
        wanted = {piece.name for piece in pieces if isinstance(piece, nodes.Name)} - {"self"}
    else:
        # Without its globals, Jinja also reports a name that is one of them.
        bare = environment.overlay()
        bare.globals = {}
        tree.set_environment(bare)
        finder = Names(bare)
        finder.visit(tree)
        wanted = finder.undeclared_identifiers
    called = {call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
    known = set(environment.globals)
    own = known - set(ImmutableSandboxedEnvironment().globals) if configure is not None else set()
    columns = _columns(tree) if "row" in wanted else frozenset()
    names = wanted - own - (called & known) - (_optional_names(tree) - known) - {"row"}
    return _Needed(frozenset(names), columns)


def _columns(tree: Any) -> frozenset[str]:
    from jinja2 import nodes

    asked = {id(node) for node in _asked(tree)}
    items = [node for node in tree.find_all((nodes.Getitem, nodes.Getattr)) if id(node) not in asked]
    own = [node for node in items if isinstance(node.node, nodes.Name) and node.node.name == "row"]
    keys = [node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None) for node in own]
    return frozenset(key for key in keys if isinstance(key, str) and not hasattr(dict, key))


def _optional_names(tree: Any) -> set[str]:
    """Return the names that a row may lack: `name is defined`, `name|default("friend")`."""
    from jinja2 import nodes

    return {node.name for node in _asked(tree) if isinstance(node, nodes.Name)}


def _asked(tree: Any) -> list[Any]:
    from jinja2 import nodes

    tests = [node.node for node in tree.find_all(nodes.Test) if node.name in ("defined", "undefined")]
    return tests + [node.node for node in tree.find_all(nodes.Filter) if node.name in ("default", "d")]


def _check_known(environment: Environment, tree: Any) -> None:
    """Raise Jinja's error for an unknown filter or test, also inside an `if`, where Jinja waits for a row."""
    from jinja2 import TemplateAssertionError, nodes

    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for node in tree.find_all(kind):
            if node.name not in known:
                raise TemplateAssertionError(f"No {kind.__name__.lower()} named {node.name!r}.", node.lineno)
