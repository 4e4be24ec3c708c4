"""Avatars: the data of one in its outfit, its model on the wire, and the catalogue of those known by id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from itertools import chain
from os import PathLike
from types import UnionType
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from attrs import asdict, evolve, field, frozen

from aistudios_dsl.errors import BuildError, DslError, LoadError, did_you_mean, expect, unreadable
from aistudios_dsl.layout.sizes import LARGEST
from aistudios_dsl.wire.jsontext import own_json
from aistudios_dsl.wire.node import (
    UNSET,
    Node,
    Number,
    fault_of,
    faults,
    holds_jinja,
    keys_by_attribute,
    replaced,
    shown,
)
from aistudios_dsl.wire.nodes import (
    AvatarClip,
    DeployImage,
    DeploySize,
    Editor,
    EditorValue,
    Model,
    Origin,
    Project,
)

if TYPE_CHECKING:
    from pathlib import Path

_CDN = "https://cdn.aistudios.com/ai"
Rectangle = tuple[Number, Number, Number, Number]
_ORIGIN = ("model_origin_w", "model_origin_h")
_TIGHT = ("model_tight_x", "model_tight_y", "model_tight_w", "model_tight_h")
_HEAD = ("head_center_x", "head_center_y", "head_width", "head_height")
"""The fields of an `EditorValue` that an avatar's `origin`, `tight` and `head` are."""


