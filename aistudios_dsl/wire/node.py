"""What holds for every node on the wire: absent fields, unknown keys, key order, and the rules a value must keep.

A field that is `UNSET` is absent from the JSON; `None` is `null`; both differ from every value. Keys that no class
knows are kept in `extra`, and the order in which a document had its keys in `key_order`. Whoever builds a node is held
to the documented ranges and names; what is loaded is taken as found (see `as_found`) and judged by the checks instead.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, Union, get_args, get_origin, get_type_hints

from attrs import NOTHING, Attribute, field, fields, frozen

from aistudios_dsl.errors import BuildError, did_you_mean


class Unset(Enum):
    """The type of `UNSET`. A type checker refuses a field that may be absent until the code has looked."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET
"""Absent from the JSON. Falsy, and never equal to a value."""

_SURROGATE = "[\ud800-\udfff]"

Number = int | float
"""A JSON number: `1` stays `1`, `1.0` stays `1.0`."""


@frozen
class Rule:
    """What the vendor documents of a value beyond its JSON kind: a range, whole numbers only, a list of names."""

    low: Number | None = None
    high: Number | None = None
    whole: bool = False
    one_of: tuple[str, ...] = ()

    def holds(self, value: object) -> bool:
        """Whether a value of the right kind keeps the rule.

        >>> Rule(low=1, high=100).holds(140)
        False
        """
        if isinstance(value, int | float):
            low_enough = self.high is None or value <= self.high
            high_enough = self.low is None or value >= self.low
            return low_enough and high_enough and not (self.whole and value % 1)
        return not self.one_of or value in self.one_of

    def span(self) -> str:
        """The range in words.

        >>> Rule(low=1, high=30, whole=True).span()
        'whole numbers 1 to 30'
        """
        kind = "whole numbers" if self.whole else ""
        ends = f"from {self.low} up" if self.high is None else f"{self.low} to {self.high}"
        return kind if self.low is None else f"{kind} {ends}".strip()


@frozen
class Key:
    """One key of a JSON object, as its class declares it."""

    attribute: str
    wire: str
    required: bool
    kinds: tuple[type, ...]
    """Python types of a value; empty when any JSON will do."""
    node: type[Node] | None
    """The class of the object, or of each object of the array."""
    array: bool
    rule: Rule


_AS_FOUND: ContextVar[bool] = ContextVar("_AS_FOUND", default=False)


@contextmanager
def as_found() -> Generator[None]:
    """Inside, nodes are made without being judged: how documents are loaded and loaded nodes are copied."""
    token = _AS_FOUND.set(True)
    try:
        yield
    finally:
        _AS_FOUND.reset(token)


