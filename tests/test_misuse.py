"""Every verb and end called wrongly: the error is one of this package, and says what to do."""

import inspect

import pytest
from attrs import evolve, fields

import aistudios_dsl
import aistudios_dsl.service
from aistudios_dsl import (
    Avatar,
    Catalog,
    Catalogue,
    DslError,
    LoadError,
    Project,
    Scene,
    Theme,
    above,
    around,
    below,
    column,
    diff,
    grid,
    row,
    wire,
)
from aistudios_dsl.cli.check import _lines
from aistudios_dsl.templates.rows import read_rows

URL, HOST = "https://x.example/a.png", "M000045058"


def opened():
    return Project().scene()


IN_AN_EDIT = "edit(tag, at=..., width=..., height=..., scale=...) changes them"


def named():
    return opened().text("Hi", tag="t").avatar(HOST, tag="host")


MISUSES = {
    "background": [
        lambda: opened().background(),
        lambda: opened().background(5),
        lambda: opened().background("", ""),
    ],
    "avatar": [
        lambda: opened().avatar(),
        lambda: opened().avatar(5),
        lambda: opened().avatar(avatar=HOST),
        lambda: opened().avatar(HOST, "B", "C"),
        lambda: opened().avatar(Avatar("M", "B"), "C"),
        lambda: opened().avatar(HOST, say=5),
        lambda: opened().avatar(HOST, language=5),
        lambda: opened().avatar(HOST, effects=5),
        lambda: opened().avatar(HOST, head_at=5),
    ],
    "say": [lambda: named().say(), lambda: named().say(5), lambda: named().say("x", 5), lambda: named().say("x", by=5)],
    "text": [
        lambda: opened().text(),
        lambda: opened().text("x", 48),
        lambda: opened().text("x", text="y"),
        lambda: opened().text(5),
        lambda: opened().text("x", fit=5),
        lambda: opened().text("x", bold="no"),
        lambda: opened().text("x", italic="{{ slanted }}"),
        lambda: opened().text("x", tag=[]),
        lambda: opened().text("x", at=above(5)),
        lambda: opened().text("x", shadow="#fff"),
    ],
    "image": [
        lambda: opened().image(),
        lambda: opened().image(5),
        lambda: opened().image(URL, 5),
        lambda: opened().image(URL, natural="ab"),
        lambda: opened().image(URL, file=5),
        lambda: opened().image(URL, animation=5),
    ],
    "video": [lambda: opened().video(), lambda: opened().video(5), lambda: opened().video(URL, volume="loud")],
    "audio": [lambda: opened().audio(URL), lambda: opened().audio(URL, "Music"), lambda: opened().audio(5, label="x")],
    "shape": [
        lambda: opened().shape("Star"),
        lambda: opened().shape(5, fill="red"),
        lambda: opened().shape("Star", ""),
    ],
    "place": [
        lambda: opened().place(),
        lambda: opened().place(5),
        lambda: opened().place(row().text("x"), row()),
        lambda: opened().place(row().text("x"), at="middle"),
        lambda: opened().place(row().text("x"), margin=(1, 2, 3)),
        lambda: opened().place(row().text("x"), width="wide").to_dict(),
        lambda: opened().place(row().text("x"), layer=1.5),
        lambda: opened().place(row().text("x"), tag=5),
        lambda: opened().place(row().text("x"), when=True),
        lambda: opened().place(row().text("x"), gap=5),
    ],
    "put": [lambda: opened().put(5), lambda: opened().put("x", "y"), lambda: opened().put(clip=5)],
    "edit": [
        lambda: named().edit(),
        lambda: named().edit(5),
        lambda: named().edit("t", "Hello"),
        lambda: named().edit("t", text=5),
        lambda: named().edit("t", animation=5),
        lambda: named().edit("t", scene="x"),
        lambda: named().edit("host", say=5),
    ],
    "map": [
        lambda: named().map(),
        lambda: named().map(wire.Text),
        lambda: named().map("text", 5),
        lambda: named().map(wire.Text, 5),
        lambda: named().map(wire.Text, lambda clip: 5),
        lambda: named().map(wire.Text, lambda clip: clip, tag=5),
    ],
    "remove": [
        lambda: named().remove(),
        lambda: named().remove(5),
        lambda: named().remove("nobody"),
        lambda: named().remove("t", "host"),
        lambda: named().remove("t", scene=7),
    ],
    "clips": [lambda: named().clips(5), lambda: Scene().clips("t")],
    "map_scenes": [
        lambda: named().map_scenes(),
        lambda: named().map_scenes(5),
        lambda: named().map_scenes(lambda scene: None),
    ],
    "find": [lambda: named().find(), lambda: named().find(5), lambda: named().find(None)],
    "pipe": [lambda: opened().pipe(5)],
    "scene": [lambda: Project().scene(Scene()), lambda: Project().scene(when=5), lambda: Project().scene("#fff")],
    "add": [lambda: Project().add(5), lambda: Project().add([Scene()]), lambda: Project().add(scene=Scene())],
    "with_scenes": [
        lambda: Project().with_scenes(),
        lambda: Project().with_scenes(Scene()),
        lambda: Project().with_scenes(5),
        lambda: Project().with_scenes([5]),
    ],
    "variables": [lambda: opened().variables(5)],
    "render": [lambda: opened().render(5), lambda: opened().render({}, {}), lambda: opened().render([("name", "Ann")])],
    "render_all": [lambda: list(opened().render_all(5)), lambda: list(opened().render_all({"name": "Ann"}))],
    "compile": [lambda: opened().compile(5), lambda: opened().compile().render_json(5)],
    "write_jsonl": [
        lambda: opened().compile().write_jsonl(5, "rows.jsonl"),
        lambda: opened().compile().write_jsonl([], 5),
    ],
    "messages": [lambda: opened().messages(5)],
    "translated": [
        lambda: opened().translated(),
        lambda: opened().translated("locale"),
        lambda: opened().translated(5, "de"),
        lambda: opened().translated({}, 5),
        lambda: opened().translated({}, "german!"),
        lambda: opened().translated({"Hi": 5}, "de"),
    ],
    "resolve": [lambda: opened().resolve("1.6"), lambda: opened().resolve(api=5)],
    "to_dict": [lambda: opened().to_dict("1.6"), lambda: opened().to_dict(api="2")],
    "to_json": [
        lambda: opened().to_json("x"),
        lambda: opened().to_json(-1),
        lambda: opened().to_json(2, "1.6"),
        lambda: opened().to_json(api=[]),
    ],
    "save": [lambda: opened().save(), lambda: opened().save(5)],
    "to_python": [lambda: opened().to_python(5)],
    "estimates": [lambda: opened().estimates(5)],
    "check": [
        lambda: opened().check("unsafe-area"),
        lambda: opened().check(ignore=5),
        lambda: opened().check(ignore=[5]),
        lambda: opened().check(ignore="unsafe"),
        lambda: opened().check(original=5),
        lambda: opened().check(original=opened().scene()),
        lambda: opened().check(min_size="18"),
    ],
    "timing": [
        lambda: opened().timing(5),
        lambda: opened().timing(second=5),
        lambda: opened().timing(seconds="5"),
        lambda: opened().timing(silent_seconds=None),
        lambda: opened().timing(video=5),
    ],
    "captions": [
        lambda: opened().captions("ass"),
        lambda: opened().captions(5),
        lambda: opened().captions([]),
        lambda: opened().captions(seconds=float("inf")),
        lambda: opened().captions("srt", 5),
    ],
    "svg": [
        lambda: opened().svg("x"),
        lambda: opened().svg(media=5),
        lambda: opened().image(URL, natural=(1, 1)).svg(media={URL: 5}),
        lambda: opened().svg(0, {}),
    ],
    "png": [
        lambda: opened().png("x"),
        lambda: opened().png(media=5),
        lambda: opened().png(width="wide"),
        lambda: opened().png(width=0),
        lambda: opened().png(0, {}),
    ],
    "storyboard": [lambda: opened().storyboard(), lambda: opened().storyboard(5)],
    "load": [lambda: Project.load(), lambda: Project.load(5), lambda: Project.load("a.json", True)],
    "Project": [lambda: Project("a", "b"), lambda: Project(5), lambda: Project(scene=Scene()), lambda: Project(api=5)],
    "avatars": [lambda: Project(avatars=5), lambda: Project(avatars={"ko": "M1"}), lambda: Project(avatars={5: None})],
    "themes": [lambda: Project(themes=5), lambda: Project(themes={"ko": {}}), lambda: Project(themes={"": None})],
    "Catalogue": [
        lambda: Catalogue.read(5),
        lambda: Catalogue.read("no.po", locale=5),
        lambda: Catalogue("de", ()).write(),
        lambda: Catalogue.of(5),
        lambda: Catalogue.of(opened(), "deutsch"),
        lambda: Catalogue("de", ()).updated(5),
        lambda: Catalogue("de", ()).review("video.py"),
        lambda: Catalogue(5, ()),
    ],
    "Scene": [lambda: Scene("#fff"), lambda: Scene(background=5), lambda: Scene(each=5), lambda: Scene(extra=5)],
    "diff": [lambda: diff(5, 6)],
    "Avatar": [lambda: Avatar(5, "B"), lambda: Avatar.from_model(5)],
    "Catalog": [
        lambda: Catalog(5),
        lambda: Catalog([5]),
        lambda: Catalog().find(5),
        lambda: Catalog().learn(5),
        lambda: Catalog.load(5),
        lambda: Catalog().save(5),
        lambda: Catalog().save("."),
    ],
}
CALLS = [pytest.param(call, id=f"{name}-{at}") for name, calls in MISUSES.items() for at, call in enumerate(calls)]


