"""Template strings made ready for many rows: which only put names between their texts, and what runs the others.

Jinja's syntax tree says which strings are plain. Rows take turns with one Jinja Context, since making a Context costs
more than rendering a string; strings that could leave something behind in it get a Context each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from attrs import frozen
from jinja2 import StrictUndefined, nodes
from jinja2.runtime import Context

from aistudios_dsl.templates.bounded import Metered
from aistudios_dsl.templates.environment import Hook, Templates, inner, jinja, parsed
from aistudios_dsl.templates.values import checked_value


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
    """The strings of one template. It keeps the Contexts, each of which is lent to one row at a time.

    `written` are the functions that were generated for the template and are in use, by their numbers.
    """

    def __init__(self, configure: Hook | None) -> None:
        self.templates: Templates = Templates(configure)
        self.written: WeakValueDictionary[int, Callable[..., Any]] = WeakValueDictionary()
        self._spare: dict[bool, list[Context]] = {False: [], True: []}
        self._globals: dict[bool, dict[str, Any]] = {}

    def pieces(self, string: TemplateString) -> tuple[str | PlainName, ...] | None:
        """Return the text and the names of a string, in order; None where Jinja has more to do than to put names in.

        >>> Strings(None).pieces(TemplateString("Hello {{ name }}"))
        ('Hello ', PlainName(name='name'))
        """
        configure = self.templates.configure
        if not is_own(configure, string.html):
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

    def is_clean(self, string: TemplateString) -> bool:
        """Whether rendering the string only reads names from its Context, and leaves nothing in it."""
        tree = parsed(self.templates.configure, string.text)
        named = {node.name for node in tree.find_all(nodes.Name)}
        return tree.find(_LEAVING) is None and "self" not in named

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
        """Take a Context back. A row that failed keeps it, as it may have left something in it."""
        context.parent = {}
        self._spare[html].append(context)


def is_own(configure: Hook | None, html: bool) -> bool:
    """Whether the user's hook left alone how Jinja writes a value."""
    environment = jinja(configure, html)
    own = environment.finalize is checked_value and environment.undefined is StrictUndefined
    return own and environment.code_generator_class is Metered and not environment.extensions


_LEAVING = (
    *(nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.CallBlock, nodes.Block, nodes.Extends, nodes.Import),
    *(nodes.FromImport, nodes.Include, nodes.EvalContextModifier, nodes.ScopedEvalContextModifier),
)
"""The kinds of Jinja's nodes that may leave something in their Context."""
