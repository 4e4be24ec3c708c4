"""The JSON Schema of the body, held against bodies that are right and bodies that are not."""

import json
from pathlib import Path

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from aistudios_dsl import DslError, LoadError, Project, wire
from aistudios_dsl.cli.base import load_script
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.node import keys
from aistudios_dsl.wire.schema import schema

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
GENERATIONS = ("1.4", "1.6")
VALIDATORS = {api: Draft202012Validator(schema(api)) for api in GENERATIONS}


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def bodies():
    for path in (DATA / "seed_project.json", DATA / "scene_scripts_project.json"):
        yield path.name, read(path)
    for path in sorted((ROOT / "tests" / "golden").glob("*.json*")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            yield f"{path.name}:{number}", json.loads(line)


BODIES = dict(bodies())


def generation(body):
    return "1.6" if any("scripts" in scene for scene in body["scenes"]) else "1.4"


def faults(body, api=None):
    return [error.json_path for error in VALIDATORS[api or generation(body)].iter_errors(body)]


def picture(**more):
    clip = {"id": "p", "type": "image", "layer": 3, "left": 1, "top": 2, "width": 3, "height": 4, "source_url": "u"}
    return {"scenes": [{"background": {}, "sceneIdx": 0, "clips": [clip | more]}]}


@pytest.mark.parametrize("api", GENERATIONS)
def test_the_schema_is_a_schema(api):
    Draft202012Validator.check_schema(schema(api))
    assert schema(api)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", BODIES)
def test_every_sample_and_golden_payload_keeps_it(name):
    assert faults(BODIES[name]) == []


def test_speech_of_one_generation_has_no_place_in_the_other():
    clip, scene = BODIES["seed_project.json"], BODIES["scene_scripts_project.json"]
    assert faults(clip, "1.6") == ["$.scenes[0].clips[0].script"]
    assert faults(scene, "1.4") == ["$.scenes[0].scripts"]


BEYOND = {
    "is not JSON": "a schema judges values, and this text has none",
    "is empty": "a schema judges values, and this text has none",
    "NaN": "JSON has no such number, so no schema speaks of it",
    "twice in one object": "readers of JSON have dropped one of the keys before a schema sees them",
    "surrogate": "a schema cannot tell half a character from a whole one in every validator",
}
"""What a schema cannot express, by a part of the message that loading gives, and why."""

BROKEN = [case for case in read(DATA / "messages.json") if "document" in case]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["document"][:60] or "empty")
def test_each_broken_document_breaks_the_schema_or_is_beyond_it(case):
    beyond = [part for part in BEYOND if part in case["message"]]
    if not beyond:
        document = json.loads(case["document"])
        assert [api for api in GENERATIONS if VALIDATORS[api].is_valid(document)] == []


def test_nothing_is_called_beyond_a_schema_that_it_can_express():
    for part in BEYOND:
        assert [case for case in BROKEN if part in case["message"]], part
    judged = [case for case in BROKEN if not any(part in case["message"] for part in BEYOND)]
    assert len(judged) >= 15


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"opacity": 140}, "opacity"),
        ({"opacity": "full"}, "opacity"),
        ({"layer": 1.5}, "layer"),
        ({"width": -1}, "width"),
        ({"left": True}, "left"),
        ({"tag": 7}, "tag"),
        ({"animation": {"type": "fade_in", "duration": 1, "delay": 0}}, "animation.type"),
        ({"animation": {"type": "fade-in", "duration": 31, "delay": 0}}, "animation.duration"),
        ({"animation": {"type": "fade-in", "duration": 1}}, "animation"),
    ],
)
def test_ranges_names_and_kinds_are_part_of_it(more, path):
    assert faults(picture(**more)) == [f"$.scenes[0].clips[0].{path}"]


@pytest.mark.parametrize(
    "more", [{"layer": 1.0}, {"opacity": None}, {"animation": None}, {"of_the_editor": {"a": [1]}}]
)
def test_what_loading_takes_is_valid(more):
    assert faults(picture(**more)) == []
    assert Project.load(picture(**more)).to_dict() == picture(**more)


def test_a_clip_of_a_type_that_no_page_names_is_any_object():
    assert faults({"scenes": [{"background": {}, "sceneIdx": 0, "clips": [{"type": "hologram", "depth": 3}]}]}) == []
    assert faults({"scenes": [{"background": {}, "sceneIdx": 0, "clips": [{"depth": 3}]}]}) == ["$.scenes[0].clips[0]"]


def test_the_schema_and_loading_agree_on_every_key_left_out():
    """Each key of each object of a full project, taken out: loading refuses exactly what the schema refuses."""
    whole = load_script(ROOT / "examples" / "product_promo.py").to_dict()
    for path in list(key_paths(whole)):
        less = without(whole, path)
        assert loads(less) == VALIDATORS["1.4"].is_valid(less), path


def key_paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        if isinstance(value, dict):
            yield (*path, name)
        yield from key_paths(inner, (*path, name))


def without(whole, path):
    copy = json.loads(json.dumps(whole))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return copy


def loads(body):
    try:
        Project.load(body)
    except LoadError:
        return False
    except DslError as fault:
        raise AssertionError(f"loading refused with {fault!r}") from fault
    return True


def test_every_key_of_every_class_is_described():
    definitions = schema("1.6")["$defs"]
    for name in wire.__all__:
        cls = getattr(wire, name)
        if isinstance(cls, type) and issubclass(cls, wire.Node) and cls.KEYS:
            assert list(definitions[name]["properties"]) == [key.wire for key in keys(cls)], name


def test_a_node_that_is_dumped_keeps_the_schema():
    shape = wire.Shape(id="s", layer=1, left=0, top=0, width=9, height=9, shape_name="Star", fill="red")
    body = picture()
    body["scenes"][0]["clips"].append(dump(evolve(shape, angle=30)))
    assert faults(body) == []
    body["scenes"][0]["clips"].append(dump(shape) | {"shapeName": "Sqare"})
    assert faults(body) == ["$.scenes[0].clips[2].shapeName"]
