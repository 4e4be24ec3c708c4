"""A string with holes made ready for many rows: plain names beside their text, the rest through Jinja's own functions.

Which strings are plain is read on Jinja's syntax tree. What Jinja has to render runs on one Context that rows share in
turn, since making a Context costs more than rendering; strings that could leave something behind in it get their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from attrs import frozen

from aistudios_dsl.templates.environment import Hook, Templates, compiled, inner, jinja, parsed, printable

if TYPE_CHECKING:
    from jinja2.runtime import Context


@frozen
class Written:
    """A string of the template as a row writes it, `html` escaping the values."""

    text: str
    html: bool = False


@frozen
class Name:
    """A hole that holds nothing but a name."""

    name: str


class Strings:
    """The strings of one template, with the Contexts that wait to be used again: each is lent to one row at a time."""

    def __init__(self, configure: Hook | None) -> None:
        self.templates: Templates = Templates(configure)
        self._spare: dict[bool, list[Context]] = {False: [], True: []}
        self._globals: dict[bool, dict[str, Any]] = {}

    def pieces(self, written: Written) -> tuple[str | Name, ...] | None:
        """The text between the holes and the names in them; None where a hole holds more than a name.

        >>> Strings(None).pieces(Written("Hello {{ name }}"))
        ('Hello ', Name(name='name'))
        """
        from jinja2 import nodes

        configure = self.templates.configure
        if not _is_plain(configure, written.html):
            return None
        given = self.templates.names(written.text)
        found: list[str | Name] = []
        for piece in inner(parsed(configure, written.text)):
            if isinstance(piece, nodes.TemplateData):
                found.append(piece.data)
            elif isinstance(piece, nodes.Name) and piece.name in given and piece.name != "self":
                found.append(Name(piece.name))
            else:
                return None
        return tuple(found)

    def reader(self, written: Written) -> Callable[[Reading], str]:
        """What gives the whole string of a row; where it is HTML, through Jinja, which knows what to escape."""
        pieces = None if written.html else self.pieces(written)
        if pieces is not None:
            return _joining(pieces)
        from aistudios_dsl.templates.bounded import rendered

        template = compiled(self.templates.configure, written.text, written.html)
        if not _is_clean(self.templates.configure, written.text):
            return lambda reading: rendered(template.root_render_func(template.new_context(named(reading.values))))
        run, html = template.root_render_func, written.html
        if html:
            return lambda reading: rendered(run(reading.html or reading.lent(True)))
        return lambda reading: rendered(run(reading.plain or reading.lent(False)))

    def names(self, written: Iterable[Written]) -> tuple[list[str], list[str]]:
        """The plain names of strings that are to be read, and the names that Jinja itself will ask for."""
        words: dict[str, None] = {}
        asked: dict[str, None] = {}
        for one in written:
            pieces = None if one.html else self.pieces(one)
            if pieces is None:
                asked |= dict.fromkeys(self.templates.names(one.text))
            else:
                words |= {piece.name: None for piece in pieces if isinstance(piece, Name)}
        return list(words), list(asked)

    def lend(self, html: bool, values: Mapping[str, Any]) -> Context:
        """A Context for Jinja's own functions that holds the globals and these values."""
        try:
            context = self._spare[html].pop()
        except IndexError:
            template = jinja(self.templates.configure, html).from_string("")
            self._globals[html] = dict(template.globals)
            context = template.new_context()
        context.parent = {**self._globals[html], **values}
        return context

    def take_back(self, html: bool, context: Context) -> None:
        """The Context is free for another row."""
        context.parent = {}
        self._spare[html].append(context)


class Reading:
    """One row being read: its values, the words its plain names write, and the Contexts lent to it.

    Raises whatever comes where a name is missing, None or no text, and for values that can be read only once.
    """

    __slots__ = ("_strings", "html", "plain", "values", "words")

    def __init__(self, strings: Strings, values: Mapping[str, Any], words: Iterable[str], asked: Iterable[str]) -> None:
        self.values: Mapping[str, Any] = values
        self.words: dict[str, str] = {
            name: value if type(value := values[name]) is str else str(printable(value)) for name in words
        }
        self.plain: Context | None = None
        self.html: Context | None = None
        self._strings = strings
        for name in asked:
            if type(values[name]) is not str and hasattr(values[name], "__next__"):
                raise TypeError(f"{name} can be read only once")

    def lent(self, html: bool) -> Context:
        """A Context for this row, kept in `html` or `plain`."""
        context = self._strings.lend(html, self.values)
        if html:
            self.html = context
        else:
            self.plain = context
        return context

    def close(self) -> None:
        """Give the Contexts back; a reading that failed keeps them, as they may hold what it left."""
        if self.plain is not None:
            self._strings.take_back(False, self.plain)
        if self.html is not None:
            self._strings.take_back(True, self.html)


def named(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The row as rendering takes it: what has no string for a name is nobody's.

    >>> named({"name": "Ann", None: ["more"]})
    {'name': 'Ann'}
    """
    return {name: value for name, value in row.items() if isinstance(name, str)}


def _joining(pieces: tuple[str | Name, ...]) -> Callable[[Reading], str]:
    from aistudios_dsl.templates.bounded import judge_length

    names = [piece.name for piece in pieces if isinstance(piece, Name)]
    form = "".join("%s" if isinstance(piece, Name) else piece.replace("%", "%%") for piece in pieces)
    if not names:
        return lambda reading: form % ()
    pick = itemgetter(*names)
    if form == "%s":
        return lambda reading: judge_length(pick(reading.words))
    return lambda reading: judge_length(form % pick(reading.words))


def _is_plain(configure: Hook | None, html: bool) -> bool:
    """Whether the user's hook left alone what Jinja makes of a hole that is a name."""
    from jinja2 import StrictUndefined

    from aistudios_dsl.templates.bounded import Metered

    environment = jinja(configure, html)
    own = environment.finalize is printable and environment.undefined is StrictUndefined
    return own and environment.code_generator_class is Metered and not environment.extensions


@cache
def _leaving() -> tuple[type[Any], ...]:
    from jinja2 import nodes

    return (
        nodes.Assign,
        nodes.AssignBlock,
        nodes.Macro,
        nodes.CallBlock,
        nodes.Block,
        nodes.Extends,
        nodes.Import,
        nodes.FromImport,
        nodes.Include,
        nodes.EvalContextModifier,
        nodes.ScopedEvalContextModifier,
    )


def _is_clean(configure: Hook | None, text: str) -> bool:
    """Whether rendering the string leaves nothing in its Context and asks nothing of it but names."""
    from jinja2 import nodes

    tree = parsed(configure, text)
    named = {node.name for node in tree.find_all(nodes.Name)}
    return tree.find(_leaving()) is None and "self" not in named
