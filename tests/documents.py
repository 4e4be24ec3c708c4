"""Projects for tests to be thrown at: any JSON that the wire classes can hold, and golden ones with a part spoilt."""

import json
from pathlib import Path

from hypothesis import strategies as st

from aistudios_dsl.wire.node import keys
from aistudios_dsl.wire.nodes import CLIP_TYPES
from aistudios_dsl.wire.nodes import Project as WireProject

HERE = Path(__file__).parent
REAL = sorted([*(HERE / "data").glob("*project.json"), *(HERE / "golden").glob("*.json")])
"""The vendor's samples, and what the examples build."""
EDITOR = sorted((HERE / "data" / "editor_like").glob("*.json"))
"""Projects as the web editor writes them, with what no sample shows."""

HOSTILE = [
    "",
    "'",
    '"',
    "'''",
    '"""',
    "\\",
    '\\"',
    "\\'",
    "\n",
    "\r\n",
    "a\n\nb",
    "\u2028",
    "\u2029",
    "\x00",
    "\ufeff",
    "\u202e",
    "{{ name }}",
    "{{",
    "{% if %}",
    "{# #}",
    "}}",
    "%s",
    "{name}",
    "</script><p>",
    "<p>Hello</p>",
    "&amp;",
    "안녕하세요",
    "👩‍👩‍👧 e\u0301",
    ") + __import__('os').system('false') + (",
    '""" + 1/0 + """',
    "UNSET",
    "#102030",
    "rgb(1,2,3)",
    "45%",
]
TEXTS = st.text(max_size=8) | st.sampled_from(HOSTILE)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OUR_NAMES = st.sampled_from(
    ["extra", "key_order", "scale_x", "source_url", "ai_name", "UNSET", "self", "KEYS", "opacity"]
)
UNKNOWN = st.dictionaries(TEXTS | OUR_NAMES, JSON, max_size=3)


def value_of(key):
    """Any value that a key may have on the wire."""
    if key.attribute == "clips":
        return st.lists(
            st.one_of(*map(object_of, CLIP_TYPES.values()), UNKNOWN.map(lambda d: d | {"type": "hologram"})), max_size=3
        )
    if key.node:
        inner = object_of(key.node)
        return st.lists(inner, max_size=2) if key.array else inner
    plain = {int: st.integers(), float: NUMBERS, str: TEXTS, bool: st.booleans(), type(None): st.none()}
    return st.one_of(*(plain[kind] for kind in key.kinds)) if key.kinds else JSON


@st.composite
def object_of(draw, cls):
    """A JSON object of a wire class: what it requires, some of the rest, and keys that nobody knows."""
    found = {}
    known = {key.wire for key in keys(cls)}
    for key in keys(cls):
        if key.attribute == "type" and cls in CLIP_TYPES.values():
            found["type"] = next(name for name, other in CLIP_TYPES.items() if other is cls)
        elif key.required:
            found[key.wire] = draw(value_of(key))
        elif draw(st.booleans()):
            found[key.wire] = draw(st.none() | value_of(key))
    found |= {name: value for name, value in draw(UNKNOWN).items() if name not in known}
    return dict(draw(st.permutations(list(found.items()))))


ANY = object_of(WireProject)
"""Any project that loads."""


def places_in(value, path=()):
    """The path of every value in a JSON document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places_in(inner, (*path, name))


def at(document, path):
    """The value at a path."""
    for name in path:
        document = document[name]
    return document


@st.composite
def spoilt(draw):
    """A real project in which a few values are others, a few keys are gone, and a few are new."""
    source = draw(st.sampled_from([*REAL, *EDITOR]))
    document = Spoilt(json.loads(source.read_text(encoding="utf-8")))
    document.story = [source.stem]
    for _ in range(draw(st.integers(1, 4))):
        paths = [path for path in places_in(document) if path]
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        parent, name = at(document, path[:-1]), path[-1]
        change = draw(st.sampled_from(["set", "set", "set", "drop", "add", "twice", "round"]))
        if change == "drop":
            del parent[name]
        elif change == "add" and isinstance(parent, dict):
            parent[draw(TEXTS)] = draw(JSON)
        elif change == "twice" and isinstance(parent, list):
            parent.append(json.loads(json.dumps(parent[name])))
        else:
            parent[name] = draw(_like(parent[name]))
        document.story.append(f"{change} at {path}")
    return document


class Spoilt(dict):
    """A project that says what was changed in it, since all of it would be too long to print."""

    def __repr__(self):
        return f"<{', '.join(self.story)}>"


def _like(value):
    if isinstance(value, bool) or value is None:
        return st.booleans() | st.none()
    if isinstance(value, int | float):
        return st.integers(-10, 1920) | st.floats(-1e4, 1e4).map(lambda number: round(number, 2)) | NUMBERS
    return TEXTS if isinstance(value, str) else JSON
