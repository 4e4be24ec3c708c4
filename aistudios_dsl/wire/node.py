"""The base of all wire classes: absent fields, unknown keys, key order, and the rules that a value must keep.

A field that is `UNSET` is absent from the JSON; `None` is `null`. Unknown keys are kept in `extra`, the order of a
loaded object's keys in `key_order`. Building a node validates it. Loading takes values as found (see `as_found`), and
the checks report them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, Union, get_args, get_origin

from attrs import NOTHING, Attribute, evolve, field, fields, frozen

from aistudios_dsl.errors import BuildError, did_you_mean
from aistudios_dsl.wire.jsontext import has_surrogate, own_json


class Unset(Enum):
    """The type of `UNSET`. Type checkers require a test for it before an optional value is used."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET
"""Absent from the JSON. It is falsy, and equal to nothing else."""

Number = int | float
"""A JSON number: `1` stays `1`, `1.0` stays `1.0`."""


@frozen
class ValueRule:
    """The values that the vendor documents for a key: a range, whole numbers only, or a list of names.

    `instead_of_0` says what can be done where 0 would be natural, but is not taken.
    """

    low: Number | None = None
    high: Number | None = None
    whole: bool = False
    one_of: tuple[str, ...] = ()
    instead_of_0: str = ""

    def holds(self, value: object) -> bool:
        """Whether a value of the right JSON kind is documented."""
        if isinstance(value, int | float):
            in_range = (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
            return in_range and not (self.whole and value % 1)
        return not self.one_of or value in self.one_of

    @property
    def free(self) -> frozenset[type]:
        """The types of which it takes every value."""
        numbers = {int, float} if self.low is None and not self.whole else set[type]()
        return frozenset({bool, *numbers, *(() if self.one_of else (str,))})

    def span(self) -> str:
        """Return the range in words."""
        kind = "whole numbers" if self.whole else ""
        ends = f"from {self.low} up" if self.high is None else f"{self.low} to {self.high}"
        return kind if self.low is None else f"{kind} {ends}".strip()


@frozen
class Key:
    """One key of a JSON object, read from its class."""

    attribute: str
    wire: str
    required: bool
    kinds: tuple[type, ...]
    """Python types of a value; none if any JSON is allowed."""
    node: type[Node] | None
    """The class of the object, or of each object of the array."""
    array: bool
    rule: ValueRule
    unit: str
    """The unit of a number, such as "px"; "" if it has none."""
    free: frozenset[type]
    """Types of which every value is documented, as far as it can be written as JSON."""

    def takes(self, value: Any) -> bool:
        """Tell at a glance that nothing is wrong with a value; False means "perhaps not"."""
        kind = type(value)
        if kind not in self.free:
            return False
        fine: bool = value.isascii() if kind is str else -_LARGEST <= value <= _LARGEST
        return fine


V = TypeVar("V")
_LARGEST = sys.float_info.max
_AS_FOUND: ContextVar[bool] = ContextVar("_AS_FOUND", default=False)


@contextmanager
def as_found() -> Generator[None]:
    """Make nodes without validating them, to load documents and to copy loaded nodes.

    The switch is a context variable, so it is safe with threads and asyncio.
    """
    token = _AS_FOUND.set(True)
    try:
        yield
    finally:
        _AS_FOUND.reset(token)


def replaced(value: V, **changes: Any) -> V:
    """Return a frozen value with other values in some attributes, which are valid, without validating it all again.

    `attrs.evolve` costs five times as much, and each verb makes a new scene and a new project.
    """
    cls: type[Any] = type(value)
    if cls not in _ATTRIBUTES_OF:
        _ATTRIBUTES_OF[cls] = tuple(attribute.name for attribute in fields(cls))
    new: V = object.__new__(cls)
    put = object.__setattr__
    for name in _ATTRIBUTES_OF[cls]:
        put(new, name, getattr(value, name))
    for name, changed in changes.items():
        put(new, name, changed)
    return new


_ATTRIBUTES_OF: dict[type[Any], tuple[str, ...]] = {}


def computed(value: object, name: str) -> Any:
    """Return what a cached property of a slotted value holds; None where nobody has asked for it yet."""
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return None


@frozen(kw_only=True, repr=False, eq=False)
class Node:
    """A JSON object. Raise `BuildError` for a value of the wrong kind, range or name, except inside `as_found`.

    Attributes:
        extra: keys that the class does not know, with their JSON values
        key_order: all keys in the order of the document; the order of `KEYS` if empty
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

    # Not generated by attrs: generating it for two dozen classes would take a good part of the import time.
    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = ("extra", *(key.attribute for key in keys(type(self))))
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __repr__(self) -> str:
        names = (*(key.attribute for key in keys(type(self))), *(("extra",) if self.extra else ()))
        given = ((name, getattr(self, name)) for name in names)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given if value is not UNSET)})"


N = TypeVar("N", bound=Node)
_KEYS_OF: dict[type[Node], tuple[Key, ...]] = {}
_BY_ATTRIBUTE: dict[type[Node], Mapping[str, Key]] = {}


def keys(cls: type[Node]) -> tuple[Key, ...]:
    """Return the keys that a class knows, in wire order."""
    if cls not in _KEYS_OF:
        parts, order = [part for part in fields(cls) if part.name not in ("extra", "key_order")], cls.KEYS.split()
        found = [_key(cls, part, _evaluated(part.type, cls.__module__)) for part in parts]
        _KEYS_OF[cls] = tuple(sorted(found, key=lambda key: order.index(key.wire)))
    return _KEYS_OF[cls]


@cache
def _evaluated(annotation: Any, module: str) -> Any:
    # `get_type_hints` would evaluate what many keys share again for each of them. cattrs leaves types, not strings.
    return eval(annotation, vars(sys.modules[module])) if isinstance(annotation, str) else annotation


def keys_by_attribute(cls: type[Node]) -> Mapping[str, Key]:
    """Return the keys that a class knows, by the names of their attributes."""
    if cls not in _BY_ATTRIBUTE:
        _BY_ATTRIBUTE[cls] = {key.attribute: key for key in keys(cls)}
    return _BY_ATTRIBUTE[cls]


def _key(cls: type[Node], attribute: Attribute[Any], hint: Any) -> Key:
    rule, unit, (hint, *others) = ValueRule(), "", _members(hint)
    if get_origin(hint) is Annotated:
        hint, rule, *units = get_args(hint)
        unit, (hint, *others) = "".join(units), _members(hint)
    array = get_origin(hint) is tuple
    kinds = [_kind(part) for part in (_members(get_args(hint)[0]) if array else (hint, *others)) if part is not Any]
    rule = ValueRule(one_of=get_args(hint)) if get_origin(hint) is Literal else rule
    return Key(
        attribute=attribute.name,
        wire=_wire_name(cls, attribute.name),
        required=attribute.default is NOTHING,
        kinds=(tuple,) if array else tuple(kinds),
        node=next((kind for kind in kinds if issubclass(kind, Node)), None),
        array=array,
        rule=rule,
        unit=unit,
        free=frozenset() if array else frozenset(kinds) & rule.free,
    )


def _members(hint: Any) -> list[Any]:
    """Return the members of a union without `Unset`; any other hint is its only member."""
    is_union = get_origin(hint) in (Union, UnionType)
    return [part for part in get_args(hint) if part is not Unset] if is_union else [hint]


def _kind(hint: Any) -> type:
    return type(get_args(hint)[0]) if get_origin(hint) is Literal else hint


def _wire_name(cls: type[Node], attribute: str) -> str:
    for name in cls.KEYS.split():
        if name.replace("_", "").casefold() == attribute.replace("_", ""):
            return name
    raise TypeError(f"{cls.__name__}.KEYS does not list the key of {attribute!r}, such as {camel(attribute)!r}")


def camel(name: str) -> str:
    """Return the usual key of an attribute."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def faults(node: Node, *, literal: bool = False) -> Iterator[BuildError]:
    """Yield what is wrong with the node's values, not with those of the nodes in it.

    Strings that hold Jinja are skipped unless `literal` says that they are rendered.

    >>> from aistudios_dsl.wire.nodes import Animation
    >>> with as_found():
    ...     [fault.message for fault in faults(Animation(type="fade-in", duration=99, delay=0))]
    ['duration is 99, but takes whole numbers 1 to 30']
    """
    yield from faults_of_extra(node)
    for key in keys(type(node)):
        value = getattr(node, key.attribute)
        if value is not UNSET and (fault := fault_of(key, value, literal=literal)):
            yield fault


def faults_of_extra(node: Node) -> Iterator[BuildError]:
    """Yield the fields of the class that `extra` holds, and what in it is not JSON."""
    for key in keys(type(node)):
        if key.wire in node.extra:
            yield BuildError(f"extra holds {key.wire!r}, which is a field of {type(node).__name__}")
    if node.extra and (fault := _json_fault(node.extra, "extra")):
        yield fault


def _json_fault(value: Any, name: str) -> BuildError | None:
    try:
        own_json(value, name)
    except BuildError as fault:
        return fault
    return None


def lacking(node: Node) -> Iterator[str]:
    """Yield the required fields that are not set, in the node and in the nodes in it.

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


def with_keys(node: N, extra: Mapping[str, Any] | None, key_order: str | None = None) -> N:
    """Return a node with further keys. One that its class knows sets that field, and `UNSET` leaves it out.

    >>> from aistudios_dsl.wire.nodes import Origin
    >>> with_keys(Origin(width=1374), {"height": 2444, "unit": "px"})
    Origin(height=2444, width=1374, extra={'unit': 'px'})
    """
    if not extra and not key_order:
        return node
    given = extra or {}
    own = {key.wire: key.attribute for key in keys(type(node)) if key.wire in given}
    fields = {attribute: given[name] for name, attribute in own.items()}
    further = {name: value for name, value in given.items() if name not in own}
    return evolve(node, extra=further, key_order=reordered(type(node), further, key_order), **fields)


def reordered(cls: type[Node], extra: Iterable[str], key_order: str | None) -> tuple[str, ...]:
    """Return the keys of an object in order, those named in `key_order` one after the other; () for the usual order.

    Raise `BuildError` for a name that is no key of it, or that is named twice.

    >>> from aistudios_dsl.wire.nodes import Shadow
    >>> reordered(Shadow, ["spread"], "offsetX blur")
    ('color', 'offsetX', 'blur', 'offsetY', 'enabled', 'spread')
    """
    if not key_order:
        return ()
    usual, named = [*cls.KEYS.split(), *extra], key_order.split()
    for name in named:
        if name not in usual or named.count(name) > 1:
            if name in usual:
                raise BuildError(f"key_order names {name!r} twice", hint="name it once")
            raise BuildError(f"key_order names {name!r}, which is not one of its keys", hint=did_you_mean(name, usual))
    first = min(map(usual.index, named))
    return (*usual[:first], *named, *(name for name in usual[first:] if name not in named))


def fault_of(key: Key, value: Any, *, literal: bool = False) -> BuildError | None:
    """Return what is wrong with one value."""
    if key.takes(value) or value is UNSET or (value is None and not key.required):
        return None
    if not literal and holds_jinja(value):
        return None
    if key.node and not key.array and not isinstance(value, Node):
        message = f"{key.attribute} must be a wire.{key.node.__name__}, not {type(value).__name__}"
        return BuildError(message, hint=_as_node(key.node, value))
    if not key.kinds:
        return _json_fault(value, key.attribute)
    if not is_kind(value, key.kinds):
        number = number_in(value) if float in key.kinds else None
        hint = f"leave out the quotes: {key.attribute}={number}" if number is not None else ""
        return BuildError(f"{key.attribute} must be {kind_words(key.kinds)}, not {shown(value)}", hint=hint)
    if isinstance(value, int | float) and not abs(value) <= _LARGEST:
        return BuildError(f"{key.attribute} must be a finite number, not {shown(value)}")
    if isinstance(value, str) and has_surrogate(value):
        return BuildError(f"{key.attribute} contains an unpaired surrogate")
    if key.rule.holds(value):
        return None
    if key.rule.one_of:
        hint = did_you_mean(str(value), key.rule.one_of)
        return BuildError(f"{key.attribute} {shown(value)} is not known", hint=hint)
    hint = key.rule.instead_of_0 if value == 0 else ""
    return BuildError(f"{key.attribute} is {shown(value)}, but takes {key.rule.span()}", hint=hint)


def _as_node(cls: type[Node], value: object) -> str:
    """Return the wire object to write for this value: with its first field, or with the fields of a mapping."""
    known = [key.attribute for key in keys(cls)]
    given = value if isinstance(value, Mapping) else {known[0]: value}
    fits = isinstance(value, str | Mapping) and set(given) <= set(known)
    inside = ", ".join(f"{name}={item!r}" for name, item in given.items()) if fits else "..."
    return f"such as wire.{cls.__name__}({inside})"


def number_in(text: object) -> Number | None:
    """Return the number if a string holds nothing else, as in a row.

    >>> number_in(" 48 "), number_in("1.5"), number_in("48 pt"), number_in("nan")
    (48, 1.5, None, None)
    """
    if not isinstance(text, str) or not re.fullmatch(r"(?a)\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*", text):
        return None
    number = float(text)
    return int(number) if number.is_integer() else number


def holds_jinja(value: object) -> bool:
    """Whether a value is a Jinja template, to be validated once it is rendered."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def is_kind(value: object, kinds: tuple[type, ...]) -> bool:
    """Whether a value is of one of the kinds; a bool is not a number."""
    return bool in kinds if isinstance(value, bool) else isinstance(value, kinds)


_KIND_WORDS: dict[type, str] = {
    int: "a number",
    float: "a number",
    str: "a string",
    bool: "true or false",
    tuple: "a list",
    type(None): "null",
}


def kind_words(kinds: tuple[type, ...]) -> str:
    """Return the JSON kinds in words."""
    words = dict.fromkeys(_KIND_WORDS.get(kind, f"an object ({kind.__name__})") for kind in kinds)
    return " or ".join(words) if len(words) < 4 else "an object"


def shown(value: object) -> str:
    """Return a value for a message: in JSON spelling, at most 60 characters.

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


def shortened(text: str, most: int = 60) -> str:
    """Return a text of at most `most` characters, which ends in "…" where it is cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def file_of(url: str) -> str:
    """Return the name of a URL's file, or else of its host; "" for data that is written into the URL.

    It leaves out the query, which may hold a signature, and the login. What is no URL, such as a colour, stays.

    >>> file_of("https://x.example/lamp.png?signature=abc"), file_of("https://ann:secret@x.example"), file_of("red")
    ('lamp.png', 'x.example', 'red')
    """
    if url.startswith("data:"):
        return ""
    if not any(mark in url for mark in "/?"):
        return url
    _, _, path = url.partition("?")[0].partition("#")[0].rpartition("://")
    return path.rstrip("/").rpartition("/")[2].rpartition("@")[2]