_LANGUAGE = re.compile(
    "[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    "(-[a-wy-z0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)


def is_language(value: str) -> bool:
    """Return whether a string is a language tag as BCP 47 writes them; no longer first part is registered.

    >>> [is_language(tag) for tag in ("en", "zh-Hant-TW", "english", "en_US", "")]
    [True, True, False, False, False]
    """
    return _LANGUAGE.fullmatch(value) is not None


def validate_language(value: Any, name: str = "language", *, literal: bool = False) -> None:
    """Raise `BuildError` for a language that is no BCP 47 tag; Jinja waits for its row unless `literal`."""
    expect(value, str | None, f"{name} must be a string", 'such as "en"')
    if value is None or is_language(value) or (holds_jinja(value) and not literal):
        return
    dashed = value.strip().replace("_", "-")
    hint = f"did you mean {dashed!r}?" if is_language(dashed) else 'such as "en", "ko" or "pt-BR"'
    raise BuildError(f"{name} is {shown(value)}, which is not a BCP 47 tag", hint=hint)


def tupled(value: Any) -> Any:
    """Return a list as a tuple, and anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def _own_extra(extra: Mapping[str, Any] | None) -> Any:
    expect(extra, Mapping | None, "extra of an avatar must be a mapping of keys to JSON")
    return own_json(extra, "extra")


@frozen
class Avatar:
    """An avatar in one outfit.

    Sizes and boxes are px of its original picture. Without them, its `width` and `height` must be given to the verb.

    Args:
        ai_name: Its id, such as "M000045058".
        cloth: The id of the outfit, such as "BG00002320".
        language: The language it speaks, as a BCP 47 tag such as "en" or "pt-BR". Default none.
        name: What people call it. Default "".
        origin: Width and height of the original picture. Default not known.
        tight: The box of the figure: left, top, width, height. Default not known.
        head: The box of its head, likewise. Default not known.
        scale: A number that the editor writes into its model. Default 0.3.
        adjust_x: Likewise. Default none.
        thumbnail: Width and height of its thumbnail. Default (384, 240).
        picture: Width and height of the picture that is cut out. Default those of `tight`.
        written: The model as the editor wrote it, where it does not follow from the rest. Default none.
        extra: Further keys of the model in the JSON. Default none.

    Raises:
        BuildError: A value is wrong.

    >>> Avatar("M000045058", "BG00002320").model().emotion
    'BG00002320'
    """

    ai_name: str
    cloth: str
    language: str | None = None
    name: str = ""
    origin: tuple[Number, Number] | None = field(default=None, converter=tupled)
    tight: Rectangle | None = field(default=None, converter=tupled)
    head: Rectangle | None = field(default=None, converter=tupled)
    scale: Number = 0.3
    adjust_x: Number | None = None
    thumbnail: tuple[Number, Number] = field(default=(384, 240), converter=tupled)
    picture: tuple[Number, Number] | None = field(default=None, converter=tupled)
    written: Model | None = None
    extra: Mapping[str, Any] | None = field(default=None, converter=_own_extra, hash=False)

    def __attrs_post_init__(self) -> None:
        for name, kind, words in _KINDS:
            value = getattr(self, name)
            if not (isinstance(value, kind) if isinstance(kind, type | UnionType) else kind(value)):
                raise BuildError(f"{name} of an avatar must be {words}, not {shown(value)}")
        for name, count, sizes in _NUMBERS:
            value = getattr(self, name)
            missing = value is None and name != "thumbnail"
            if not (missing or (isinstance(value, tuple) and _are_sizes(value, count, sizes))):
                words = "(width, height)" if count == 2 else "(left, top, width, height)"
                hint = f"give {words} in px{', the sizes above 0' if sizes else ''}"
                raise BuildError(f"{name} of an avatar is {value!r}", hint=hint)
        validate_language(self.language)

    @property
    def size(self) -> tuple[Number, Number] | None:
        """Natural width and height (px) of the figure; None where the geometry is not known."""
        return (self.tight[2], self.tight[3]) if self.tight and self.origin else None

    @property
    def head_in_figure(self) -> Rectangle | None:
        """The box of the head (px) from the left-top corner of the figure; None where it is not known."""
        if not (self.head and self.tight):
            return None
        return self.head[0] - self.tight[0], self.head[1] - self.tight[1], self.head[2], self.head[3]

    def model(self, language: str | None = None) -> Model:
        """Return the model on the wire, with all that the documented sample shows to follow from the avatar's data.

        Args:
            language: The language it speaks. Default its own.

        >>> Avatar("M1", "B1", language="en").model()
        Model(ai_name='M1', emotion='B1', language='en')
        """
        if self.written is not None:
            return self.written if language is None else evolve(self.written, language=language)
        if not language or language == self.language:
            return self._own_model
        if fault := fault_of(keys_by_attribute(Model)["language"], language):
            raise fault
        return replaced(self._own_model, language=language)

    @cached_property
    def _own_model(self) -> Model:
        language = self.language or UNSET
        model = Model(ai_name=self.ai_name, emotion=self.cloth, language=language, extra=self.extra or {})
        if self.origin and self.tight:
            model = self._complete(model, self.origin, self.tight)
        nodes: tuple[Node, ...] = (model, model.editor_value) if model.editor_value else (model,)
        for fault in chain.from_iterable(map(faults, nodes)):  # It is kept, so it is judged inside `as_found` too.
            raise fault
        return model

    def _complete(self, model: Model, origin: tuple[Number, Number], tight: Rectangle) -> Model:
        code = f"{self.ai_name}_{self.cloth}"
        picture = f"{_CDN}/ai_mov_thm/tight_ai_mov_thm_{code}"
        x, y, width, height = tight
        value = self._editor_value(origin, tight)
        edit_width, edit_height = self.picture or (width, height)
        return evolve(
            model,
            source_url=f"{picture}.png",
            editor=Editor(**asdict(value, recurse=False), top=y, left=x, height=height, width=width),
            origin=Origin(height=origin[1], width=origin[0]),
            deploy_image=DeployImage(
                themb_src=f"{_CDN}/model-introduce/thumbnails/{code}.png",
                themb_width=self.thumbnail[0],
                themb_height=self.thumbnail[1],
                org_src=f"{picture}_org.png",
                org_width=origin[0],
                org_height=origin[1],
                edit_src=f"{picture}.png",
                edit_width=edit_width,
                edit_height=edit_height,
            ),
            deploy_size=DeploySize(org_width=origin[0], org_height=origin[1], edit_width=width, edit_height=height),
            editor_value=value,
            mask_file=f"{code}H_alpha_INV.mp4",
        )

    def _editor_value(self, origin: tuple[Number, Number], tight: Rectangle) -> EditorValue:
        # The order of operations is that of the sample: another one gives other last digits.
        space_b = (origin[1] - tight[3]) - tight[1]
        geometry: dict[str, Any] = dict(zip((*_ORIGIN, *_TIGHT), (*origin, *tight), strict=True))
        geometry |= dict(zip(_HEAD, self.head, strict=True)) if self.head else {}
        return EditorValue(
            **geometry,
            model_tight_s=1,
            scale=self.scale,
            adjust_x=UNSET if self.adjust_x is None else self.adjust_x,
            adjust_y=(space_b - tight[1]) / (2 * origin[1]),
            space_b=space_b,
            space_t=tight[1],
            space_l=tight[0],
            space_r=origin[0] - tight[0] - tight[2],
        )

    @classmethod
    def from_model(cls, model: Model) -> Avatar:
        """Return the avatar that an editor-made model describes; `model()` gives that model back exactly.

        Args:
            model: The model of a loaded avatar clip.

        Raises:
            BuildError: This is not a `wire.Model`.
        """
        expect(model, Model, "an avatar is read from a wire.Model", "such as project.find(tag).model")
        language: Any = model.language
        # Another string is kept as it was written, in `written`.
        known = isinstance(language, str) and (is_language(language) or holds_jinja(language))
        found = cls(model.ai_name, model.emotion, language if known else None, extra=model.extra or None)
        value = model.editor or model.editor_value
        if value:
            found = _with_geometry(found, model.deploy_image or DeployImage(), value)
        return found if _is_model_of(found, model) else evolve(found, written=model)


def _is_model_of(avatar: Avatar, model: Model) -> bool:
    try:
        return _text(avatar.model()) == _text(model)
    except BuildError:  # Its numbers give others that cannot be written.
        return False


def _is_number(value: object) -> TypeGuard[Number]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


_KINDS: tuple[tuple[str, Any, str], ...] = (
    ("ai_name", str, "a string"),
    ("cloth", str, "a string"),
    ("name", str, "a string"),
    ("scale", _is_number, "a number"),
    ("adjust_x", lambda value: value is None or _is_number(value), "a number"),
    ("written", Model | None, "a wire.Model"),
)
_NUMBERS = (("origin", 2, 2), ("tight", 4, 2), ("head", 4, 2), ("thumbnail", 2, 0), ("picture", 2, 0))
"""How many numbers each of these fields holds, and how many of the last are sizes above 0."""


def _are_sizes(value: tuple[Any, ...], count: int, sizes: int = 2) -> bool:
    return len(value) == count and all(map(_is_number, value)) and all(size > 0 for size in value[count - sizes :])


def _with_geometry(avatar: Avatar, image: DeployImage, value: EditorValue) -> Avatar:
    origin, tight, head = (tuple(getattr(value, name) for name in names) for names in (_ORIGIN, _TIGHT, _HEAD))
    if not (_are_sizes(origin, 2) and _are_sizes(tight, 4)):
        return avatar
    pictures = {
        "thumbnail": (image.themb_width, image.themb_height),
        "picture": (image.edit_width, image.edit_height),
    }
    known: dict[str, Any] = {name: pair for name, pair in pictures.items() if all(map(_is_number, pair))}
    return evolve(
        avatar,
        origin=origin,
        tight=tight,
        head=head if _are_sizes(head, 4) else None,
        scale=value.scale if _is_number(value.scale) else 0.3,
        adjust_x=value.adjust_x if _is_number(value.adjust_x) else None,
        **known,
    )


_SAMPLE = Avatar(
    "M000045058",
    "BG00002320",
    language="en",
    origin=(1374, 2444),
    tight=(367.33333333333337, 168.16666666666669, 679, 2229),
    head=(613.3333333333334, 290, 182, 185),
    adjust_x=-0.016860747210092203,
    picture=(692, 2277),
)


class Resolvable(Protocol):
    """Anything that resolves to wire nodes, such as a project."""

    def resolve(self) -> Project: ...


@frozen
class Learnt:
    """What a catalogue learnt about one avatar: `news` is "new", "changed" or "known"."""

    avatar: Avatar
    news: str

    def __str__(self) -> str:
        size = f"{self.avatar.size[0]} x {self.avatar.size[1]} px" if self.avatar.size else "no geometry in the project"
        exact = ", written as the editor had it" if self.avatar.written else ""
        return f"{self.avatar.ai_name} in {self.avatar.cloth}: {self.news}, {size}{exact}"


@frozen
class Catalog:
    """The avatars that verbs can name by id.

    Args:
        avatars: The avatars. Default the one whose geometry the vendor documents.
        learnt: What the last `learn` found. Default nothing.

    >>> Catalog().find("M000045058").cloth
    'BG00002320'
    """

    avatars: tuple[Avatar, ...] = field(default=(_SAMPLE,), converter=tupled)
    learnt: tuple[Learnt, ...] = ()

    def __attrs_post_init__(self) -> None:
        expect(self.avatars, tuple, "avatars of a catalogue must be a list of Avatar values")
        for avatar in self.avatars:
            expect(avatar, Avatar, "avatars of a catalogue must be Avatar values")

    def find(self, ai_name: str, cloth: str | None = None) -> Avatar:
        """Return an avatar by its ids.

        Args:
            ai_name: Its id.
            cloth: The id of its outfit. Default its only outfit.

        Raises:
            BuildError: The avatar or outfit is unknown, or it has several outfits.
        """
        expect(ai_name, str, "ai_name must be a string", 'such as "M000045058"')
        outfits = [avatar for avatar in self.avatars if avatar.ai_name == ai_name]
        found = [avatar for avatar in outfits if cloth in (None, avatar.cloth)]
        if len(found) == 1:
            return found[0]
        if found:
            raise BuildError(f"avatar {ai_name} has several outfits", hint="name one of: " + _cloths(found))
        raise self._unknown(ai_name, cloth, outfits)

    def _unknown(self, ai_name: str, cloth: str | None, outfits: list[Avatar]) -> BuildError:
        way = "catalog.learn(project) reads one from a project of the web editor, and Avatar(...) takes its data"
        if outfits:
            return BuildError(
                f"avatar {ai_name} has no outfit {cloth} in the catalogue",
                hint=f"it has {_cloths(outfits)} ({way})",
                code="unknown-avatar",
            )
        names = dict.fromkeys(avatar.ai_name for avatar in self.avatars)
        hint = f"{did_you_mean(ai_name, names)} ({way})"
        return BuildError(f"avatar {ai_name} is not in the catalogue", hint=hint, code="unknown-avatar")

    def learn(self, project: Project | Resolvable | Mapping[str, Any]) -> Catalog:
        """Return a catalogue that also knows the avatars of a project made in the web editor.

        Args:
            project: A loaded project, its wire nodes, or its JSON object.

        Returns:
            The new catalogue; its `learnt` says what was read.

        Raises:
            BuildError: This is not a project.
        """
        known = {(avatar.ai_name, avatar.cloth): avatar for avatar in self.avatars}
        clips = (clip for scene in _wire_project(project).scenes for clip in scene.clips)
        models = {_text(clip.model): clip.model for clip in clips if isinstance(clip, AvatarClip)}
        learnt = []
        for model in models.values():
            avatar = Avatar.from_model(model)
            key = avatar.ai_name, avatar.cloth
            before = known.get(key)
            if avatar.size is None and before is not None:
                continue
            known[key] = avatar
            learnt.append(Learnt(avatar, "new" if before is None else "known" if before == avatar else "changed"))
        return Catalog(tuple(known.values()), tuple(learnt))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Catalog:
        """Return the catalogue that `save` wrote.

        Args:
            path: The file.

        Raises:
            BuildError: This is not a path.
            LoadError: The file cannot be read, or is not a catalogue.
        """
        from pathlib import Path

        from aistudios_dsl.wire.jsontext import parse

        expect(path, str | PathLike, "path must be that of a file", 'such as "avatars.json"')
        try:
            document = parse(Path(path).read_bytes(), str(path))
        except OSError as fault:
            raise unreadable(Path(path), fault, "catalog.save(path) writes one") from None
        entries = document.get("avatars") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise LoadError(f"{path} is not a catalogue of avatars", hint='it needs {"avatars": [...]}')
        return cls(tuple(_read_avatar(entry, f"avatars[{index}]") for index, entry in enumerate(entries)))

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the catalogue as JSON, for `load`, and return the path.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            BuildError: This is not a path.
            DslError: The file cannot be written.
        """
        from pathlib import Path

        from aistudios_dsl.atomic_write import write_text
        from aistudios_dsl.wire.codec import dump
        from aistudios_dsl.wire.jsontext import canonical

        expect(path, str | PathLike, "path must be that of a file", 'such as "avatars.json"')
        entries = [
            asdict(avatar, recurse=False) | ({"written": dump(avatar.written)} if avatar.written else {})
            for avatar in self.avatars
        ]
        return write_text(Path(path), canonical({"avatars": entries}, indent=2) + "\n")


def _cloths(avatars: list[Avatar]) -> str:
    return ", ".join(avatar.cloth for avatar in avatars)


def _text(node: Node) -> str:
    from aistudios_dsl.wire.codec import dump
    from aistudios_dsl.wire.jsontext import canonical

    return canonical(dump(node))


def _wire_project(project: Project | Resolvable | Mapping[str, Any]) -> Project:
    if isinstance(project, Mapping):
        from aistudios_dsl.wire.codec import load, unwrapped

        return load(unwrapped(project))
    if isinstance(project, Project):
        return project
    if not hasattr(project, "resolve"):
        hint = "Project.load(path or JSON text) reads one"
        raise BuildError(f"a catalogue learns from a project, not {type(project).__name__}", hint=hint)
    return project.resolve()


def _read_avatar(entry: Any, path: str) -> Avatar:
    from aistudios_dsl.wire.codec import load_node

    try:
        written = entry.get("written")
        return Avatar(**entry | {"written": None if written is None else load_node(Model, written)})
    except (TypeError, AttributeError) as fault:
        raise LoadError(f"is not an avatar: {fault}", path) from None
    except DslError as fault:
        raise LoadError(fault.message, fault.path, fault.hint).under(path) from None
