"""Jinja for the strings of a project: sandboxed, strict about missing names, imported only when a string needs it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from aistudios_dsl.errors import TemplateError, did_you_mean, nearest

if TYPE_CHECKING:
    from jinja2 import Environment, TemplateSyntaxError

    from aistudios_dsl.templates.bounded import Bounded

Hook = Callable[["Environment"], None]

_PIECES, _CODE = 500, 10_000
"""The most pieces of Jinja in a string, and the most characters in them, as compiling takes time for each."""

REPEATED = 10_000
"""The most repetitions that the `each` of a scene and those in it may make in all."""

_SURROGATE = "[\ud800-\udfff]"
_LITERAL = "if the braces are text: write {{ '{{' }}, or Project.load(..., template=False)"
_UNCLOSED = r"(?s)\{\{(?:(?!\{\{|\}\}).)*(?:\{\{|\Z)"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False, "": False}
_TAGS = ("for", "endfor", "if", "elif", "else", "endif", "set", "endset", "macro", "filter", "raw", "endraw", "with")
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


LOOP = "loop"
"""The name that every `each` binds beside its own."""
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
        if self.configure is None and not any(mark in text for mark in ("{{", "{%", "{#")):
            return False
        if _is_plain(self.configure, text):
            return False
        # This reports unknown filters, which parsing alone does not.
        _names(self.configure, text)
        return True

    def names(self, text: str) -> tuple[str, ...]:
        """Return the names that a row must have for this text, sorted.

        A name that the text tests (`name is defined`, `name|default("friend")`) may be missing.

        >>> Templates().names("{% for n in names %}{{ n }} of {{ total }}{% endfor %}")
        ('names', 'total')
        """
        return tuple(sorted(_names(self.configure, text)))

    def render(self, text: str, row: Mapping[str, Any], *, html: bool = False) -> str:
        """Return the text with the row's values, escaped if it is HTML. Braces in a value are text.

        Raises `TemplateError` for a name that the row lacks, for None and NaN, and for what Jinja refuses.
        """
        names = self.names(text)
        _given(names, row)
        rendered: str = _run(lambda: compiled(self.configure, text, html).render(row), row, names)
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
        return _run(lambda: _expression(self.configure, expression)(_given(names, row)), row, names)

    def truth(self, expression: str, row: Mapping[str, Any]) -> bool:
        """Return what `when` says: a bool, a number, None, or one of "true", "false", "1", "0", "" in any case.

        >>> Templates().truth("vip", {"vip": "False"})
        False
        """
        value = self.evaluate(expression, row)
        if isinstance(value, str) and value.strip().lower() in _TRUTHS:
            return _TRUTHS[value.strip().lower()]
        if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
            return bool(value)
        hint = "compare it, as in when=\"plan == 'gold'\""
        raise TemplateError(f"when={expression!r} is {value!r}, which is neither true nor false", hint=hint)

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
            raise TemplateError(f"each={expression!r}: {source} is {type(items).__name__}, not a list of items")
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


def _unpacked(names: tuple[str, ...], item: Any, expression: str) -> tuple[Any, ...]:
    if len(names) == 1:
        return (item,)
    if not isinstance(item, list | tuple) or len(item) != len(names):
        raise TemplateError(f"each={expression!r}: {item!r} is not {len(names)} values")
    return tuple(item)


def _given(names: tuple[str, ...], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the row. Raise `TemplateError` for a name it lacks, for which Jinja would use a global, such as range."""
    for name in names:
        if name not in row:
            known = [key for key in row if isinstance(key, str)]
            few = nearest(name, known) or len(known) <= 12
            hint = did_you_mean(name, known) if few else f"the row has {len(known)} others"
            if name == LOOP:
                hint = "each= binds it, in the scene, clip or group that is repeated"
            raise TemplateError(f"the row has no {name!r}", hint=hint or "the row is empty")
    return row


def _run(work: Callable[[], Any], row: Mapping[str, Any], names: Iterable[str]) -> Any:
    from jinja2 import UndefinedError

    from aistudios_dsl.templates.bounded import restart

    restart()
    try:
        value = work()
    except TemplateError:
        raise
    except UndefinedError as fault:
        raise TemplateError(str(fault.message), hint=_near_attribute(str(fault.message), row)) from fault
    except RecursionError as fault:
        raise TemplateError("the template calls itself endlessly") from fault
    except Exception as fault:
        texts = [name for name in names if isinstance(row[name], str)] if isinstance(fault, TypeError) else []
        hint = f"{texts[0]} is text: {texts[0]}|int or {texts[0]}|float is a number" if texts else ""
        raise TemplateError(f"rendering failed: {type(fault).__name__}: {fault}", hint=hint) from fault
    if isinstance(value, str) and re.search(_SURROGATE, value):
        raise TemplateError("a value contains an unpaired surrogate")
    return value


def _near_attribute(message: str, row: Mapping[str, Any]) -> str:
    quoted = re.findall(r"'([^']*)'", message)
    inner = [key for value in row.values() if isinstance(value, Mapping) for key in map(str, value)]
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


