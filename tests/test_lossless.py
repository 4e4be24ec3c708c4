"""`dump(load(x))` has the canonical text of `x`, whatever unknown keys, nulls, clips and key orders `x` has."""

import json

import pytest
from hypothesis import given, settings

from aistudios_dsl import LoadError, Project
from aistudios_dsl.wire import codec, node
from aistudios_dsl.wire.jsontext import canonical, parse
from aistudios_dsl.wire.node import Node, keys
from aistudios_dsl.wire.nodes import Text
from tests.documents import ANY, REAL


@pytest.mark.slow
@settings(max_examples=60)
@given(ANY)
def test_any_project_comes_back_as_it_was(document):
    text = canonical(document)
    assert canonical(codec.dump(codec.load(document))) == text
    assert Project.load(document, template=False).to_json() == text
    assert canonical(document) == text


@settings(max_examples=20)
@given(ANY)
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


def test_a_field_that_keys_forgot_is_named(monkeypatch):
    monkeypatch.setattr(node, "_KEYS_OF", {})
    monkeypatch.setattr(Text, "KEYS", Text.KEYS.replace(" fontStyle", ""))
    with pytest.raises(TypeError, match=r"Text\.KEYS does not list the key of 'font_style', such as 'fontStyle'"):
        keys(Text)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_samples_and_golden_payloads_come_back_as_they_were(path):
    document = parse(path.read_bytes())
    assert Project.load(path).to_json() == canonical(document)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_a_truncated_document_is_refused_wherever_it_was_cut(path):
    whole = path.read_bytes().strip()
    for end in range(0, len(whole) - 1, len(whole) // 40):
        with pytest.raises(LoadError, match=r"is not JSON|is empty|not UTF-8"):
            Project.load(whole[:end])


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b'{"scenes": [], "name": "\xff"}', "not UTF-8"),
        ('{"scenes": []}'.encode("utf-16"), "not UTF-8"),
        (b'{"scenes": [], "scenes": []}', "has the key 'scenes' twice"),
        (b'{"scenes": [], "a": {"b": 1, "b": 2}}', "has the key 'b' twice"),
        (b'{"scenes": [], "a": NaN}', "holds NaN"),
        (b'{"scenes": [], "a": 1e999}', "finite number"),
        (b'{"scenes": [], "a": ' + b"9" * 5000 + b"}", "number too long"),
        (b'{"scenes": [], "a": "\\ud800"}', "an unpaired surrogate"),
        (b"[]", "must be an object"),
        (b'{"success": false, "error": {"code": 401, "msg": "no"}}', "answered with an error, not a project: 401 no"),
    ],
)
def test_what_is_no_project_is_refused_by_what_is_wrong_with_it(document, complaint):
    with pytest.raises(LoadError, match=complaint):
        Project.load(document)


@pytest.mark.parametrize("pair", ["[]", ('{"a":', "}")], ids=["lists", "objects"])
@pytest.mark.parametrize("levels", [10, 95, 150, 500, 100_000])
def test_depth_is_taken_up_to_a_limit_and_refused_beyond(pair, levels):
    left, right = pair
    text = f'{{"scenes":[],"dictionary":{left * levels}{"1" if left != "[" else ""}{right * levels}}}'
    if levels < 100:
        assert Project.load(text).to_json() == text
    else:
        with pytest.raises(LoadError, match="nested too deeply"):
            Project.load(text)


def test_a_mapping_that_holds_itself_is_refused():
    document = {"scenes": []}
    document["again"] = [document, document]
    with pytest.raises(LoadError, match="nested too deeply"):
        Project.load(document)


@pytest.mark.slow
def test_a_document_of_fifty_megabytes_is_read_and_written(tmp_path):
    clip = {"id": "a", "type": "hologram", "data": ["x" * 1000] * 500}
    document = {"scenes": [{"background": {}, "clips": [clip] * 100, "sceneIdx": 0}]}
    (tmp_path / "big.json").write_text(json.dumps(document))
    assert (tmp_path / "big.json").stat().st_size > 50_000_000
    assert Project.load(tmp_path / "big.json").to_json() == canonical(document)
