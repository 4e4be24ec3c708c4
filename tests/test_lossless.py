"""`dump(load(x))` has the canonical text of `x`, whatever unknown keys, nulls, clips and key orders `x` has."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import Project
from aistudios_dsl.wire import codec
from aistudios_dsl.wire.jsontext import canonical, parse
from aistudios_dsl.wire.node import Node, keys
from aistudios_dsl.wire.nodes import CLIP_TYPES
from aistudios_dsl.wire.nodes import Project as WireProject

NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OUR_NAMES = st.sampled_from(
    ["extra", "key_order", "scale_x", "source_url", "ai_name", "UNSET", "self", "KEYS", "opacity"]
)
UNKNOWN = st.dictionaries(st.text(max_size=6) | OUR_NAMES, JSON, max_size=3)


def value_of(key):
    if key.attribute == "clips":
        return st.lists(
            st.one_of(*map(object_of, CLIP_TYPES.values()), UNKNOWN.map(lambda d: d | {"type": "hologram"})), max_size=3
        )
    if key.node:
        inner = object_of(key.node)
        return st.lists(inner, max_size=2) if key.array else inner
    plain = {int: st.integers(), float: NUMBERS, str: st.text(max_size=6), bool: st.booleans(), type(None): st.none()}
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


@settings(max_examples=60, deadline=None)
@given(object_of(WireProject))
def test_any_project_comes_back_as_it_was(document):
    text = canonical(document)
    assert canonical(codec.dump(codec.load(document))) == text
    assert Project.load(document, template=False).to_json() == text
    assert canonical(document) == text


@settings(max_examples=20, deadline=None)
@given(object_of(WireProject))
def test_a_loaded_tree_shares_nothing_with_its_document(document):
    loaded = codec.load(document)
    before = canonical(codec.dump(loaded))
    _spoil(document)
    _spoil(codec.dump(loaded))
    assert canonical(codec.dump(loaded)) == before


def _spoil(value):
    for inner in list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()):
        _spoil(inner)
    if isinstance(value, dict | list):
        value.clear()


def test_absent_null_and_a_value_stay_apart():
    for part in ({}, {"thumbnailUrl": None}, {"thumbnailUrl": "x"}):
        scene = {"background": {}, "clips": [], "sceneIdx": 0} | part
        assert codec.dump(codec.load({"scenes": [scene]})) == {"scenes": [scene]}


def test_integers_and_floats_keep_their_spelling():
    text = '{"scenes":[{"sceneIdx":0.0,"clips":[],"background":{"id":"background","x":1,"y":1.0,"z":true}}]}'
    assert canonical(codec.dump(codec.load(parse(text)))) == text


def test_every_wire_class_lists_each_of_its_keys_once():
    classes = [Node]
    for cls in classes:
        classes += cls.__subclasses__()
    for cls in classes[1:]:
        if cls.KEYS:
            assert sorted(cls.KEYS.split()) == sorted(key.wire for key in keys(cls)), cls


def test_a_big_document_is_read_and_written(tmp_path):
    clip = {"id": "a", "type": "hologram", "data": ["x" * 1000] * 50}
    document = {"scenes": [{"background": {}, "clips": [clip] * 100, "sceneIdx": 0}]}
    (tmp_path / "big.json").write_text(json.dumps(document))
    assert Project.load(tmp_path / "big.json").to_json() == canonical(document)
