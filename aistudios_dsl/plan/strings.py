"""Template strings made ready for many rows: plain names are joined with their text, the rest is left to Jinja.

Jinja's syntax tree says which strings are plain. Rows take turns with one Jinja Context, since making a Context costs
more than rendering a string; strings that could leave something behind in it get a Context each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from attrs import frozen

from aistudios_dsl.templates.environment import Hook, Templates, compiled, inner, jinja, parsed
from aistudios_dsl.templates.values import PLAIN, checked_value

if TYPE_CHECKING:
    from jinja2.runtime import Context


@frozen
class TemplateString:
    """A string of the template. In HTML, the values of a row are escaped."""

    text: str
    html: bool = False


@frozen
class PlainName:
    """A placeholder of Jinja that holds nothing but a name."""

    name: str


class Strings:
    """Reads the strings of one template. It keeps the Contexts, each of which is lent to one row at a time."""

    def __init__(self, configure: Hook | None) -> None:
        self.templates: Templates = Templates(configure)
        self._spare: dict[bool, list[Context]] = {False: [], True: []}
        self._globals: dict[bool, dict[str, Any]] = {}

    def pieces(self, string: TemplateString) -> tuple[str | PlainName, ...] | None:
        """Return the text and the names of a string, in order; None where Jinja has more to do than to put names in.

        >>> Strings(None).pieces(TemplateString("Hello {{ name }}"))
        ('Hello ', PlainName(name='name'))
        """
        from jinja2 import nodes

        configure = self.templates.configure
        if not _is_plain(configure, string.html):
            return None
        given = self.templates.names(string.text)
        found: list[str | PlainName] = []
        for piece in inner(parsed(configure, string.text)):
            if isinstance(piece, nodes.TemplateData):
                found.append(piece.data)
            elif isinstance(piece, nodes.Name) and piece.name in given and piece.name != "self":
                found.append(PlainName(piece.name))
            else:
                return None
        return tuple(found)

    def reader(self, string: TemplateString) -> Callable[[RowStrings], str]:
        """Return what gives the whole string for a row. HTML goes through Jinja, which knows what to escape."""
        pieces = None if string.html else self.pieces(string)
        if pieces is not None:
            return _joining(pieces)
        from aistudios_dsl.templates.bounded import Metered, rendered, rendered_straight

        template = compiled(self.templates.configure, string.text, string.html)
        run, html = template.root_render_func, string.html
        written = rendered if template.environment.code_generator_class is Metered else rendered_straight
        if not _is_clean(self.templates.configure, string.text):
            return lambda row: written(run(template.new_context(dict(row.values))))
        return lambda row: written(run(row.contexts.get(html) or row.borrow(html)))

    def names(self, strings: Iterable[TemplateString]) -> tuple[list[str], list[str]]:
        """Return the plain names in some strings, and the names that Jinja itself asks for."""
        words: dict[str, None] = {}
        asked: dict[str, None] = {}
        for string in strings:
            pieces = None if string.html else self.pieces(string)
            if pieces is None:
                asked |= dict.fromkeys(self.templates.names(string.text))
            else:
                words |= {piece.name: None for piece in pieces if isinstance(piece, PlainName)}
        return list(words), list(asked)

    def lend(self, html: bool, values: Mapping[str, Any]) -> Context:
        try:
            context = self._spare[html].pop()
        except IndexError:
            template = jinja(self.templates.configure, html).from_string("")
            self._globals[html] = dict(template.globals)
            context = template.new_context()
        context.parent = {**self._globals[html], **values}
        return context

    def take_back(self, html: bool, context: Context) -> None:
        context.parent = {}
        self._spare[html].append(context)


class RowStrings:
    """One row being written: its values, the words of its plain names, and the Contexts lent to it.

    Raises an exception, of any kind, for a name that is missing or None, and for a value that can be read only once.
    """

    __slots__ = ("_strings", "contexts", "values", "words")

    def __init__(self, strings: Strings, values: Mapping[str, Any], words: Iterable[str], asked: Iterable[str]) -> None:
        self.values: Mapping[str, Any] = values
        self.words: dict[str, str] = {
            name: value if type(value := values[name]) is str else str(checked_value(value)) for name in words
        }
        self.contexts: dict[bool, Context] = {}
        self._strings = strings
        for name in asked:
            if type(values[name]) not in PLAIN and hasattr(values[name], "__next__"):
                raise TypeError(f"{name} can be read only once")

    def borrow(self, html: bool) -> Context:
        """Return a Context with the values of this row, and keep it in `contexts`."""
        context = self.contexts[html] = self._strings.lend(html, self.values)
        return context

    def close(self) -> None:
        """Give the Contexts back. A row that failed keeps them, as it may have left something in them."""
        for html, context in self.contexts.items():
            self._strings.take_back(html, context)


class Reading:
    """Reads some strings, for one row after another."""

    def __init__(self, strings: Strings, found: Sequence[TemplateString]) -> None:
        self._strings = strings
        self._names = strings.names(found)
        self._readers = [strings.reader(string) for string in found]

    def __call__(self, values: Mapping[str, Any]) -> list[str]:
        row = RowStrings(self._strings, values, *self._names)
        texts = [read(row) for read in self._readers]
        row.close()
        return texts


def _joining(pieces: tuple[str | PlainName, ...]) -> Callable[[RowStrings], str]:
    from aistudios_dsl.templates.bounded import checked_length

    names = [piece.name for piece in pieces if isinstance(piece, PlainName)]
    form = "".join("%s" if isinstance(piece, PlainName) else piece.replace("%", "%%") for piece in pieces)
    if not names:
        return lambda row: form % ()
    pick = itemgetter(*names)
    if form == "%s":
        return lambda row: checked_length(pick(row.words))
    return lambda row: checked_length(form % pick(row.words))


def _is_plain(configure: Hook | None, html: bool) -> bool:
    """Whether the user's hook left alone how Jinja writes a plain name."""
    from jinja2 import StrictUndefined

    from aistudios_dsl.templates.bounded import Metered

    environment = jinja(configure, html)
    own = environment.finalize is checked_value and environment.undefined is StrictUndefined
    return own and environment.code_generator_class is Metered and not environment.extensions


_LEAVING = (
    "Assign AssignBlock Macro CallBlock Block Extends Import FromImport Include"
    " EvalContextModifier ScopedEvalContextModifier"
)
"""The kinds of Jinja's nodes that may leave something in their Context."""


def _is_clean(configure: Hook | None, text: str) -> bool:
    """Whether rendering the string only reads names from its Context, and leaves nothing in it."""
    from jinja2 import nodes

    tree = parsed(configure, text)
    named = {node.name for node in tree.find_all(nodes.Name)}
    return tree.find(tuple(getattr(nodes, name) for name in _LEAVING.split())) is None and "self" not in named
