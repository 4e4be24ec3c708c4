"""The verbs of Scene and Project. Each is written once, and returns a new value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from inspect import unwrap
from os import PathLike
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, ParamSpec, Self, TypeVar, Unpack, cast

from attrs import evolve

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.keywords import LABELS, arguments_of, checked
from aistudios_dsl.build.placement import Framing, GroupDraft, Margin, Position, Shaded, ShadedText, Sized, Turned
from aistudios_dsl.build.theme import WORDS, switched
from aistudios_dsl.errors import BuildError, did_you_mean, expect, nearest
from aistudios_dsl.layout.sizes import Fit, Length
from aistudios_dsl.wire.node import lacking
from aistudios_dsl.wire.nodes import (
    CLIP_TYPES,
    Align,
    AnyClip,
    Audio,
    AvatarClip,
    Background,
    Clip,
    Image,
    ShapeName,
    Text,
    UnknownClip,
    Video,
)
from aistudios_dsl.wire.nodes import Shape as ShapeClip

if TYPE_CHECKING:
    from aistudios_dsl.build.group import Group
    from aistudios_dsl.build.scene import Scene

C = TypeVar("C", bound=Clip)
P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V", bound=Callable[..., Any])


VERB_OF: dict[type[Clip], str] = {CLIP_TYPES[kind]: name for kind, name in LABELS.items()}
"""The verb that adds the clips of each class."""


def words_of(clip_class: type[Any]) -> tuple[str, ...]:
    """Return the arguments of the verb that adds clips of a class; none for a class that no verb adds."""
    if clip_class not in VERB_OF:
        return ()
    taken = arguments_of(unwrap(getattr(Verbs, VERB_OF[clip_class])))
    return tuple(dict.fromkeys((*taken.positional, *taken.keywords)))


def taken_by_verbs() -> dict[str, tuple[str, ...]]:
    """Return the arguments of each verb that adds a clip."""
    # Read when there is a fault: reading all signatures would double the time of the import.
    return {name: words_of(clip_class) for clip_class, name in VERB_OF.items()}


def verb(method: V) -> V:
    """Return a verb that refuses wrong arguments with `BuildError`, under the clip that it would have added."""

    def refuse(self: Verbs, fault: BuildError, tag: object) -> None:
        def refuse_in(scene: Scene) -> NoReturn:
            raise fault.under(scene._next_label(method.__name__, tag))

        if method.__name__ in LABELS.values():
            self._change(refuse_in)

    return checked(method, others=taken_by_verbs, refuse=refuse)


def names_of(clip: AnyClip) -> tuple[str, ...]:
    """Return the tag and id of a clip, as far as it has them."""
    return tuple(name for name in (clip.tag, clip.id) if name)


def refuse_name(
    name: object, clips: Iterable[AnyClip], kind: str = "clip", groups: Iterable[GroupDraft] = ()
) -> NoReturn:
    """Raise the `BuildError` for a name that no clip has as its tag or id.

    `groups` are those whose tags say where clips stand, and which are no clips.
    """
    clips = tuple(clips)
    if not isinstance(name, str):
        raise BuildError(f"give the tag or id of the {kind}, not {name!r}", hint='such as "headline"')
    if any(group.tag == name for group in groups):
        hint = "give the clips in it a tag= each, and name these"
        raise BuildError(f"{name!r} is the tag of a group, not of a {kind}", hint=hint, code="unknown-tag")
    known = [each for clip in clips for each in names_of(clip)]
    tags = dict.fromkeys(clip.tag for clip in clips if clip.tag)
    hint = did_you_mean(name, known if nearest(name, known) else tags or known) or "give clips a tag= to find them by"
    raise BuildError(f"no {kind} has the tag or id {name!r}", hint=hint, code="unknown-tag")


def _noting_told(method: V) -> V:
    """Return `.text` so that it gets `told`: the fields that its caller gave, which its style does not set."""

    @wraps(method)
    def text(self: Verbs, /, *args: Any, **given: Any) -> Any:
        return method(self, *args, **given, told=frozenset(WORDS[name] for name in given if name in WORDS))

    return cast("V", text)


class Verbs(ABC):
    """The verbs. Each returns a new value, and leaves the one it is called on as it is."""

    __slots__ = ()

    @abstractmethod
    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        """Return the same value with a change to the scene that the verbs apply to."""

    def _change_all(self, change: Callable[[Scene], Scene]) -> Self:
        """Return the same value with a change to each scene."""
        return self._change(change)

    @abstractmethod
    def _clips(self) -> Iterator[AnyClip]:
        """Yield the clips that `find` looks through."""

    @abstractmethod
    def _named(self, name: str) -> AnyClip | None:
        """Return the first of these clips with this tag or id."""

    @abstractmethod
    def _drafted_groups(self) -> Iterable[GroupDraft]:
        """Return the groups that its clips stand in."""

    if not TYPE_CHECKING:  # A checker that saw this would accept every name as a method.

        def __getattr__(self, name: str) -> Any:
            close = nearest(name, [known for known in dir(type(self)) if not known.startswith("_")])
            hint = f": did you mean {close!r}?" if close and not name.startswith("_") else ""
            raise AttributeError(f"{type(self).__name__} has no {name!r}{hint}")

    def _add(self, verb: str, cls: type[Clip], place: Any, own: Mapping[str, Any], **values: Any) -> Self:
        return self._change(lambda scene: scene._plus(verb, cls, place, own, values))

    @verb
    def background(self, value: str | Background | None) -> Self:
        """Replace the background. In a loaded scene that goes for the full-canvas square of a plain colour too.

        Args:
            value: A colour ("#102030", "rgb(…)", "hsl(…)", or a name of the theme), the URL of a picture, a
                `wire.Background`, or None for the blue of the vendor's samples.

        Raises:
            BuildError: The value is none of these.

        >>> from aistudios_dsl import Scene
        >>> Scene().background("#102030").backdrop
        '#102030'
        """
        return self._change(lambda scene: scene._with_background(value))

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
        effects: str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] | None = None,
        voice_only: bool | None = False,
        translate: bool = True,
        **place: Unpack[Sized],
    ) -> Self:
        """Add an avatar and what it says.

        Args:
            avatar: An `Avatar`, or its `ai_name`, which is looked up in the project's catalogue.
            cloth: The id of its outfit. Default its only outfit in the catalogue.
            say: What it says, in plain text; see `say`. Default nothing.
            language: The language it speaks, as a BCP 47 tag such as "en" or "pt-BR". Default that of the avatar.
            framing: How much of it is seen: "head", "bust", "waist" or "full". All but "full" set the height too, so
                that an anchor moves them only across. Default "waist", unless a place or size is given.
            head_at: Where the middle of its head is, (x, y) in px or percent of the canvas. Default none.
            head_height: The height of its head, in px or percent of the canvas height. Default none.
            effects: The name of an effect such as "head-only", a mapping with a `type`, or several; `[]` writes an
                empty list, as the editor does. Default none.
            voice_only: Whether it is heard but not seen, or None to leave it out. Default False.
            translate: Whether other languages say in their own words what it says. Default True.
            place: Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `when`, `each`, `extra`, `key_order`,
                `width`, `height` as `placement.Sized` says. `at=(x, y)` alone means scale 1.

        Raises:
            BuildError: An argument is unknown or has a wrong value. An unknown avatar is found at `resolve`.

        >>> from aistudios_dsl import Scene
        >>> Scene().avatar("M000045058", say="Hello.", tag="host").find("host").type
        'aiModel'
        """
        own = {
            "avatar": (avatar, cloth),
            "language": language,
            "framing": framing,
            "head_at": head_at,
            "head_height": head_height,
            "translate": translate,
        }
        added = self._add("avatar", AvatarClip, place, own, effects=effects, voice_only=voice_only)
        return added if say is None else added.say(say)

    @verb
    def say(self, text: str, *, by: str | None = None, html: bool = False) -> Self:
        """Add a line of speech.

        Args:
            text: The words; blank lines separate paragraphs.
            by: The tag or id of the avatar that says it. Default the avatar added last.
            html: Whether `text` is HTML already, with `<p>` around each paragraph. Default False.

        Raises:
            BuildError: The scene has no avatar, or none named `by`; or a tag in the HTML has no partner.

        >>> from aistudios_dsl import Scene
        >>> Scene().avatar("M000045058").say("One.").say("Two.")
        Scene(1 clip)
        """
        return self._change(lambda scene: scene._spoken(text, by, html))

    @verb
    @_noting_told
    def text(
        self,
        text: str,
        *,
        font_size: int | str = 48,
        min_font_size: int | str = 12,
        color: str = "#ffffff",
        width: Length | None = None,
        fit: tuple[Length, Length] | None = None,
        balance: bool = False,
        align: Align | str = "left",
        bold: bool = False,
        italic: bool = False,
        underline: bool = False,
        font_family: str | None = None,
        background: str | None = None,
        stroke: str | None = None,
        stroke_width: float | None = None,
        style: str | None = None,
        exact: bool | tuple[float, float] = False,
        translate: bool = True,
        **place: Unpack[ShadedText],
    ) -> Self:
        """Add a text, measured as the editor's canvas measures it.

        Args:
            text: The words, with their line breaks.
            font_size: Whole points from 1 up; a point is 4/3 px. Default 48.
            min_font_size: The smallest size in points that `fit` may take. Default 12.
            color: Colour of the letters, as in CSS or a name of the theme. Default "#ffffff".
            width: Where lines wrap, in px or percent of the canvas; with `height`, the box as it is. Default none.
            fit: A box `(width, height)` in px or percent; the largest size from `font_size` down that fits is taken.
            balance: Whether the lines that `width` or `fit` wraps are made about equally long. Default False.
            align: "left", "center" or "right". Default "left".
            bold: Whether the letters are bold. Default False.
            italic: Whether they are italic. Default False.
            underline: Whether they are underlined. Default False.
            font_family: Name of the font; the size of any but "Noto Sans CJK" is an estimate, unless the project has
                `Fonts` with it. Default that of the theme, else "Noto Sans CJK".
            background: Colour of the box. Default none.
            stroke: Colour of the outline of the letters. Default none.
            stroke_width: Width of that outline in px, from 0 up. Default 0.
            style: The name of a `TextStyle` of the project's theme, for what is not given here. Default none.
            exact: Whether the measured width is written to the last digit, as the editor does, and not rounded up to
                0.01 px; or the box `(width, height)` that the editor measured, for words that measure that. Default
                False.
            translate: Whether other languages say it in their own words. Default True.
            place: Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `when`, `each`, `extra`, `key_order`,
                `height`, `angle`, `animation`, `shadow` as `placement.ShadedText` says.

        Raises:
            BuildError: An argument is unknown or has a wrong value. Words that do not fit are found at `resolve`.

        >>> from aistudios_dsl import Scene
        >>> Scene().text("Hello", color="#000000", tag="title").find("title").fill
        '#000000'
        """
        return self._add(
            "text",
            Text,
            place,
            {
                "width": width,
                "fit": fit,
                "min_font_size": min_font_size,
                "balance": balance,
                "exact": exact,
                "style": style,
                "translate": translate,
            },
            text=text,
            fill=color,
            font_size=font_size,
            font_family=font_family or "Noto Sans CJK",
            align=align,
            background_color=background or "",
            stroke=stroke or "",
            stroke_width=0 if stroke_width is None else stroke_width,
            font_weight=switched(bold, "bold", 700, "text()"),
            font_style=switched(italic, "italic", "italic", "text()"),
            underline=underline,
        )

    @verb
    def image(
        self,
        url: str,
        *,
        natural: tuple[float, float] | None = None,
        file: str | bytes | PathLike[str] | None = None,
        fit: Fit | None = None,
        **place: Unpack[Turned],
    ) -> Self:
        """Add a picture.

        Args:
            url: Its public URL.
            natural: Its size `(width, height)` in px. Default read from `file`.
            file: A copy of the picture, as a path or bytes, from which its size is read. Default none.
            fit: How it fills `width` x `height`: "contain", "cover" or "stretch". Default as `width` and `height` say.
            place: Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `when`, `each`, `extra`, `key_order`,
                `width`, `height`, `angle`, `animation` as `placement.Turned` says.

        Raises:
            BuildError: An argument is unknown or has a wrong value. A size that is not known is found at `resolve`.

        >>> from aistudios_dsl import Scene
        >>> Scene().image("https://x.example/a.png", natural=(800, 600), tag="lamp").find("lamp").source_url
        'https://x.example/a.png'
        """
        return self._add("image", Image, place, {"natural": natural, "file": file, "fit": fit}, source_url=url)

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
        """Add a video.

        Args:
            url: Its public URL.
            poster: The URL of a picture that stands for it in the editor. Default none.
            natural: Its size `(width, height)` in px. Default not known: give `width` and `height`.
            fit: How it fills `width` x `height`: "contain", "cover" or "stretch". Default as `width` and `height` say.
            volume: 1 to 100 percent, or None to leave it out. Default 100.
            place: Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `when`, `each`, `extra`, `key_order`,
                `width`, `height` as `placement.Sized` says.

        Raises:
            BuildError: An argument is unknown or has a wrong value. A size that is not known is found at `resolve`.

        >>> from aistudios_dsl import Scene
        >>> Scene().video("https://x.example/a.mp4", width=640, height=360, tag="film").find("film").volume
        100
        """
        own = {"natural": natural, "fit": fit}
        return self._add("video", Video, place, own, video_url=url, source_url=poster, volume=volume)

    @verb
    def audio(
        self,
        url: str,
        *,
        label: str,
        volume: float | None = 100,
        layer: int | None = None,
        id: str | None = None,
        when: str | None = None,
        each: str | None = None,
        extra: Mapping[str, Any] | None = None,
        key_order: str | None = None,
        translate: bool = True,
    ) -> Self:
        """Add a sound. It is not seen, so it takes no place.

        Args:
            url: Its public URL.
            label: The name that the editor shows.
            volume: 1 to 100 percent, or None to leave it out. Default 100.
            layer: A whole number. Default one more than the highest so far.
            id: The id on the wire. Default one that follows from the clip's number.
            when: A Jinja expression; the sound is left out of the rows where it is false. Default None, always in.
            each: "item in items": the sound is repeated for each item. Default None, once.
            extra: Further keys of the clip in the JSON, as `placement.Placed` says. Default none.
            key_order: Keys of the JSON, in the order in which they follow each other. Default the vendor's.
            translate: Whether its label is in the words of each language. Default True.

        Raises:
            BuildError: An argument is unknown or has a wrong value.

        >>> from aistudios_dsl import Scene
        >>> Scene().audio("https://x.example/a.mp3", label="Music", id="music").find("music").label
        'Music'
        """
        place = {"layer": layer, "id": id, "when": when, "each": each, "extra": extra, "key_order": key_order}
        return self._add("audio", Audio, place, {"translate": translate}, source_url=url, label=label, volume=volume)

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
        """Add one of the editor's 17 shapes. `width` alone makes it as high as wide, and `height` alone likewise.

        Args:
            name: Its name, such as "Circle", "Square" or "Star".
            fill: Its colour, as in CSS or a name of the theme.
            stroke: Colour of its outline, likewise. Default none.
            stroke_width: Width of the outline in whole px, from 0 up. Default 0.
            stroke_radius: Radius of its corners in whole px, from 0 up. Default 0.
            place: Takes `at`, `margin`, `scale`, `layer`, `id`, `tag`, `opacity`, `when`, `each`, `extra`, `key_order`,
                `width`, `height`, `angle`, `animation`, `shadow` as `placement.Shaded` says.

        Raises:
            BuildError: An argument is unknown or has a wrong value. A missing size is found at `resolve`.

        >>> from aistudios_dsl import Scene
        >>> Scene().shape("Circle", fill="#ff0000", width=200, tag="dot").find("dot").shape_name
        'Circle'
        """
        return self._add(
            "shape",
            ShapeClip,
            place,
            {},
            shape_name=name,
            fill=fill,
            stroke=stroke or "",
            stroke_width=0 if stroke_width is None else stroke_width,
            stroke_radius=0 if stroke_radius is None else stroke_radius,
        )

    @verb
    def place(
        self,
        group: Group,
        *,
        at: Position | None = None,
        margin: Margin = 0,
        width: Length | None = None,
        layer: int | None = None,
        tag: str | None = None,
        when: str | None = None,
        each: str | None = None,
    ) -> Self:
        """Add the clips of a group, laid out in it and placed as one.

        Args:
            group: What `row`, `column` or `grid` and their verbs return.
            at: An anchor, `(x, y)`, or beside or inside another clip, as a clip takes it. Default "center". A group in
                a group takes none.
            margin: Distance from the edges that the anchor names, px or percent, or a pair (across, down). Default 0.
            width: The group's width, padding included, in px or percent of the canvas, in a group of that group's
                room. Percentages of width inside run along it, and texts wrap in it. Default as wide as its clips.
            layer: The layer of its first clip; the others follow one by one. Default one more than the highest so far.
            tag: A name that other clips are placed by, unique in the scene. Default none.
            when: A Jinja expression; the group is left out of the rows where it is false. Default None, always in.
            each: "item in items": the group is repeated for each item, with `loop.index` and its like. Default once.

        Raises:
            BuildError: An argument is unknown or has a wrong value.

        >>> from aistudios_dsl import Scene, column
        >>> Scene().place(column(gap=12).text("Title").text("Subtitle"), at="bottom left", margin=80)
        Scene(2 clips)
        """
        from aistudios_dsl.build.group import Group

        expect(group, Group, "place takes a group", "such as place(column().text(...)); add(scene) adds a Scene")
        draft = GroupDraft(group._flow, at, margin, width, layer, tag, when, each)
        return self._place(group, draft)

    def _place(self, group: Group, draft: GroupDraft) -> Self:
        return self._change(lambda scene: scene._grouped(group._inner, draft))

    @verb
    def put(self, *clips: AnyClip) -> Self:
        """Add wire clips as they are, with their ids, layers and numbers: for what no other verb writes.

        Args:
            clips: Clips such as `wire.Image(...)`, with every field that their class requires.

        Raises:
            BuildError: One is not a wire clip, or lacks a required field.

        >>> from aistudios_dsl import Scene, wire
        >>> dot = wire.Shape(id="dot", layer=9, left=0, top=0, width=9, height=9, shape_name="Circle", fill="#fff")
        >>> Scene().put(dot).find("dot").layer
        9
        """
        for clip in clips:
            expect(clip, Clip | UnknownClip, "put takes wire clips", "such as wire.Image(...)")
            for name in lacking(clip):
                hint = "a clip put as it is needs every field that its class requires"
                raise BuildError(f"{name} is missing", f"put({type(clip).__name__})", hint)
        return self._change(lambda scene: evolve(scene, items=(*scene._items, *clips)))

    @verb
    def edit(self, tag_or_id: str, /, **changes: Any) -> Self:
        """Change a clip, in the words of the verb that adds such a clip; docs/editing.md says what stays as it was.

        Args:
            tag_or_id: The tag or id of the clip.
            changes: Arguments of that verb in its meaning, such as `color`, `at`, `width` or `animation="fade-in"`;
                and names of fields on the wire that no argument sets, such as `lock_rotation`. A size replaces
                the size before it: `width` alone keeps the ratio. `say` is all that an avatar says in the scene from
                now on, or None. `extra` is added to the further keys that are there.

        Raises:
            BuildError: The tag or a name is unknown, or a value is wrong.

        >>> from aistudios_dsl import Scene
        >>> Scene().text("Hi", tag="t").edit("t", text="Hello", color="red").find("t").text
        'Hello'
        """
        return self._edit(tag_or_id, dict(changes))

    def _edit(self, tag_or_id: str, changes: dict[str, Any]) -> Self:
        return self._change(lambda scene: scene._edited(tag_or_id, changes))

    @verb
    def map(self, clip_class: type[C], fn: Callable[[C], C], *, tag: str | None = None) -> Self:
        """Replace each clip of a class by what a function returns for it; on a project, in every scene.

        Args:
            clip_class: A wire class, such as `wire.Text`.
            fn: A function from a clip to the clip that takes its place.
            tag: Only the clips with this tag. Default all.

        Raises:
            BuildError: An argument has a wrong type, or the function returns a clip with a wrong value.

        >>> from attrs import evolve
        >>> from aistudios_dsl import Scene, wire
        >>> scene = Scene().text("Hi", tag="t").map(wire.Text, lambda clip: evolve(clip, text=clip.text.upper()))
        >>> scene.find("t").text
        'HI'
        """
        return self._change_all(lambda scene: scene._mapped(clip_class, fn, tag))

    @verb
    def find(self, tag_or_id: str) -> AnyClip:
        """Return a clip by its tag or id; on a project, from the last scene that has it.

        Args:
            tag_or_id: The tag or id of the clip.

        Raises:
            BuildError: No clip has it.

        >>> from aistudios_dsl import Scene
        >>> Scene().text("Hi", tag="t").find("t").text
        'Hi'
        """
        clip = self._named(tag_or_id) if isinstance(tag_or_id, str) else None
        return clip or refuse_name(tag_or_id, self._clips(), groups=self._drafted_groups())

    def pipe(self, fn: Callable[Concatenate[Self, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return `fn(self, ...)`: a function of yours as a step of the chain.

        Args:
            fn: The function; it gets this value first.
            args: Its further arguments.
            kwargs: Its keyword arguments.

        >>> from aistudios_dsl import Scene
        >>> Scene().pipe(lambda scene, words: scene.text(words), "Hi")
        Scene(1 clip)
        """
        expect(fn, Callable, "pipe takes a function", "such as pipe(with_logo)")
        return fn(self, *args, **kwargs)