@pytest.mark.parametrize("call", CALLS)
def test_a_misuse_is_an_error_of_this_package(call):
    with pytest.raises(DslError) as found:
        call()
    assert found.value.path or found.value.hint or "must be" in found.value.message


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (MISUSES["text"][1], "takes 1 positional argument, not 2", "give the others by name, such as font_size=..."),
        (MISUSES["scene"][0], "takes no positional arguments, not 1", "add(scene) adds a Scene"),
        (MISUSES["with_scenes"][1], "takes a list of scenes, not Scene", "such as with_scenes([scene])"),
        (MISUSES["map"][1], "the argument 'fn' is missing", "give it, as in map(clip_class, fn)"),
        (MISUSES["audio"][0], "the argument 'label' is missing", "give label=..."),
        (MISUSES["avatar"][2], "the argument 'avatar' is given by name", "give avatar by position, without a name"),
        (MISUSES["text"][2], "the argument 'text' is given twice", "give it once"),
        (MISUSES["variables"][0], "takes no positional arguments, not 1", "leave them out"),
        (lambda: row(width="50%"), "unknown argument 'width'", "only place takes 'width'"),
        (lambda: grid(), "the argument 'columns' is missing", "give it, as in grid(columns, gap, align, padding)"),  # type: ignore[call-arg]
        (lambda: below("t", gpa=3), "unknown argument 'gpa'", "did you mean 'gap'?"),  # type: ignore[call-arg]
        (lambda: around("t", pad=3), "unknown argument 'pad'", "did you mean 'padding'?"),  # type: ignore[call-arg]
        (lambda: column(gap="5%"), "gap is '5%'", "give a number of px from 0 up"),  # type: ignore[arg-type]
        (
            lambda: opened().place(row().text("x"), tag="card").edit("card", text="y"),
            "'card' is the tag of a group, which is not a clip",
            "give the tag of a clip in it",
        ),
        (lambda: named().say("x", by="t"), "no avatar has the tag or id 't'", "known are: host"),
        (
            lambda: opened().video(URL).resolve(),
            "its size is not known",
            "give natural=(w, h), or both width= and height=",
        ),
        (lambda: named().edit("t", left=4), "left is computed from the arguments of the verb", IN_AN_EDIT),
        (lambda: named().map(wire.Text, lambda clip: evolve(clip, width=4)), "width is computed", IN_AN_EDIT),
    ],
)
def test_the_hint_of_a_misuse_says_how_to_call(call, message, hint):
    with pytest.raises(DslError) as found:
        call()
    assert message in found.value.message
    assert found.value.hint == hint


