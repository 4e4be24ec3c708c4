"""`{% trans %}` in a text: its blocks, and the Jinja that says one in the form that its number asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from aistudios_dsl.errors import TemplateError

ENGLISH = "nplurals=2; plural=(n != 1);"
"""Which form English takes for a number, as the header `Plural-Forms` of a PO file says it."""

_BLOCK = re.compile(
    r"\{#.*?#\}|\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}"
    r"|\{%(?P<before>[-+]?)\s*trans\b(?P<head>.*?)(?P<lead>[-+]?)%\}(?P<one>.*?)"
    r"(?:\{%(?P<trail>[-+]?)\s*pluralize\b\s*(?P<count>\w*)\s*(?P<lead_many>[-+]?)%\}(?P<many>.*?))?"
    r"\{%(?P<close>[-+]?)\s*endtrans\s*(?P<after>[-+]?)%\}",
    re.DOTALL,
)
_PIECES = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|.", re.DOTALL)
_CONTEXT = re.compile(r"\s*('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")")
_FORMS = re.compile(r"\s*nplurals\s*=\s*([1-9])\s*;\s*plural\s*=\s*([-n\d\s()?:|&=!<>%*/+]+?)\s*;?\s*")
_TOKENS = re.compile(r"\d+|n|\|\||&&|[=!<>]=|[-()?:!<>%*/+]")
_WORDS = {"||": "or", "&&": "and", "!": "not", "/": "//"}


@frozen
class Block:
    """A `{% trans %}` block: its words, and the plural of them if it has one.

    `source` is the block as it is written, and `context` the one that it names. `bound` maps the names that it binds
    to expressions, and `count` is the name of the number that chooses the form. `edges` are the marks that take off the
    blanks around it.
    """

    source: str
    one: str
    many: str | None
    context: str | None
    bound: Mapping[str, str]
    count: str
    edges: tuple[str, str]

    def said(self, forms: Sequence[str], rule: str = ENGLISH) -> str:
        """Return the Jinja that says the block in one of the forms, as the `Plural-Forms` of a language choose it."""
        form = "" if len(forms) == 1 else chosen(rule, self.count)
        words = "".join(f"{{% elif {form} == {number} %}}{said}" for number, said in enumerate(forms[:-1]) if number)
        if form:
            words = f"{{% if {form} == 0 %}}{forms[0]}{words}{{% else %}}{forms[-1]}{{% endif %}}"
        bound = ", ".join(f"{name}={value}" for name, value in self.bound.items())
        return f"{{%{self.edges[0]} with {bound} %}}{words or forms[0]}{{% endwith {self.edges[1]}%}}"


def replaced(text: str, say: Callable[[Block], str]) -> str:
    """Return a text with what `say` gives for each of its blocks.

    >>> replaced("{% trans n=age %}a year{% pluralize %}{{ n }} years{% endtrans %}", lambda block: block.many or "")
    '{{ n }} years'
    """
    if "trans" not in text:
        return text
    return _BLOCK.sub(lambda found: found[0] if found["one"] is None else say(_block(found)), text)


def spelled_out(text: str) -> str:
    """Return a text with each block as the Jinja that says it in the words that it has.

    >>> spelled_out("{% trans n=age %}a year{% pluralize %}{{ n }} years{% endtrans %}")
    '{% with n=age %}{% if ((n|int != 1))|int == 0 %}a year{% else %}{{ n }} years{% endif %}{% endwith %}'
    """
    return replaced(text, lambda block: block.said((block.one,) if block.many is None else (block.one, block.many)))


def chosen(rule: str, name: str) -> str:
    """Return the Jinja expression for the form that a number takes, by the `Plural-Forms` of a PO file.

    Raises `TemplateError` for what is no such rule.

    >>> chosen("nplurals=2; plural=n>1 && n!=5 ? 1 : 0;", "count")
    '((1 if count|int > 1 and count|int != 5 else 0))|int'
    """
    tokens = _TOKENS.findall(form_of(rule)[1])
    said = _expression(tokens, name)
    if tokens:
        raise _no_rule(rule)
    return f"({said})|int"


def form_of(rule: str) -> tuple[int, str]:
    """Return how many forms a `Plural-Forms` header has, and the expression that chooses one."""
    found = _FORMS.fullmatch(rule)
    if found is None:
        raise _no_rule(rule)
    return int(found[1]), found[2]


def _no_rule(rule: str) -> TemplateError:
    return TemplateError(f"{rule!r} is not a rule for plurals", hint=f"such as {ENGLISH!r}")


def _expression(tokens: list[str], name: str) -> str:
    """Return what the tokens of C up to a `?`, `:` or `)` say in Jinja, and take them off."""
    parts = []
    while tokens and tokens[0] not in ("?", ":", ")"):
        token = tokens.pop(0)
        if token == "(":
            parts.append(f"({_expression(tokens, name)})")
            if tokens[:1] == [")"]:
                tokens.pop(0)
        else:
            parts.append(f"{name}|int" if token == "n" else _WORDS.get(token, token))
    if tokens[:1] != ["?"]:
        return " ".join(parts)
    tokens.pop(0)
    then = _expression(tokens, name)
    if tokens[:1] == [":"]:
        tokens.pop(0)
    return f"({then} if {' '.join(parts)} else {_expression(tokens, name)})"


def _block(found: re.Match[str]) -> Block:
    head = found["head"]
    named = _CONTEXT.match(head)
    head = head[named.end() :] if named else head
    marks = [item.strip() for item in _items(head)]
    trimmed = bool(marks) and (marks[0] == "trimmed" or marks[0].startswith("trimmed "))
    if marks and (mark := re.match(r"(?:not)?trimmed\b(?!\s*=)", marks[0])):
        marks[0] = marks[0][mark.end() :].strip()
    marks = [mark for mark in marks if mark]
    bound = {name.strip(): value.strip() or name.strip() for name, _, value in (mark.partition("=") for mark in marks)}
    count = found["count"] or next(iter(bound), "")
    if found["many"] is not None and not count:
        raise TemplateError("{% pluralize %} has no number", hint="name it: {% trans n=count %}…{% pluralize %}…")
    ends = (found["lead"], found["close"] if found["many"] is None else found["trail"])
    many = found["many"]
    return Block(
        source=found[0],
        one=_words(found["one"], *ends, trimmed),
        many=None if many is None else _words(many, found["lead_many"], found["close"], trimmed),
        context=named[1][1:-1] if named else None,
        bound=bound,
        count=count,
        edges=(found["before"], found["after"]),
    )


def _words(text: str, lead: str, trail: str, trimmed: bool) -> str:
    text = text.lstrip() if lead == "-" or trimmed else text
    text = text.rstrip() if trail == "-" or trimmed else text
    return re.sub(r"\s*\n\s*", " ", text) if trimmed else text


def _items(head: str) -> list[str]:
    """Return what stands between the commas of a tag that are in no brackets and no string."""
    items, depth = [""], 0
    for piece in _PIECES.findall(head):
        depth += (piece in "([{") - (piece in ")]}")
        if piece == "," and not depth:
            items.append("")
        else:
            items[-1] += piece
    return items
