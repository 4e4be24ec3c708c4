"""The vendor's sample body, written with the verbs and read from its file, in both generations."""

import json
from pathlib import Path

import pytest
from attrs import fields

from aistudios_dsl import Project
from aistudios_dsl.wire import Node, codec
from aistudios_dsl.wire.jsontext import canonical

DATA = Path(__file__).parent / "data"
SAMPLES = {"1.4": DATA / "seed_project.json", "1.6": DATA / "scene_scripts_project.json"}


def sample(api):
    return json.loads(SAMPLES[api].read_text(encoding="utf-8"))


def written(api):
    return (
        Project(webhook_url="https://example.com/hooks/aistudios", api=api)
        .scene(background="/images/background/bg_blue_gradient.png")
        .avatar(
            "M000045058",
            "BG00002320",
            say="Hello, this is test video.",
            effects=["head-only"],
            at=(630.2493927359487, 146.74129135713008),
            id="aiModel-1h4ij5h8e87",
        )
    )


@pytest.mark.parametrize("api", SAMPLES)
def test_the_verbs_write_the_sample_to_the_last_byte(api):
    assert written(api).to_json() == canonical(sample(api))


@pytest.mark.parametrize("api", SAMPLES)
def test_a_sample_loads_and_dumps_unchanged(api):
    assert canonical(codec.dump(codec.load(sample(api)))) == canonical(sample(api))
    assert Project.load(SAMPLES[api]).to_json() == canonical(sample(api))


def nodes_in(value):
    if isinstance(value, tuple):
        for item in value:
            yield from nodes_in(item)
    if isinstance(value, Node):
        yield value
        for attribute in fields(type(value)):
            yield from nodes_in(getattr(value, attribute.name))


@pytest.mark.parametrize("api", SAMPLES)
def test_a_sample_has_no_key_that_the_classes_do_not_know(api):
    nodes = list(nodes_in(codec.load(sample(api))))
    assert len(nodes) > 8
    assert [node for node in nodes if node.extra] == []


@pytest.mark.parametrize(("api", "other"), [("1.4", "1.6"), ("1.6", "1.4")])
def test_speech_is_rewritten_for_the_other_generation(api, other):
    assert written(api).to_dict(api=other) == sample(other)
    assert Project.load(SAMPLES[api]).to_dict(api=other) == sample(other)


def test_an_envelope_of_the_service_is_opened():
    answer = {"success": True, "data": {"project": sample("1.4") | {"_id": "p1", "progress": 100}}}
    assert Project.load(answer).to_dict() == sample("1.4") | {"_id": "p1", "progress": 100}
