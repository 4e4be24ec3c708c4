"""Jinja as this package uses it: sandboxed, strict about missing names, and loaded only when a string needs it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, wraps
from itertools import islice
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from attrs import frozen

from aistudios_dsl.errors import TemplateError, did_you_mean, nearest

if TYPE_CHECKING:
    from jinja2 import Environment, TemplateSyntaxError

P = ParamSpec("P")
R = TypeVar("R")
Read = Callable[Concatenate["Hook | None", str, P], R]

Hook = Callable[["Environment"], None]

_PIECES, _CODE = 500, 10_000
"""How many pieces of Jinja a string may hold, and how many characters they may have: compiling takes the longer."""

_REPEATED = 10_000
"""How many scenes `each` may make of one."""

_SURROGATE = "[\ud800-\udfff]"
_LITERAL = "if the braces are text: write {{ '{{' }}, or Project.load(..., template=False)"
_UNCLOSED = r"(?s)\{\{(?:(?!\{\{|\}\}).)*(?:\{\{|\Z)"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False, "": False}
_TAGS = ("for", "endfor", "if", "elif", "else", "endif", "set", "endset", "macro", "filter", "raw", "endraw", "with")
_EACH = r"(?s)\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s+in\s+(.+)"


@frozen
class Templates:
    """Jinja with the user's own filters and globals: `configure` is a module-level function that gets the environment.

    >>> Templates().render("Hello {{ name }}", {"name": "Ann"})
    'Hello Ann'
    """

    configure: Hook | None = None

    def is_template(self, text: str) -> bool:
        """Whether rendering could change the text. Raises `TemplateError` with the line that Jinja cannot read.

        >>> Templates().is_template("50 % { off }"), Templates().is_template("{{ price }}")
        (False, True)
        """
        if self.configure is None and not any(mark in text for mark in ("{{", "{%", "{#")):
            return False
        if all(_pieces(self.configure, text)):
            return False
        # Jinja finds out about filters that nobody made only when it looks for names.
        _names(self.configure, text)
        return True

    def names(self, text: str) -> tuple[str, ...]:
        """The names that a row must have for this text, in the order of the alphabet.

        A name that the text asks after (`name is defined`, `name|default("friend")`) may be missing.

        >>> Templates().names("{% for n in names %}{{ n }} of {{ total }}{% endfor %}")
        ('names', 'total')
        """
        return tuple(sorted(_names(self.configure, text)))

    def render(self, text: str, row: Mapping[str, Any], *, html: bool = False) -> str:
        """The text with the row's values, escaped where it is HTML. What a value holds is never rendered again.

        Raises `TemplateError` for a name the row lacks (with the nearest it has), for None and NaN, and for whatever
        Jinja refuses.
        """
        names = self.names(text)
        _given(names, row)
        rendered: str = _run(lambda: compiled(self.configure, text, html).render(row), row, names)
        return rendered

    def evaluate(self, expression: str, row: Mapping[str, Any]) -> Any:
        """The value of a Jinja expression.

        >>> Templates().evaluate("price * 2", {"price": 4})
        8
        """
        names = self.expression_names(expression)
        return _run(lambda: _expression(self.configure, expression)(**_given(names, row)), row, names)

    def truth(self, expression: str, row: Mapping[str, Any]) -> bool:
        """What `when` says: a bool, a number, None, or one of "true", "false", "1", "0", "" (in any case of letters).

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
        """The names that `each` binds, and the expression of what it goes through.

        >>> Templates().each("name, price in offers")
        (('name', 'price'), 'offers')
        """
        found = re.fullmatch(_EACH, expression)
        if not found:
            raise TemplateError(f"each={expression!r} is no loop", hint='write each="item in items"')
        return tuple(name.strip() for name in found[1].split(",")), found[2].strip()

    def bindings(self, expression: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What `each` binds, one mapping for each repetition.

        >>> Templates().bindings("n in range(2)", {})
        [{'n': 0}, {'n': 1}]
        """
        names, source = self.each(expression)
        items = self.evaluate(source, row)
        if isinstance(items, str | bytes | Mapping) or not hasattr(items, "__iter__"):
            raise TemplateError(f"each={expression!r}: {source} is {type(items).__name__}, not a list of items")
        found = [
            dict(zip(names, _unpacked(names, item, expression), strict=True)) for item in islice(items, _REPEATED + 1)
        ]
        if len(found) > _REPEATED:
            hint = "split the row: one project for each part"
            raise TemplateError(f"each={expression!r} makes more than {_REPEATED:,} scenes", hint=hint)
        return found

    def expression_names(self, expression: str) -> tuple[str, ...]:
        """The names that a row must have for this expression.

        >>> Templates().expression_names("price > 3 and vip")
        ('price', 'vip')
        """
        _expression(self.configure, expression)
        return self.names(
            jinja(self.configure, False).variable_start_string
            + f" ({expression}) "
            + jinja(self.configure, False).variable_end_string
        )


def _unpacked(names: tuple[str, ...], item: Any, expression: str) -> tuple[Any, ...]:
    if len(names) == 1:
        return (item,)
    if not isinstance(item, list | tuple) or len(item) != len(names):
        raise TemplateError(f"each={expression!r}: {item!r} is not {len(names)} values")
    return tuple(item)


def _given(names: tuple[str, ...], row: Mapping[str, Any]) -> Mapping[str, Any]:
    # Jinja would fall back to its own globals, and print the function `range` for a row that lacks that name.
    for name in names:
        if name not in row:
            raise _missing(name, row)
    return row


def _missing(name: str, row: Mapping[str, Any]) -> TemplateError:
    known = [key for key in row if isinstance(key, str)]
    hint = did_you_mean(name, known) if nearest(name, known) or len(known) <= 12 else f"the row has {len(known)} others"
    return TemplateError(f"the row has no {name!r}", hint=hint or "the row is empty")


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
        raise TemplateError("the template calls itself without an end") from fault
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
def jinja(configure: Hook | None, html: bool) -> Environment:
    from jinja2 import StrictUndefined

    from aistudios_dsl.templates.bounded import Bounded

    environment = Bounded(undefined=StrictUndefined, autoescape=html, keep_trailing_newline=True, finalize=printable)
    if configure is not None:
        _configured(configure, environment)
        environment.autoescape = html
    environment.meter()
    return environment


def printable(value: Any) -> Any:
    if value is None:
        raise TemplateError("a value is None", hint="give it a text: {{ name or '' }} or {{ name|default('', true) }}")
    if isinstance(value, float) and not math.isfinite(value):
        raise TemplateError(f"a value is {value}, which is no number to show", hint="is it missing in the data?")
    return value


def _told_by(
    tell: Callable[[Hook | None, str, TemplateSyntaxError], TemplateError],
) -> Callable[[Read[P, R]], Read[P, R]]:
    """For what reads Jinja: where Jinja cannot, `tell` gives the error to raise."""

    def told(read: Read[P, R]) -> Read[P, R]:
        @wraps(read)
        def judged(configure: Hook | None, text: str, /, *args: P.args, **kwargs: P.kwargs) -> R:
            from jinja2 import TemplateSyntaxError

            try:
                return read(configure, text, *args, **kwargs)
            except TemplateSyntaxError as fault:
                raise tell(configure, text, fault) from None
            except RecursionError:
                # What is nested so deeply that Jinja gives up is the template's fault.
                raise TemplateError("is nested too deeply for Jinja to read", hint="write it in fewer levels") from None
            except (SyntaxError, ValueError, MemoryError) as fault:
                # Python refuses what Jinja makes of it: blocks nested too deeply, a number of too many digits.
                raise TemplateError(f"Jinja cannot read it: {type(fault).__name__}: {fault}") from None

        return judged

    return told


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
        hint = "an expression stands without braces, as in when=\"plan == 'gold'\""
    elif re.search(r"(?<![=!<>])=(?!=)", text):
        hint = "compare with ==, as in when=\"plan == 'gold'\""
    return TemplateError(f"{text!r} is no Jinja expression: {fault.message}", hint=hint)


def _near_name(configure: Hook | None, message: str) -> str:
    """The nearest filter, test or tag to the one that Jinja does not know."""
    found = re.search(r"(?:No|unknown) (filter|test|tag)(?: named)? '(.*)'", message)
    if not found:
        return ""
    kind, name = found.groups()
    environment = jinja(configure, False)
    close = nearest(name, {"filter": environment.filters, "test": environment.tests, "tag": _TAGS}[kind])
    own = "" if kind == "tag" else f"Project(environment=...) adds {kind}s of your own"
    return " ".join(part for part in (f"did you mean {close!r}?" if close else "", own) if part)


@lru_cache(maxsize=4096)
@_told_by(_no_template)
def compiled(configure: Hook | None, text: str, html: bool) -> Any:
    return jinja(configure, html).from_string(text)


@lru_cache(maxsize=1024)
@_told_by(_no_expression)
def _expression(configure: Hook | None, expression: str) -> Any:
    return jinja(configure, False).compile_expression(expression, undefined_to_none=False)


@lru_cache(maxsize=4096)
@_told_by(_no_template)
def parsed(configure: Hook | None, text: str) -> Any:
    tags = re.split(r"\{[{%]", text)[1:]
    if len(tags) > _PIECES or sum(len(re.split(r"[}%]\}", tag, maxsplit=1)[0]) for tag in tags) > _CODE:
        message = f"holds more than {_PIECES} pieces of Jinja, or more than {_CODE:,} characters in them"
        raise TemplateError(message, hint=f"split it, or compute it in the row; {_LITERAL}", code="template-too-large")
    return jinja(configure, False).parse(text)


def _pieces(configure: Hook | None, text: str) -> Iterator[bool]:
    """Of each piece of the text, whether it is plain data that rendering leaves as it is."""
    from jinja2 import nodes

    found = inner(parsed(configure, text))
    data = "".join(piece.data for piece in found if isinstance(piece, nodes.TemplateData))
    yield from (isinstance(piece, nodes.TemplateData) for piece in found)
    if any(mark in text for mark in ("{#", "\r")) or configure is not None:
        yield data == text.replace("\r\n", "\n").replace("\r", "\n")


def inner(tree: Any) -> list[Any]:
    from jinja2 import nodes

    return [piece for output in tree.body for piece in (output.nodes if isinstance(output, nodes.Output) else [output])]


@lru_cache(maxsize=4096)
@_told_by(_no_template)
def _names(configure: Hook | None, text: str) -> frozenset[str]:
    from jinja2 import nodes

    from aistudios_dsl.templates.bounded import Names

    environment = jinja(configure, False)
    tree = parsed(configure, text)
    _refuse_unknown(environment, tree)
    pieces = inner(tree)
    if all(isinstance(piece, nodes.TemplateData | nodes.Name) for piece in pieces):
        wanted = {piece.name for piece in pieces if isinstance(piece, nodes.Name)} - {"self"}
    else:
        # Without its globals, Jinja tells of a name that a row lacks and that happens to be one of them.
        tree.set_environment(_bare(configure))
        finder = Names(_bare(configure))
        finder.visit(tree)
        wanted = finder.undeclared_identifiers
    called = {call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
    own = {name for name in environment.globals if configure is not None and name not in _builtin_globals()}
    return frozenset(
        wanted - own - (called & set(environment.globals)) - (_asked_after(tree) - set(environment.globals))
    )


def _asked_after(tree: Any) -> set[str]:
    """The names that a row may lack, since the template asks: `name is defined`, `name|default("friend")`."""
    from jinja2 import nodes

    asking = [node.node for node in tree.find_all(nodes.Test) if node.name in ("defined", "undefined")]
    asking += [node.node for node in tree.find_all(nodes.Filter) if node.name in ("default", "d")]
    return {node.name for node in asking if isinstance(node, nodes.Name)}


def _refuse_unknown(environment: Environment, tree: Any) -> None:
    """Raise what Jinja does for an unknown filter or test, inside of `if` as well, where it would wait for a row."""
    from jinja2 import TemplateAssertionError, nodes

    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for node in tree.find_all(kind):
            if node.name not in known:
                raise TemplateAssertionError(f"No {kind.__name__.lower()} named {node.name!r}.", node.lineno)


@lru_cache(maxsize=64)
def _bare(configure: Hook | None) -> Environment:
    bare = jinja(configure, False).overlay()
    bare.globals = {}
    return bare


@lru_cache(maxsize=1)
def _builtin_globals() -> frozenset[str]:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return frozenset(ImmutableSandboxedEnvironment().globals)
