"""Scenes and the verbs that fill them. Every verb is written once, copies, and serves `Scene` and `Project` alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, NoReturn, ParamSpec, Self, TypeVar, Unpack, cast

import attrs
from attrs import evolve, field, fields_dict, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.editing import first_replaced, refilled, spoken_html
from aistudios_dsl.build.keywords import hint_for, keywords_of, knows_its_keywords, unknown_of
from aistudios_dsl.build.placement import (
    AvatarId,
    Framing,
    Place,
    Shaded,
    ShadedText,
    Sized,
    Turned,
    validate,
)
from aistudios_dsl.build.speech import speaker_of, unpaired_tag
from aistudios_dsl.errors import BuildError, DslError, LoadError, did_you_mean, nearest
from aistudios_dsl.layout.colour import parse_colour, validate_background
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.sizes import POINT, Fit, Length, plain, rounded_up, unless_same
from aistudios_dsl.wire.jsontext import copied
from aistudios_dsl.wire.node import UNSET, as_found, fault_of, holds_jinja, keys, lacking
from aistudios_dsl.wire.nodes import (
    CLIP_TYPES,
    Align,
    Animation,
    AnyClip,
    Audio,
    AvatarClip,
    Background,
    Clip,
    EditorClip,
    Effect,
    Image,
    SceneScript,
    ShapeName,
    Text,
    UnknownClip,
    Video,
)
from aistudios_dsl.wire.nodes import Scene as WireScene
from aistudios_dsl.wire.nodes import Shape as ShapeClip

C = TypeVar("C", bound=Clip)
P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V", bound=Callable[..., Any])

LABELS: dict[str, str] = {"aiModel": "avatar", "textImage": "text", "videoImage": "video"}
_GEOMETRY = ("left", "top", "width", "height", "scale_x", "scale_y")
_PLACE_NAMES = ("at", "margin", "width", "height", "scale")


@frozen
class Draft:
    """A wire clip whose geometry is still absent, beside what the verb was told about its place and size."""

    clip: Clip
    place: Place
    number: int


@frozen
class Line:
    """A line of speech, by the clip with this number (a draft) or id (a loaded clip)."""

    text: str
    speaker: int | str
    html: bool = False


Item = Draft | AnyClip


def clip_of(item: Item) -> AnyClip:
    """The wire clip of an item, drafted or loaded."""
    return item.clip if isinstance(item, Draft) else item  # type: ignore[return-value]


def label(index: int, clip: AnyClip) -> str:
    """How messages name a clip.

    >>> label(2, Image(id="i", layer=1, left=0, top=0, width=1, height=1, source_url="https://x.y/z.png", tag="logo"))
    "clips[2] (image, tag 'logo')"
    """
    tag = f", tag {clip.tag!r}" if clip.tag else ""
    return f"clips[{index}] ({LABELS.get(clip.type, clip.type)}{tag})"


_VERBS: list[Callable[..., Any]] = []


def _adds_a_clip(method: Callable[..., Any]) -> bool:
    return "layer" in keywords_of(method)


def verb(method: V) -> V:
    """The method, which refuses a keyword that it does not take, with the nearest that it does."""

    @wraps(method)
    def judged(self: Verbs, /, *args: Any, **given: Any) -> Any:
        fault = unknown_of(method, given, filter(_adds_a_clip, _VERBS))
        if fault:
            self._refuse(fault, method, given.get("tag"))
        return method(self, *args, **given)

    _VERBS.append(method)
    return cast("V", judged)


class Verbs(ABC):
    """The verbs. Each returns a new value; the one it is called on stays as it is."""

    __slots__ = ()

    @abstractmethod
    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        """The same value, with the scene the verbs speak to changed."""

    @abstractmethod
    def _clips(self) -> Iterator[AnyClip]:
        """The clips that `find` looks through."""

    if not TYPE_CHECKING:  # A checker that saw this would take every name for a method.

        def __getattr__(self, name: str) -> Any:
            close = nearest(name, [known for known in dir(type(self)) if not known.startswith("_")])
            hint = f": did you mean {close!r}?" if close and not name.startswith("_") else ""
            raise AttributeError(f"{type(self).__name__} has no {name!r}{hint}")

    def _refuse(self, fault: BuildError, verb: Callable[..., Any], tag: str | None) -> NoReturn:
        """Raise the fault under the clip that the verb was to add, else under the verb's own name."""

        def draw() -> Draft:
            raise fault

        if _adds_a_clip(verb):
            self._change(lambda scene: scene._plus(draw, verb.__name__, tag))
        raise fault.under(f"{verb.__name__}()")

    @verb
    def background(self, value: str | Background | None) -> Self:
        """Replace the background: a colour ("#102030", "rgb(…)", "hsl(…)"), a picture's URL, or a `wire.Background`.

        >>> Scene().background("#102030").backdrop
        '#102030'
        """
        return self._change(lambda scene: evolve(scene, background=value))

    @verb
    def avatar(
        self,
        avatar: Avatar | str,
        cloth: str | None = None,
        /,
        *,
        say: str | None = None,
        language: str | None = None,
        framing: Framing | None = None,
        head_at: tuple[Length, Length] | None = None,
        head_height: Length | None = None,
        effects: str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] = (),
        **place: Unpack[Sized],
    ) -> Self:
        """Add an avatar, given as an `Avatar` or by its ids, and what it says.

        `framing` fits it by its head: "waist" (the default), "bust", "head", or "full". `head_at` puts the middle of
        the head there and `head_height` makes the head that tall (px or percent). `at=(x, y)` alone means scale 1.
        The framings by the head set the height too, so an anchor moves them across only. `effects`: a name or a mapping
        with a type, or several.

        Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `width`, `height` as `placement.Sized` says.

        >>> len(list(Scene().avatar("M000045058", say="Hello.")._clips()))
        1
        """
        given = avatar if isinstance(avatar, Avatar) else _avatar_id(avatar, cloth)
        own = {
            "framing": framing,
            "head_at": head_at,
            "head_height": head_height,
            "avatar": given,
            "language": language,
        }

        def draw() -> Draft:
            if isinstance(avatar, Avatar) and cloth is not None:
                raise BuildError("an Avatar has its outfit already", hint="leave the second argument out")
            return _draft(
                AvatarClip,
                place,
                own,
                model=UNSET,
                effects=_effects(effects),
                **_editor_state(),
                head_only=None,
                voice_only=False,
                is_delete=False,
            )

        placed = self._change(lambda scene: scene._plus(draw, "avatar", place.get("tag")))
        return placed if say is None else placed.say(say)

    @verb
    def say(self, text: str, *, by: str | None = None, html: bool = False) -> Self:
        """Add a line of speech, by the avatar with the tag or id `by`, else by the one added last.

        Blank lines part paragraphs. `html=True` takes `text` as ready HTML, to the letter: write the `<p>` around each
        paragraph. Raises `BuildError` before any avatar, for an unknown `by`, and for a tag without its partner.

        >>> len(Scene().avatar("M000045058").say("One.").say("Two.")._lines)
        2
        """
        return self._change(lambda scene: scene._spoken(text, by, html))

    @verb
    def text(
        self,
        text: str,
        *,
        font_size: int | str = 48,
        min_font_size: int | str = 12,
        color: str = "#ffffff",
        width: Length | None = None,
        fit: tuple[Length, Length] | None = None,
        align: Align | str = "left",
        bold: bool = False,
        italic: bool = False,
        underline: bool = False,
        font_family: str | None = None,
        background: str | None = None,
        stroke: str | None = None,
        stroke_width: float | None = None,
        **place: Unpack[ShadedText],
    ) -> Self:
        """Add a text of `font_size` points (a point is 4/3 px), measured as the editor's canvas would.

        `width` (px or percent) wraps it; `fit=(w, h)` takes the largest whole point size from `font_size` down to
        `min_font_size` at which it fits; `width` and `height` together are a box as given. Sizes may be templates.

        Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `height`, `angle`, `animation`, `shadow` as
        `placement.Shaded` says.

        >>> next(Scene().text("Hello", color="#000000")._clips()).fill
        '#000000'
        """
        own = {"width": width, "fit": fit, "min_font_size": min_font_size}

        def draw() -> Draft:
            return _draft(
                Text,
                place,
                own,
                text=text,
                fill=color,
                font_size=font_size,
                font_family=font_family or "Noto Sans CJK",
                align=_absent(align),
                background_color=background or "",
                stroke=stroke or "",
                stroke_width=stroke_width or 0,
                font_weight=700 if bold else "",
                font_style="italic" if italic else "",
                underline=_absent(underline),
            )

        return self._change(lambda scene: scene._plus(draw, "text", place.get("tag")))

    @verb
    def image(
        self,
        url: str,
        *,
        natural: tuple[float, float] | None = None,
        file: Any = None,
        fit: Fit | None = None,
        **place: Unpack[Turned],
    ) -> Self:
        """Add a picture by its public URL. `natural` is its size in px, or read from a copy: `file=` path or bytes.

        `fit` puts it into `width` x `height`: "contain", "cover" or "stretch".

        Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `width`, `height`, `angle`, `animation` as
        `placement.Turned` says.

        >>> next(Scene().image("https://x.example/a.png", natural=(800, 600))._clips()).source_url
        'https://x.example/a.png'
        """

        def draw() -> Draft:
            own = {"natural": _natural(natural, file), "fit": fit}
            return _draft(Image, place, own, source_url=url, **_editor_state())

        return self._change(lambda scene: scene._plus(draw, "image", place.get("tag")))

    @verb
    def video(
        self,
        url: str,
        *,
        poster: str | None = None,
        natural: tuple[float, float] | None = None,
        fit: Fit | None = None,
        volume: float | None = 100,
        **place: Unpack[Sized],
    ) -> Self:
        """Add a video by its public URL, with a poster picture. `natural` is its size in px, `volume` 1 to 100 percent.

        `fit` as in `image`. Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `width`, `height` as
        `placement.Sized` says.

        >>> next(Scene().video("https://x.example/a.mp4", width=640, height=360)._clips()).volume
        100
        """

        def draw() -> Draft:
            return _draft(
                Video,
                place,
                {"natural": natural, "fit": fit},
                video_url=url,
                source_url=_absent(poster),
                volume=_absent(volume),
                **_editor_state(),
            )

        return self._change(lambda scene: scene._plus(draw, "video", place.get("tag")))

    @verb
    def audio(
        self,
        url: str,
        *,
        label: str,
        volume: float | None = 100,
        layer: int | None = None,
        id: str | None = None,
    ) -> Self:
        """Add a sound by its public URL, with the label that the editor shows. `volume` 1 to 100 percent.

        It is not seen, so it has no place: only `layer` and `id`.

        >>> next(Scene().audio("https://x.example/a.mp3", label="Music")._clips()).label
        'Music'
        """
        place = {name: value for name, value in (("layer", layer), ("id", id)) if value is not None}

        def draw() -> Draft:
            return _draft(Audio, place, {}, source_url=url, label=label, volume=_absent(volume))

        return self._change(lambda scene: scene._plus(draw, "audio", None))

    @verb
    def shape(
        self,
        name: ShapeName | str,
        *,
        fill: str,
        stroke: str | None = None,
        stroke_width: int | None = None,
        stroke_radius: int | None = None,
        **place: Unpack[Shaded],
    ) -> Self:
        """Add one of the editor's 17 shapes, `width` x `height` px or percent; one of them makes it as wide as high.

        Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `width`, `height`, `angle`, `animation`,
        `shadow` as `placement.Shaded` says.

        >>> next(Scene().shape("Circle", fill="#ff0000", width=200)._clips()).shape_name
        'Circle'
        """

        def draw() -> Draft:
            return _draft(
                ShapeClip,
                place,
                {},
                shape_name=name,
                fill=fill,
                stroke=stroke or "",
                stroke_width=stroke_width or 0,
                stroke_radius=stroke_radius or 0,
            )

        return self._change(lambda scene: scene._plus(draw, "shape", place.get("tag")))

    def put(self, *clips: AnyClip) -> Self:
        """Add wire clips as they are, ids, layers and numbers included: the escape hatch.

        >>> circle = ShapeClip(id="dot", layer=9, left=0, top=0, width=9, height=9, shape_name="Circle", fill="#fff")
        >>> next(Scene().put(circle)._clips()).id
        'dot'
        """
        for clip in clips:
            if not isinstance(clip, Clip | UnknownClip):
                raise BuildError(f"put takes wire clips, not {type(clip).__name__}", hint="such as wire.Image(...)")
            for name in lacking(clip):
                hint = "a clip put as it is needs every field that its class requires"
                raise BuildError(f"{name} is missing", f"put({type(clip).__name__})", hint)
        return self._change(lambda scene: evolve(scene, items=(*scene._items, *clips)))

    def edit(self, tag_or_id: str, /, **changes: Any) -> Self:
        """Change fields of the clip with this tag or id; `changes` are the wire class's field names.

        A text that was measured is measured again and keeps its aligned edge. Beside the fields, an avatar takes `say=`
        (its new words, in plain text, instead of all it says in the scene; None for silence), an image or video
        `natural=` or `file=`, and `fit=`, as in `image`: the new picture stands about the centre of the old box.
        Raises `BuildError` for an unknown tag or field, with the nearest, and for a value the field does not take.

        >>> next(Scene().text("Hi", tag="t").edit("t", text="Hello")._clips()).text
        'Hello'
        """
        return self._change(lambda scene: scene._edited(tag_or_id, changes))

    @verb
    def map(self, clip_class: type[C], fn: Callable[[C], C], *, tag: str | None = None) -> Self:
        """Replace each clip of a wire class (and tag) by what `fn` makes of it.

        >>> scene = Scene().text("Hi").map(Text, lambda clip: evolve(clip, text=clip.text.upper()))
        >>> next(scene._clips()).text
        'HI'
        """
        return self._change(lambda scene: scene._mapped(clip_class, fn, tag))

    @verb
    def find(self, tag_or_id: str) -> AnyClip:
        """The clip with this tag or id; `BuildError` with the nearest where there is none."""
        clips = list(self._clips())
        for clip in clips:
            if tag_or_id in _names(clip):
                return clip
        raise _no_such_clip(tag_or_id, clips)

    def pipe(self, fn: Callable[Concatenate[Self, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """`fn(self, ...)`: a step of one's own in the middle of a chain.

        >>> Scene().pipe(lambda scene, words: scene.text(words), "Hi").find
        <bound method Verbs.find of Scene(1 clip)>
        """
        return fn(self, *args, **kwargs)


def own_extra(extra: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Further keys, copied so that nothing outside can change them; `BuildError` where they are no JSON object."""
    given: object = extra
    if not isinstance(given, Mapping | None):
        raise BuildError(f"extra must be a mapping of keys to JSON, not {type(given).__name__}")
    try:
        own: Mapping[str, Any] | None = copied(extra, "extra")
        return own
    except LoadError as fault:
        raise BuildError(fault.message, fault.path, fault.hint) from None


@knows_its_keywords("items", "lines", "loaded", "position", "origin")
@frozen(kw_only=True, repr=False)
class Scene(Verbs):
    """One scene: a background and clips, filled by the verbs.

    `background`: a colour, a picture's URL or a `wire.Background`. `watermark`: whether the service shows its own.
    `when`: a Jinja expression that keeps or drops the scene; `each`: "item in items" repeats it. `extra`: further keys.

    >>> Scene(background="#102030").text("Hello")
    Scene(1 clip)
    """

    backdrop: str | Background | None = field(default=None, alias="background")
    watermark: bool = False
    when: str | None = None
    each: str | None = None
    extra: Mapping[str, Any] | None = field(default=None, converter=own_extra)
    _items: tuple[Item, ...] = field(default=(), alias="items")
    _lines: tuple[Line, ...] = field(default=(), alias="lines")
    _loaded: WireScene | None = field(default=None, alias="loaded")
    """The loaded scene that this one came from, for its keys, their order and what no verb speaks of."""
    _position: int | None = field(default=None, alias="position")
    """Of a loaded scene: its number in the document."""
    _origin: tuple[int, int] | None = field(default=None, alias="origin")
    """Of a rendered scene: its number in the template, and its repetition."""
    shown: ClassVar[Callable[[Scene], str]] = repr
    """What draws a scene for a notebook: given by the module of `Project`, without which no scene is resolved."""

    def __attrs_post_init__(self) -> None:
        backdrop: object = self.backdrop
        if not isinstance(backdrop, str | Background | None):
            kind = type(backdrop).__name__
            raise BuildError(f"background must be a colour, a URL or a wire.Background, not {kind}")
        if isinstance(backdrop, str) and not holds_jinja(backdrop):
            validate_background(backdrop)
        validate_watermark(self.watermark)
        for name in ("when", "each"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise BuildError(f"{name} must be a Jinja expression in a string, not {type(value).__name__}")

    @property
    def _is_as_loaded(self) -> bool:
        """Whether all of it is on the wire already: nothing of a script is left to be worked out."""
        drafted = any(isinstance(item, Draft) for item in self._items)
        return self._loaded is not None and not (drafted or self._lines or self.when or self.each)

    def __repr__(self) -> str:
        return f"Scene({len(self._items)} clip{'' if len(self._items) == 1 else 's'})"

    def _repr_html_(self) -> str:
        """The scene as a notebook shows it: on a landscape canvas, with the avatars that everyone knows."""
        return Scene.shown(self)

    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        return change(self)  # type: ignore[return-value]

    def _clips(self) -> Iterator[AnyClip]:
        return (clip_of(item) for item in self._items)

    def _plus(self, draw: Callable[[], Draft], kind: str, tag: str | None) -> Scene:
        try:
            draft = draw()
        except DslError as fault:
            named = f", tag {tag!r}" if tag else ""
            raise fault.under(f"clips[{len(self._items)}] ({kind}{named})") from None
        return evolve(self, items=(*self._items, evolve(draft, number=len(self._items))))

    def _spoken(self, text: str, by: str | None, html: bool) -> Scene:
        if not isinstance(text, str):
            raise BuildError(f"speech must be a string, not {type(text).__name__}", "say")
        if html and not holds_jinja(text) and (tag := unpaired_tag(text)):
            hint = "such as <p>Hello <b>you</b></p>; for plain words leave html=True out"
            raise BuildError(f"html=True takes ready HTML, and {tag} stands without its partner", "say", hint)
        return evolve(self, lines=(*self._lines, Line(text, self._speaker(by), html)))

    def _speaker(self, by: str | None) -> int | str:
        avatars = [item for item in self._items if isinstance(clip_of(item), AvatarClip)]
        if not avatars:
            raise BuildError("speech before any avatar", "say", "add .avatar(...) first")
        if by is None:
            return _speaker_key(avatars[-1])
        for item in avatars:
            if by in _names(clip_of(item)):
                return _speaker_key(item)
        raise _no_such_clip(by, [clip_of(item) for item in avatars])

    def _edited(self, name: str, changes: Mapping[str, Any]) -> Scene:
        for index, item in enumerate(self._items):
            if name in _names(clip_of(item)):
                return self._changed_at(index, dict(changes))
        raise _no_such_clip(name, list(self._clips()))

    def _changed_at(self, index: int, changes: dict[str, Any]) -> Scene:
        clip, scene = clip_of(self._items[index]), self
        try:
            if isinstance(clip, AvatarClip) and "say" in changes:
                scene = scene._said_instead(index, clip, changes.pop("say"))
            if isinstance(clip, Image | Video) and (given := set(_PICTURE) & set(changes)):
                scene = scene._pictured(index, clip, **{name: changes.pop(name) for name in given})
        except DslError as fault:
            raise fault.under(label(index, clip)) from None
        return scene._replaced(index, lambda clip: changed(clip, changes))

    def _said_instead(self, index: int, clip: AvatarClip, text: object) -> Scene:
        """The first thing the avatar says becomes the text and the rest goes; where it said nothing, it speaks last."""
        if not isinstance(text, str | None):
            raise BuildError(f"say must be a string or None, not {type(text).__name__}")
        scene, unsaid = self._said_in_clip(index, clip, text)
        scene, unsaid = scene._said_in_scene(index, unsaid)
        return scene._said_in_lines(_speaker_key(self._items[index]), unsaid)

    def _said_in_clip(self, index: int, clip: AvatarClip, text: str | None) -> tuple[Scene, str | None]:
        if not clip.script:
            return self, text
        with as_found():
            script = UNSET if text is None else evolve(clip.script, org=spoken_html(text))
            return self._with(index, evolve(clip, script=script)), None

    def _said_in_scene(self, index: int, text: str | None) -> tuple[Scene, str | None]:
        clips = list(self._clips())

        def is_old(script: SceneScript) -> bool:
            return speaker_of(script, clips) == index

        old = next(filter(is_old, (self._loaded and self._loaded.scripts) or ()), None)
        if self._loaded is None or old is None:
            return self, text
        with as_found():
            new = None if text is None else evolve(old, org=spoken_html(text))
            scripts = tuple(first_replaced(self._loaded.scripts, is_old, new))
            return evolve(self, loaded=evolve(self._loaded, scripts=scripts)), None

    def _said_in_lines(self, speaker: int | str, text: str | None) -> Scene:
        new = None if text is None else Line(text, speaker)
        lines = tuple(first_replaced(self._lines, lambda line: line.speaker == speaker, new))
        said = any(line.speaker == speaker for line in self._lines)
        return evolve(self, lines=lines if new is None or said else (*lines, new))

    def _pictured(self, index: int, clip: Image | Video, **given: Any) -> Scene:
        item, fit, size = self._items[index], given.get("fit"), _natural(given.get("natural"), given.get("file"))
        validate(Place(natural=size, fit=fit))
        if not isinstance(item, Draft):
            return self._with(index, refilled(clip, size or (clip.width, clip.height), fit or "contain"))
        place = evolve(item.place, natural=size or item.place.natural, fit=fit or item.place.fit)
        return self._with(index, evolve(item, place=place))

    def _with(self, index: int, item: Item) -> Scene:
        return evolve(self, items=(*self._items[:index], item, *self._items[index + 1 :]))

    def _mapped(self, clip_class: type[C], fn: Callable[[C], C], tag: str | None) -> Scene:
        scene = self
        _validate_map(clip_class, fn)
        for index, clip in enumerate(self._clips()):
            if isinstance(clip, clip_class) and tag in (None, clip.tag):
                scene = scene._replaced(index, lambda clip: _made_by(fn, clip))
        return scene

    def _replaced(self, index: int, fn: Callable[[Any], Any]) -> Scene:
        item = self._items[index]
        clip = clip_of(item)
        try:
            new = fn(clip)
            if isinstance(item, Draft):
                _refuse_geometry(clip, new)
        except DslError as fault:
            raise fault.under(label(index, clip)) from None
        if isinstance(item, Draft):
            return self._with(index, evolve(item, clip=new))
        return self._with(index, _renamed(clip, new))._spoken_by(clip.id, new.id)

    def _spoken_by(self, old: str, new: str) -> Scene:
        if old == new:
            return self
        return evolve(self, lines=tuple(evolve(x, speaker=new) if x.speaker == old else x for x in self._lines))


_PICTURE = ("natural", "file", "fit")
"""What `edit` takes for a picture beside the fields of its wire class."""
_OF_CLASS: dict[type[Any], tuple[str, ...]] = {AvatarClip: ("say",), Image: _PICTURE, Video: _PICTURE}


def _fields_to_edit(clip_class: type[Any]) -> tuple[str, ...]:
    return (*(key.attribute for key in keys(clip_class)), *_OF_CLASS.get(clip_class, ()))


def changed(clip: Any, changes: Mapping[str, Any]) -> Any:
    """The clip with some fields changed; only what changes is judged."""
    known = {key.attribute: key for key in keys(type(clip))}
    for name, value in changes.items():
        if name not in known:
            others = {LABELS.get(kind, kind): _fields_to_edit(cls) for kind, cls in CLIP_TYPES.items()}
            hint = hint_for(name, _fields_to_edit(type(clip)), others)
            raise BuildError(f"{LABELS.get(clip.type, clip.type)} has no field {name!r}", hint=hint)
        if value is UNSET and known[name].required and getattr(clip, name) is not UNSET:
            raise BuildError(f"{name} cannot be taken away: every {LABELS.get(clip.type, clip.type)} has one")
        fault = fault_of(known[name], value)
        if fault:
            raise fault
    with as_found():
        return settled(clip, evolve(clip, **changes))


def settled(before: Any, after: Any) -> Any:
    """A loaded text whose words changed is measured again, keeping its aligned edge, where its box was our measure."""
    if not isinstance(before, Text) or _box(before) != _box(after) or _words(before) == _words(after):
        return after
    if not settles(before):
        return after
    width, height = _measured(after)
    share = {"center": 0.5, "right": 1.0}.get(after.align, 0.0) if isinstance(after.align, str) else 0.0
    shift = share * (before.width - width) * (after.scale_x if isinstance(after.scale_x, int | float) else 1)
    corner = Box(after.left, after.top, shift, 0, after.angle or 0).corners[1] if shift else (after.left, after.top)
    box = {"left": corner[0], "top": corner[1], "width": width, "height": height}
    return evolve(after, **{name: unless_same(getattr(after, name), number) for name, number in box.items()})


def settles(clip: Text) -> bool:
    """Whether the text's box is our own measure of its words, so that it goes with them when they change."""
    try:
        return clip.width is not UNSET and _measured(clip) == (clip.width, clip.height)
    except (DslError, OverflowError):
        return False


def _box(clip: Text) -> tuple[Any, ...]:
    return clip.left, clip.top, clip.width, clip.height


def _words(clip: Text) -> tuple[Any, ...]:
    return clip.text, clip.font_size, clip.font_family, clip.font_weight


def _measured(clip: Text) -> tuple[float, float]:
    from aistudios_dsl.layout.text import is_bold, measure

    bold = is_bold(clip.font_weight)
    box = measure(clip.text, clip.font_size * POINT, bold=bold, family=clip.font_family or "Noto Sans CJK")
    return rounded_up(box.width), plain(box.height)


def _made_by(fn: Callable[[C], C], clip: C) -> C:
    with as_found():
        new = fn(clip)
    if not isinstance(new, type(clip)):
        raise BuildError(f"map's function returned {type(new).__name__}, not {type(clip).__name__}")
    fresh = {name: getattr(new, name) for name in fields_dict(type(clip)) if getattr(new, name) != getattr(clip, name)}
    changed(clip, {name: value for name, value in fresh.items() if name not in ("extra", "key_order")})
    with as_found():
        settled_clip: C = settled(clip, new)
    return settled_clip


def _renamed(before: Any, after: Any) -> Any:
    """The clip with its `name` gone along where that was the id, as the editor writes it, and the id is another now."""
    if isinstance(after, EditorClip) and before.id != after.id and after.name == before.name == before.id:
        with as_found():
            return evolve(after, name=after.id)
    return after


def _validate_map(clip_class: Any, fn: object) -> None:
    try:
        isinstance(None, clip_class)
    except TypeError:
        raise BuildError(f"map takes a class of clips, not {clip_class!r}", hint="such as wire.Text") from None
    if not callable(fn):
        raise BuildError(f"map takes a function from clip to clip, not {type(fn).__name__}")


def validate_watermark(watermark: object) -> None:
    """Raise `BuildError` for a watermark that is neither true nor false; one with Jinja waits for its row."""
    fault = fault_of(next(key for key in keys(WireScene) if key.attribute == "watermark"), watermark)
    if fault:
        raise fault


def _refuse_geometry(old: AnyClip, new: AnyClip) -> None:
    for name in _GEOMETRY:
        if getattr(old, name) != getattr(new, name):
            raise BuildError(
                f"{name} is computed from the verb's own arguments", hint="give at=, width=, height=, scale="
            )


def _draft(cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], /, **values: Any) -> Draft:
    given = {name: value for name, value in place.items() if name not in _PLACE_NAMES}
    known = {key.attribute for key in keys(cls)}
    stated = {name: _absent(value) for name, value in (_DEFAULTS | given).items() if name in known}
    stated |= {"animation": _animation(given["animation"])} if "animation" in given else {}
    where = {name: value for name, value in {**place, **own}.items() if name in attrs.fields_dict(Place)}
    geometry: dict[str, Any] = dict.fromkeys(_GEOMETRY, UNSET)
    required = {"id": UNSET, "layer": UNSET}
    draft = Draft(cls(**(required | geometry | values | stated)), Place(**where), 0)
    validate(draft.place)
    validate_colours(draft.clip)
    return draft


def validate_colours(clip: Clip) -> None:
    """Raise `BuildError` for a colour of a drawn clip that no browser reads; those with Jinja wait for their row."""
    names = ("fill", "stroke", "background_color") if isinstance(clip, Text | ShapeClip) else ()
    for name in names:
        validate_colour(name, getattr(clip, name, UNSET))


def validate_colour(name: str, value: Any) -> None:
    """Raise `BuildError` for a value that no browser reads as a colour; only a fill must be given."""
    if (value or name == "fill") and not holds_jinja(value):
        parse_colour(value, name)


_DEFAULTS: dict[str, Any] = {"opacity": 100, "angle": 0}


def _editor_state() -> dict[str, Any]:
    locks = ("movement_x", "movement_y", "rotation", "scaling_x", "scaling_y", "skewing_x", "skewing_y", "uni_scaling")
    return {"lock_scaling_flip": True, "fill": "rgb(0,0,0)"} | {f"lock_{name}": False for name in locks}


def _absent(value: Any) -> Any:
    return UNSET if value is None else value


def _animation(value: Any) -> Animation:
    if value is None:
        return UNSET  # type: ignore[no-any-return]
    if isinstance(value, Animation):
        return value
    kind, *times = (value, 1, 0) if isinstance(value, str) else value if isinstance(value, tuple | list) else (value,)
    if len(times) == 2:
        try:
            return Animation(type=kind, duration=times[0], delay=times[1])
        except BuildError as fault:
            raise BuildError(f"animation {fault.message}", hint=fault.hint) from None
    hint = 'such as "fade-in" or ("fade-in", 1, 0)'
    raise BuildError(f"animation {value!r} is neither a type nor (type, duration, delay)", hint=hint)


def _effects(effects: Any) -> Any:
    if effects is None or isinstance(effects, str | Mapping):
        effects = () if effects is None else (effects,)
    if not isinstance(effects, Iterable):
        raise BuildError(f"effects is {effects!r}", hint='such as "head-only", or several in a list')
    return tuple(_effect(effect) for effect in effects) or UNSET


def _effect(effect: str | Mapping[str, Any]) -> Effect:
    if isinstance(effect, str):
        return Effect(type=effect)
    if not isinstance(effect, Mapping) or "type" not in effect:
        raise BuildError("an effect is a name or a mapping with a type", hint='such as "head-only"')
    return Effect(type=effect["type"], extra={key: value for key, value in effect.items() if key != "type"})


def _natural(natural: tuple[float, float] | None, file: Any) -> tuple[float, float] | None:
    if file is None:
        return natural
    if natural is not None:
        raise BuildError("give natural= or file=, not both")
    if not isinstance(file, str | bytes | PathLike):
        raise BuildError(f"file is {file!r}", hint="file takes the path of a picture, or its bytes")
    from aistudios_dsl.layout.picture import natural_size

    return natural_size(file)


def _avatar_id(ai_name: object, cloth: str | None) -> AvatarId:
    if not isinstance(ai_name, str) or not isinstance(cloth, str | None):
        raise BuildError("avatar takes an Avatar, or an ai_name and a cloth id as strings")
    return AvatarId(ai_name, cloth)


def _names(clip: AnyClip) -> tuple[str, ...]:
    return tuple(name for name in (clip.tag, clip.id) if name)


def _speaker_key(item: Item) -> int | str:
    return item.number if isinstance(item, Draft) else item.id


def _no_such_clip(name: str, clips: Iterable[AnyClip]) -> BuildError:
    known = [each for clip in clips for each in _names(clip)]
    hint = did_you_mean(name, known) or "give clips a tag= to find them by"
    return BuildError(f"no clip has the tag or id {name!r}", hint=hint)