def public(value):
    return {name for name in dir(value) if not name.startswith("_")}


def test_the_table_has_every_verb_and_end():
    settings = {attribute.alias for attribute in fields(Project)} | {"backdrop", "scenes"}
    assert public(Project()) - settings - set(MISUSES) == set()


def words(text):
    return set(text.split())


VERBS = words("audio avatar background clips edit find image map pipe place put remove say shape text video")
FIELDS = words("backdrop each extra key_order watermark when")
PROJECT_FIELDS = words(
    "api catalog dictionary environment extra fonts key_order name orientation resolution scenes theme"
)
PROJECT_FIELDS |= {"avatars", "locale", "themes", "webhook_url", "workspace_id"}
PROJECT_VERBS = {"add", "load", "map_scenes", "scene", "with_scenes"}
ENDS = words("captions check compile estimates messages png render render_all resolve save storyboard svg timing")
ENDS |= {"to_dict", "to_json", "to_python", "translated", "variables"}


def test_an_editor_completes_to_settings_verbs_and_ends_and_nothing_else():
    assert public(Scene()) == VERBS | FIELDS
    assert public(Project().scene()) == VERBS | PROJECT_VERBS | ENDS | PROJECT_FIELDS


def test_one_code_to_ignore_needs_no_list():
    project = opened().text("Hello", at=(0, 0))
    assert [finding.code for finding in project.check()] == ["unsafe-area"]
    assert project.check(ignore="unsafe-area") == project.check(ignore=["unsafe-area"]) == []


