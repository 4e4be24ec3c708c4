"""What changed between two projects is told in words, by tag and field, and nothing is left out."""

import json
import sys
from unittest.mock import patch

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import LoadError, Project, Scene, diff, wire
from aistudios_dsl.wire.jsontext import canonical
from tests.documents import ANY, REAL, spoilt

module = sys.modules["aistudios_dsl.diff"]
"""The name `aistudios_dsl.diff` is that of the function."""


def base():
    scene = Scene(background="#102030").text("Title", at=(100, 100), tag="title")
    scene = scene.image("https://x.example/a.png", natural=(800, 600), tag="photo").shape("Star", fill="red", width=9)
    return Project("Promo").add(scene.avatar("M000045058", say="One.\n\nTwo.", tag="host"))


def lines(before, after):
    return str(diff(before, after)).splitlines()


def test_the_same_project_has_no_difference():
    found = diff(base(), Project.load(base().to_dict()))
    assert (str(found), len(found), list(found), bool(found)) == ("no difference", 0, [], False)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (evolve(base(), name="Other"), ['name "Promo" -> "Other"']),
        (evolve(base(), name=None), ['name removed: "Promo"']),
        (evolve(base(), orientation="portrait").edit("title", fill="#000000"), None),
        (
            base().edit("title", fill="#000000"),
            ['scenes[0].clips[1] (text, tag \'title\'): fill "#ffffff" -> "#000000"'],
        ),
        (base().edit("photo", opacity=50), ["scenes[0].clips[2] (image, tag 'photo'): opacity 100 -> 50"]),
        (base().edit("host", say="One."), ['scenes[0]: speech of \'host\' "One.\\n\\nTwo." -> "One."']),
        (base().edit("host", say=None), ["scenes[0]: speech of 'host' removed: \"One.\\n\\nTwo.\""]),
        (base().text("More", tag="more"), ["scenes[0].clips[5] (text, tag 'more'): added (\"More\")"]),
        (base().scene().text("More"), ["scenes[1]: added (1 clip)"]),
        (base().with_scenes([]).scene(), None),
        (base().background("/x.png"), None),
        (
            base().edit("title", shadow=wire.Shadow(blur=2)),
            ["scenes[0].clips[1] (text, tag 'title'): shadow added: {\"blur\":2}"],
        ),
        (
            base().map(wire.AvatarClip, lambda clip: evolve(clip, effects=(wire.Effect(type="glow"),))),
            ['scenes[0].clips[4] (avatar, tag \'host\'): effects added: [{"type":"glow"}]'],
        ),
    ],
)
def test_a_change_is_told_by_tag_and_field(after, expected):
    found = lines(base(), after)
    assert found != ["no difference"]
    assert expected is None or found == expected


def test_inner_objects_and_unknown_keys_have_their_own_names():
    before, after = base().to_dict(), base().to_dict()
    clip = after["scenes"][0]["clips"][4]
    clip["model"]["language"] = "ko"
    clip["glow"] = None
    after["_id"] = "p1"
    assert lines(Project.load(before), Project.load(after)) == [
        '_id added: "p1"',
        'scenes[0].clips[4] (avatar, tag \'host\'): model.language "en" -> "ko"',
        "scenes[0].clips[4] (avatar, tag 'host'): glow added: null",
    ]


def test_scenes_that_moved_are_told_apart_from_new_and_lost_ones():
    first, second, third = (
        Scene().text(f"Number {n}", tag=f"t{n}").shape("Star", fill="red", width=n) for n in (1, 2, 3)
    )
    before = Project.load(Project().add(first, second, third).to_dict())
    scenes = before.scenes
    assert lines(before, before.with_scenes(scenes[1:])) == ["scenes[0]: removed (2 clips)"]
    assert lines(before, before.with_scenes([scenes[2], *scenes[:2]])) == ["scenes[0]: moved here from scenes[2]"]
    inserted = before.with_scenes([scenes[0], Scene().audio("https://x.example/a.mp3", label="New"), *scenes[1:]])
    assert lines(before, inserted) == ["scenes[1]: added (1 clip)"]


def test_clips_are_the_same_though_a_new_one_shifts_their_ids():
    stars = [Scene().shape("Star", fill=fill, width=9) for fill in ("red", "blue")]
    before = Project().add(stars[0].shape("Circle", fill="blue", width=9))
    after = Project().scene().text("New").shape("Star", fill="red", width=9).shape("Circle", fill="blue", width=9)
    found = diff(before, after)
    assert str(found).splitlines() == [
        "scenes[0], all 2 other clips: layer +1",
        "scenes[0].clips[0] (text 'New'): added",
        "2 clips in 1 scene: id differs",
    ]


