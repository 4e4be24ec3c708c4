"""Sizes and places: each clip is validated once, and one function places clips for any sizes."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudios_dsl import BuildError, Project, above, below, right_of, wire
from aistudios_dsl.resolve import sizing
from aistudios_dsl.resolve.project import setting_of
from aistudios_dsl.resolve.scene import sizes_and_layout
from aistudios_dsl.wire import node as nodes
from aistudios_dsl.wire.jsontext import canonical, canonical_string


def crowded():
    """A scene in which clips stand at points, at anchors, and beside clips that come later."""
    return (
        Project()
        .scene()
        .text("under", tag="under", at=below("title", gap=8), angle=30)
        .avatar("M000045058", say="Hello.")
        .text("title", tag="title", at=right_of("logo", gap="2%"))
        .image("https://x.example/a.png", natural=(80, 60), tag="logo", at=("10%", 44.5))
        .shape("Circle", fill="#fff", width=50, stroke="red", stroke_width=4, at=above("under"), scale=(2, 3))
        .audio("https://x.example/a.mp3", label="Music")
    )


def layout_of(project):
    return sizes_and_layout(project.scenes[0], setting_of(project))


def test_arranging_gives_the_corners_that_a_resolve_writes():
    project = crowded()
    sizes, layout = layout_of(project)
    order = layout.clips_of(layout.order)
    corners = layout.arrangement()([sizes[clip].seen for clip in order])
    clips = project.resolve().scenes[0].clips
    assert corners == [(clips[clip].left, clips[clip].top) for clip in order]


@given(st.lists(st.tuples(st.floats(1, 2000), st.floats(1, 2000)), min_size=6, max_size=6))
def test_one_arrangement_serves_any_sizes(seen):
    _, layout = layout_of(crowded())
    arranged = layout.arrangement()
    before = arranged([(9, 9)] * 6)
    assert arranged(seen) == layout.arrangement()(seen)
    assert arranged([(9, 9)] * 6) == before


def test_a_clip_beside_one_that_stands_already_is_placed_by_its_cover():
    first = wire.Shape(id="a", layer=1, left=5, top=7, width=10, height=20, shape_name="Star", fill="#fff", tag="a")
    project = Project().scene().put(first).text("x", width=10, height=4, at=below("a", gap=3))
    sizes, layout = layout_of(project)
    assert layout.arrangement()([(5, 7, 10, 20), sizes[1].seen]) == [(), (5, 30)]


def test_a_drafted_clip_is_judged_by_its_verb_and_again_only_for_braces_that_are_text():
    project, calls = crowded().text("{{ braces }}", width=9, height=9)._literally(), []
    faults = nodes.faults

    def counted(node, **how):
        calls.append(node)
        return faults(node, **how)

    with mock.patch.object(sizing, "faults", counted), mock.patch.object(nodes, "faults", counted):
        project.resolve()
    clips = [call for call in calls if isinstance(call, wire.Clip)]
    assert clips == list(project.scenes[0]._clips())[-1:]
    with pytest.raises(BuildError, match=r'shape.*: name "\{\{ kind \}\}" is not known'):
        Project().scene().shape("{{ kind }}", fill="#fff", width=9)._literally().resolve()


def test_speech_for_a_loaded_avatar_leaves_its_other_values_as_they_were_found():
    document = Project().scene().avatar("M000045058").to_dict()
    document["scenes"][0]["clips"][0]["opacity"] = 140
    [clip] = Project.load(document).say("Hello.").to_dict()["scenes"][0]["clips"]
    assert (clip["opacity"], clip["script"]["org"]) == (140, "<p>Hello.</p>")
    assert Project.load(document).say("Hello.").to_dict(api="1.6")["scenes"][0]["clips"][0]["opacity"] == 140


def test_an_infinite_number_is_refused_with_the_clip_it_belongs_to():
    project = Project().scene().image("https://x.example/a.png", natural=(1e-300, 1), width=1e9)
    with pytest.raises(BuildError, match=r"clips\[0\] \(image\).*: scale_x must be a finite number, not inf"):
        project.resolve()


@given(st.text())
def test_a_string_is_written_as_the_canonical_text_writes_it(text):
    assert canonical_string(text) == canonical(text)