@pytest.mark.parametrize("given", ["fade-in", ("fade-in", 1, 0), ["fade-in", 1, 0]])
def test_edit_takes_an_animation_in_every_form_of_the_verbs(given):
    project = opened().text("Hi", tag="t")
    expected = opened().text("Hi", tag="t", animation="fade-in").to_json()
    assert project.edit("t", animation=given).to_json() == expected
    loaded = Project.load(project.to_dict()).edit("t", animation=given).find("t")
    assert loaded.animation == wire.Animation(type="fade-in", duration=1, delay=0)


def test_map_on_a_project_changes_every_scene():
    project = opened().text("a").scene().text("b").map(wire.Text, lambda clip: evolve(clip, text=clip.text.upper()))
    assert [clip.text for scene in project.resolve().scenes for clip in scene.clips] == ["A", "B"]


def public_calls(name, found):
    """A public function; or a class, if its docstring lists arguments, and its own public methods."""
    if not inspect.isclass(found):
        yield name, found
        return
    listed = "\nArgs:\n" in (inspect.getdoc(found) or "")
    yield from [(name, found)] if listed else []
    for method, value in inspect.getmembers(found, lambda value: inspect.isfunction(value) or inspect.ismethod(value)):
        if not method.startswith("_") and value.__module__.startswith("aistudios_dsl"):
            yield f"{name}.{method}", value


EXPORTS = [
    (f"{module.__name__}.{name}", getattr(module, name))
    for module in (aistudios_dsl, aistudios_dsl.service)
    for name in module.__all__
]
PUBLIC_CALLS = [call for name, found in EXPORTS if not inspect.ismodule(found) for call in public_calls(name, found)]
INTERNAL = {attribute.alias for cls in (Project, Scene) for attribute in fields(cls) if attribute.name.startswith("_")}
INTERNAL |= {"scenes"}


@pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in PUBLIC_CALLS])
def test_a_public_call_documents_each_of_its_arguments(call):
    text = inspect.getdoc(call)
    names = inspect.signature(inspect.unwrap(call)).parameters.keys() - {"self", "cls"}
    names -= INTERNAL if inspect.isclass(call) else set()
    assert [name for name in sorted(names) if f"\n    {name}: " not in text] == []


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("lamp.json", Project.load),
        ("lamp.json", Catalog.load),
        ("lamp.toml", Theme.load),
        ("lamp.csv", lambda path: list(read_rows(path))),
        ("lamp.jsonl", lambda path: aistudios_dsl.service.Outbox(path.parent / "outbox").add(path)),
        ("lamp.jsonl", lambda path: list(_lines(path, ()))),
    ],
)
def test_what_reads_a_file_names_the_nearest_one_for_a_missing_one(tmp_path, name, reads):
    (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(LoadError) as caught:
        reads(tmp_path / name.replace("lamp", "lmap"))
    assert caught.value.hint == f"did you mean {name!r}?"