def test_a_clip_that_stands_elsewhere_in_the_list_has_moved():
    before = Project.load(base().to_dict())
    [scene] = before.scenes
    after = before.with_scenes([evolve(scene, items=(*scene._items[1:], scene._items[0]))])
    assert lines(before, after) == ["scenes[0].clips[4] (shape 'Square'): moved here from clips[0]"]


def poster():
    scene = Scene(background="/sky.png").text("Summer  sale\nnow", at=(100, 100))
    scene = scene.image("https://x.example/a/lamp.png?v=2#top", natural=(8, 6), at=(5, 5))
    scene = scene.shape("Star", fill="red", width=9, at=(50, 60)).audio("https://x.example/a.mp3", label="Bell")
    return scene.avatar("M000045058", at="bottom").image("data:image/png;base64,AAAA", natural=(8, 6))


def with_clips(change):
    """The poster, with its clips changed as JSON."""
    document = Project().add(poster()).to_dict()
    change(document["scenes"][0]["clips"])
    return Project.load(document)


def each(**steps):
    return lambda clips: [clip.update({name: clip[name] + step for name, step in steps.items()}) for clip in clips]


def test_a_clip_without_a_tag_is_called_by_its_words_file_shape_or_avatar():
    found = lines(with_clips(list), with_clips(lambda clips: [clip.update(own=1) for clip in clips]))
    assert [line.partition(": ")[0].partition(" ")[2] for line in found] == [
        "(text 'Summer sale now')",
        "(image 'lamp.png')",
        "(shape 'Star')",
        "(audio 'Bell')",
        "(avatar 'M000045058')",
        "(image)",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (each(layer=2), ["scenes[0], all 6 clips: layer +2"]),
        (each(left=40, top=-20.5), ["scenes[0], all 6 clips: moved 40 px right and 20.5 px up"]),
        (
            lambda clips: each(left=-0.1)(clips[1:3]),
            ["scenes[0], 2 clips (image 'lamp.png'; shape 'Star'): moved 0.1 px left"],
        ),
        (
            lambda clips: (each(layer=1)(clips[:2]), each(layer=-2)(clips[2:4])),
            [
                "scenes[0], 2 clips (text 'Summer sale now'; image 'lamp.png'): layer +1",
                "scenes[0], 2 clips (shape 'Star'; audio 'Bell'): layer -2",
            ],
        ),
        (
            lambda clips: each(left=10, width=10)(clips[1:3]),
            [
                "scenes[0].clips[1] (image 'lamp.png'): width 8 -> 18",
                "scenes[0].clips[1] (image 'lamp.png'): left 5 -> 15",
                "scenes[0].clips[2] (shape 'Star'): width 9 -> 19",
                "scenes[0].clips[2] (shape 'Star'): left 50 -> 60",
            ],
        ),
        (lambda clips: each(top=3)(clips[:1]), ["scenes[0].clips[0] (text 'Summer sale now'): top 100 -> 103"]),
    ],
)
def test_what_several_clips_share_is_one_line(change, expected):
    assert lines(with_clips(list), with_clips(change)) == expected


def test_a_shift_holds_the_change_of_each_clip():
    [shift] = diff(with_clips(list), with_clips(lambda clips: each(left=1, top=2)(clips[1:3])))
    assert (shift.kind, shift.field, shift.new) == ("shifted", "left and top", {"left": 1, "top": 2})
    assert [(part.field, part.old, part.new) for part in shift.parts] == [
        ("left", 5, 6),
        ("top", 5, 7),
        ("left", 50, 51),
        ("top", 60, 62),
    ]
    assert json.loads(json.dumps(shift.to_dict()))["parts"] == [part.to_dict() for part in shift.parts]


def many(count):
    sky = Scene(background="/sky.png")
    return [sky.text(f"T{n}", at=(n, n)).image(f"/{n}.png", natural=(4, 4)) for n in range(count)]


def test_scenes_that_moved_together_are_one_line_and_so_are_their_new_ids():
    before = Project().add(*many(6))
    after = Project().scene(background="/new.png").add(*many(6)[3:], *many(6)[:3])
    assert lines(before, after) == [
        "scenes[0]: added (0 clips)",
        "scenes[1..3]: moved here from scenes[3..5]",
        "12 clips in 6 scenes: id differs",
    ]


@pytest.mark.parametrize("count", [300, 1200])
def test_the_work_grows_with_the_number_of_scenes_where_none_is_as_it_was(count, monkeypatch):
    compared = []
    share = module._share
    monkeypatch.setattr(module, "_share", lambda *pair: compared.append(pair) or share(*pair))
    project = Project.load(Project().add(*many(count)).to_dict())
    found = diff(project, project.map(wire.Image, lambda clip: evolve(clip, opacity=50)))
    assert len(found) == count
    assert count <= len(compared) <= 40 * count