@frozen(kw_only=True, repr=False, eq=False)
class Node:
    """What every JSON object has: keys that no class knows, and the order of its keys.

    Raises `BuildError` on a value of the wrong kind, range or name, unless made inside `as_found`.
    """

    KEYS: ClassVar[str] = ""
    """The wire keys in the order of the vendor's samples."""

    extra: Mapping[str, Any] = field(factory=dict)
    key_order: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if _AS_FOUND.get():
            return
        for fault in faults(self):
            raise fault

    # Written once: generated for each of two dozen classes, it would be a good part of what an import costs.
    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = ("extra", *(key.attribute for key in keys(type(self))))
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __repr__(self) -> str:
        given = ((key.attribute, getattr(self, key.attribute)) for key in keys(type(self)))
        shown = [f"{name}={value!r}" for name, value in given if value is not UNSET]
        if self.extra:
            shown.append(f"extra={self.extra!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


_KEYS_OF: dict[type[Node], tuple[Key, ...]] = {}


def keys(cls: type[Node]) -> tuple[Key, ...]:
    """The keys a class knows, in wire order.

    >>> from aistudios_dsl.wire.nodes import Script
    >>> [key.wire for key in keys(Script)]
    ['org', 'tts']
    """
    if cls not in _KEYS_OF:
        _KEYS_OF[cls] = _read_keys(cls)
    return _KEYS_OF[cls]


def _read_keys(cls: type[Node]) -> tuple[Key, ...]:
    hints = get_type_hints(cls, include_extras=True)
    found = [_key(a, hints[a.name]) for a in fields(cls) if a.name not in ("extra", "key_order")]
    order = cls.KEYS.split()
    return tuple(sorted(found, key=lambda key: order.index(key.wire)))


def _key(attribute: Attribute[Any], hint: Any) -> Key:
    rule, bare = Rule(), _without_unset(hint)
    if get_origin(bare) is Annotated:
        bare, rule = get_args(bare)
    array = get_origin(bare) is tuple
    item = get_args(bare)[0] if array else bare
    if get_origin(item) is Literal:
        rule = Rule(one_of=get_args(item))
    return Key(
        attribute=attribute.name,
        wire=attribute.metadata.get("wire") or camel(attribute.name),
        required=attribute.default is NOTHING,
        kinds=(tuple,) if array else _kinds(item),
        node=next((kind for kind in _kinds(item) if issubclass(kind, Node)), None),
        array=array,
        rule=rule,
    )


def _without_unset(hint: Any) -> Any:
    if get_origin(hint) not in (Union, UnionType):
        return hint
    return Union[tuple(part for part in get_args(hint) if part is not Unset)]  # noqa: UP007 - built at run time


def _kinds(hint: Any) -> tuple[type, ...]:
    if hint is Any:
        return ()
    if get_origin(hint) in (Union, UnionType):
        return tuple(kind for part in get_args(hint) for kind in _kinds(part))
    return (type(get_args(hint)[0]),) if get_origin(hint) is Literal else (hint,)


def camel(name: str) -> str:
    """The wire's spelling of an attribute, by rule.

    >>> camel("lock_movement_x")
    'lockMovementX'
    """
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def faults(node: Node, *, literal: bool = False) -> Iterator[BuildError]:
    """What the documentation has against the node's own values.

    Strings that still hold Jinja are taken on trust, unless `literal` says that they have been rendered.

    >>> from aistudios_dsl.wire.nodes import Animation
    >>> with as_found():
    ...     [fault.message for fault in faults(Animation(type="fade-in", duration=99, delay=0))]
    ['duration is 99, but takes whole numbers 1 to 30']
    """
    known = {key.wire for key in keys(type(node))}
    for name in node.extra:
        if name in known:
            yield BuildError(f"extra holds {name!r}, which is a field of {type(node).__name__}")
    for key in keys(type(node)):
        value = getattr(node, key.attribute)
        fault = None if value is UNSET else fault_of(key, value, literal=literal)
        if fault:
            yield fault


def lacking(node: Node) -> Iterator[str]:
    """The required fields, those of the nodes within among them, that a node has not been given.

    >>> from aistudios_dsl.wire.nodes import AvatarClip, Model
    >>> model = Model(ai_name=UNSET, emotion="BG00002320")
    >>> list(lacking(AvatarClip(id="a", layer=UNSET, left=0, top=0, width=9, height=9, model=model)))
    ['layer', 'model.ai_name']
    """
    for key in keys(type(node)):
        value = getattr(node, key.attribute)
        if key.required and value is UNSET:
            yield key.attribute
        for index, inner in enumerate(value if key.array and value else (value,)):
            place = f"{key.attribute}[{index}]" if key.array else key.attribute
            yield from (f"{place}.{name}" for name in (lacking(inner) if isinstance(inner, Node) else ()))


def fault_of(key: Key, value: Any, *, literal: bool = False) -> BuildError | None:
    """What the documentation has against one value."""
    if value is UNSET or (value is None and not key.required) or (not literal and holds_jinja(value)):
        return None
    if key.node and not key.array and not isinstance(value, Node):
        message = f"{key.attribute} must be a wire.{key.node.__name__}, not {type(value).__name__}"
        return BuildError(message, hint=_as_node(key.node, value))
    if key.kinds and not _is_kind(value, key.kinds):
        number = number_in(value) if float in key.kinds else None
        hint = f"without the quotes: {key.attribute}={number}" if number is not None else ""
        return BuildError(f"{key.attribute} must be {kind_words(key.kinds)}, not {shown(value)}", hint=hint)
    if isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
        return BuildError(f"{key.attribute} must be a finite number, not {shown(value)}")
    if isinstance(value, str) and not value.isascii() and re.search(_SURROGATE, value):
        return BuildError(f"{key.attribute} holds half a surrogate pair, which is no text")
    if key.rule.holds(value):
        return None
    if key.rule.one_of:
        hint = did_you_mean(str(value), key.rule.one_of)
        return BuildError(f"{key.attribute} {shown(value)} is not known", hint=hint)
    return BuildError(f"{key.attribute} is {shown(value)}, but takes {key.rule.span()}")


def _as_node(cls: type[Node], value: object) -> str:
    """How a value is written that was given in place of an object: its first key, or all that a mapping has."""
    known = [key.attribute for key in keys(cls)]
    given = value if isinstance(value, Mapping) else {known[0]: value}
    fits = isinstance(value, str | Mapping) and set(given) <= set(known)
    inside = ", ".join(f"{name}={item!r}" for name, item in given.items()) if fits else "..."
    return f"such as wire.{cls.__name__}({inside})"


def number_in(text: object) -> Number | None:
    """The number that a string holds and nothing else, as a row writes it.

    >>> number_in(" 48 "), number_in("1.5"), number_in("48 pt"), number_in("nan")
    (48, 1.5, None, None)
    """
    if not isinstance(text, str) or not re.fullmatch(r"(?a)\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*", text):
        return None
    number = float(text)
    return int(number) if number.is_integer() else number


def holds_jinja(value: object) -> bool:
    """Whether a value waits for a row, and is judged only when it has been rendered."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def _is_kind(value: object, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds)


_KIND_WORDS: dict[type, str] = {
    int: "a number",
    float: "a number",
    str: "a string",
    bool: "true or false",
    tuple: "a list",
    type(None): "null",
}


def kind_words(kinds: tuple[type, ...]) -> str:
    """The kinds as a reader of JSON calls them.

    >>> kind_words((int, float, str))
    'a number or a string'
    """
    words = dict.fromkeys(_KIND_WORDS.get(kind, f"an object ({kind.__name__})") for kind in kinds)
    return " or ".join(words) if len(words) < 4 else "an object"


def shown(value: object) -> str:
    """A value as a message quotes it: JSON spelling, at most 60 characters.

    >>> shown(None), shown(True), shown("wide")
    ('null', 'true', '"wide"')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:56]}…{text[-1] if isinstance(value, str) else ''}"