def checked_value(value: Any) -> Any:
    if value is None:
        raise TemplateError("a value is None", hint="give it a text: {{ name or '' }} or {{ name|default('', true) }}")
    if isinstance(value, float) and not math.isfinite(value):
        raise TemplateError(f"a value is {value}, which cannot be shown", hint="is it missing in the data?")
    return value


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
    message, hint, code = str(fault.message), _near_name(configure, str(fault.message)), "template"
    if configure is None and re.search(_UNCLOSED, text):
        message, hint, code = "'{{' is never closed", f"close it with '}}}}'; {_LITERAL}", "unclosed-braces"
    elif not hint:
        hint, code = _LITERAL, "template-syntax"
    return TemplateError(f"line {fault.lineno} ({excerpt!r}): {message}", hint=hint, code=code)


def _no_expression(configure: Hook | None, text: str, fault: TemplateSyntaxError) -> TemplateError:
    hint = _near_name(configure, str(fault.message))
    if "{{" in text or "{%" in text:
        hint = "write an expression without braces, as in when=\"plan == 'gold'\""
    elif re.search(r"(?<![=!<>])=(?!=)", text):
        hint = "compare with ==, as in when=\"plan == 'gold'\""
    return TemplateError(f"{text!r} is not a Jinja expression: {fault.message}", hint=hint)


def _near_name(configure: Hook | None, message: str) -> str:
    """Return the hint for an unknown filter, test or tag, or ""."""
    found = re.search(r"(?:No|unknown) (filter|test|tag)(?: named)? '(.*)'", message)
    if not found:
        return ""
    kind, name = found.groups()
    environment = jinja(configure, False)
    close = nearest(name, {"filter": environment.filters, "test": environment.tests, "tag": _TAGS}[kind])
    own = "" if kind == "tag" else f"Project(environment=...) adds your own {kind}s"
    return " ".join(part for part in (f"did you mean {close!r}?" if close else "", own) if part)


@lru_cache(maxsize=4096)
def compiled(configure: Hook | None, text: str, html: bool) -> Any:
    with _reading(configure, text, _no_template):
        return jinja(configure, html).suited_to(parsed(configure, text)).from_string(text)


@lru_cache(maxsize=1024)
def _expression(configure: Hook | None, expression: str) -> Callable[[Mapping[str, Any]], Any]:
    with _reading(configure, expression, _no_expression):
        found = jinja(configure, False).compile_expression(expression, undefined_to_none=False)
    template: Any = found._template
    # Calling `found` would merge Jinja's globals anew, which takes most of its time.
    environment, known = template.environment, dict(template.globals)

    def evaluated(row: Mapping[str, Any]) -> Any:
        context = environment.context_class(environment, {**known, **row}, template.name, template.blocks)
        for _ in template.root_render_func(context):
            pass
        return context.vars["result"]

    return evaluated


@lru_cache(maxsize=1024)
def _expression_names(configure: Hook | None, expression: str) -> tuple[str, ...]:
    _expression(configure, expression)
    environment = jinja(configure, False)
    text = f"{environment.variable_start_string} ({expression}) {environment.variable_end_string}"
    return tuple(sorted(_names(configure, text)))


@lru_cache(maxsize=4096)
def parsed(configure: Hook | None, text: str) -> Any:
    tags = re.split(r"\{[{%]", text)[1:]
    if len(tags) > _PIECES or sum(len(re.split(r"[}%]\}", tag, maxsplit=1)[0]) for tag in tags) > _CODE:
        message = f"holds more than {_PIECES} pieces of Jinja, or more than {_CODE:,} characters in them"
        hint = f"split it, or compute it in the row; {_LITERAL}"
        raise TemplateError(message, hint=hint, code="template-too-large")
    with _reading(configure, text, _no_template):
        return jinja(configure, False).parse(text)


def _is_plain(configure: Hook | None, text: str) -> bool:
    """Tell whether rendering leaves the text as it is."""
    from jinja2 import nodes

    found = inner(parsed(configure, text))
    if not all(isinstance(piece, nodes.TemplateData) for piece in found):
        return False
    if configure is None and not any(mark in text for mark in ("{#", "\r")):
        return True
    return "".join(piece.data for piece in found) == text.replace("\r\n", "\n").replace("\r", "\n")


def inner(tree: Any) -> list[Any]:
    from jinja2 import nodes

    return [piece for output in tree.body for piece in (output.nodes if isinstance(output, nodes.Output) else [output])]


@lru_cache(maxsize=4096)
def _names(configure: Hook | None, text: str) -> frozenset[str]:
    with _reading(configure, text, _no_template):
        return _needed_names(configure, parsed(configure, text))


def _needed_names(configure: Hook | None, tree: Any) -> frozenset[str]:
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
    return frozenset(wanted - own - (called & known) - (_optional_names(tree) - known))


def _optional_names(tree: Any) -> set[str]:
    """Return the names that a row may lack: `name is defined`, `name|default("friend")`."""
    from jinja2 import nodes

    asking = [node.node for node in tree.find_all(nodes.Test) if node.name in ("defined", "undefined")]
    asking += [node.node for node in tree.find_all(nodes.Filter) if node.name in ("default", "d")]
    return {node.name for node in asking if isinstance(node, nodes.Name)}


def _check_known(environment: Environment, tree: Any) -> None:
    """Raise Jinja's error for an unknown filter or test, also inside an `if`, where Jinja waits for a row."""
    from jinja2 import TemplateAssertionError, nodes

    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for node in tree.find_all(kind):
            if node.name not in known:
                raise TemplateAssertionError(f"No {kind.__name__.lower()} named {node.name!r}.", node.lineno)