def test_the_work_grows_with_the_number_of_clips_where_none_is_as_it_was(monkeypatch):
    compared = []
    rated = module._like_pairs
    monkeypatch.setattr(
        module,
        "_like_pairs",
        lambda old, new, partner, likeness, least: rated(
            old, new, partner, lambda *pair: compared.append(pair) or likeness(*pair), least
        ),
    )

    def words(mark):
        scene = Scene(background="/sky.png")
        for n in range(300):
            scene = scene.text(f"{mark} {n}", at=(n, n + len(mark)), tag=f"{mark}{n}")
        return Project().add(scene)

    found = diff(words("A"), words("Bb"))
    assert {change.kind for change in found} == {"changed"}
    assert len(compared) <= 40 * 300


SPEECH = st.lists(st.integers(0, 9).map(lambda number: ("host", f"<p>{number}</p>")), max_size=12)


@given(SPEECH, SPEECH)
@settings(deadline=None)
def test_lines_of_long_speech_are_matched_in_order_and_as_many_as_difflib_finds_where_none_comes_twice(old, new):
    with patch.object(module, "_MOST_COMPARED", 0):
        long = module._same_lines(old, new) if old and new else {}
    short = module._same_lines(old, new)
    for pairs in (long, short):
        assert all(old[here] == new[there] for there, here in pairs.items())
        heres = [pairs[there] for there in sorted(pairs)]
        assert heres == sorted(set(heres))
    if len(set(old)) == len(old) and len(set(new)) == len(new):
        assert len(long) >= len(short)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("in Rome", "in Oslo", '"in Rome" -> "in Oslo"'),
        (
            "Welcome, Ann. This is the training for our site in Rome.",
            "Welcome, Ann. This is the training for our site in Athens.",
            '"Welcome, Ann. This is the training for our site in Rome." -> '
            '"Welcome, Ann. This is the training for our site in Athens."',
        ),
        (
            "Welcome, Bob. This is safety training for our site in Rome.",
            "Welcome, Bob. This is safety training for our site in Athens.",
            '…for our site in Rome." -> …for our site in Athens."',
        ),
        ("so " * 30 + "old", "so " * 30 + "new", f'…{"so " * 7}old" -> …{"so " * 7}new"'),
        (f"{'x' * 90}1", f"{'x' * 90}2", '…1" -> …2"'),
        ("Old. " + "word " * 20, "New. " + "word " * 20, None),
    ],
)
def test_what_differs_in_long_words_is_shown(old, new, expected):
    """Both sides of a change show where they differ, however much they have in common before it."""
    (line,) = lines(Project(old).scene(), Project(new).scene())
    before, after = line.removeprefix("name ").split(" -> ")
    assert before != after
    assert max(len(before), len(after)) <= 60
    assert expected in (None, f"{before} -> {after}")


def test_speech_told_line_by_line_whoever_holds_it():
    project = base()
    assert lines(project, Project.load(project.to_dict(api="1.6"))) == [
        'scenes[0]: speech is written in "the clips" -> "the scene"'
    ]


def test_the_order_of_keys_is_a_difference_too():
    document = base().to_dict()
    other = dict(reversed(document.items()))
    assert lines(Project.load(document), Project.load(other)) == ["the order of keys differs"]


def test_templates_are_compared_as_written():
    before, after = (Project().scene().text(f"Hi {{{{ {name} }}}}", tag="t", width=9, height=9) for name in "ab")
    assert lines(before, after) == ['scenes[0].clips[0] (text, tag \'t\'): text "Hi {{ a }}" -> "Hi {{ b }}"']


def test_changes_are_values_that_become_json():
    [change] = diff(base(), base().edit("photo", opacity=50))
    assert (change.kind, change.field, change.old, change.new, change.tag) == ("changed", "opacity", 100, 50, "photo")
    assert json.loads(json.dumps(change.to_dict())) == {
        "kind": "changed",
        "place": "scenes[0].clips[2] (image, tag 'photo')",
        "tag": "photo",
        "field": "opacity",
        "old": 100,
        "new": 50,
    }


@pytest.mark.slow
@settings(max_examples=60)
@given(ANY, spoilt())
def test_any_two_projects_compare_and_only_equal_ones_have_no_difference(one, other):
    documents = [one, other, json.loads(REAL[0].read_text(encoding="utf-8"))]
    try:
        projects = [Project.load(document, template=False) for document in documents]
    except LoadError:
        return
    for before in projects:
        for after in projects:
            found = diff(before, after)
            assert bool(len(found)) == (before.to_json() != after.to_json())
            assert canonical([change.to_dict() for change in found])
            assert str(found)
