"""Avatars: the data of one in an outfit, what follows from it on the wire, and a catalogue of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from attrs import asdict, evolve, field, frozen

from aistudios_dsl.errors import BuildError, DslError, LoadError, did_you_mean
from aistudios_dsl.wire.node import UNSET, Node, Number, shown
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
_LARGEST = 1e9


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@frozen
class Avatar:
    """An avatar in one outfit. Sizes and boxes are px of its original picture; without them it is the minimal model.

    `tight` is the box (left, top, width, height) of the figure, `head` that of its head. `written` is the model as the
    editor wrote it, kept only where it differs from what follows from the rest. Raises `BuildError` on a wrong value.

    >>> Avatar("M000045058", "BG00002320").model().emotion
    'BG00002320'
    """

    ai_name: str
    cloth: str
    language: str | None = None
    name: str = ""
    origin: tuple[Number, Number] | None = field(default=None, converter=_tupled)
    tight: Rectangle | None = field(default=None, converter=_tupled)
    head: Rectangle | None = field(default=None, converter=_tupled)
    scale: Number = 0.3
    adjust_x: Number | None = None
    thumbnail: tuple[Number, Number] = field(default=(384, 240), converter=_tupled)
    picture: tuple[Number, Number] | None = field(default=None, converter=_tupled)
    written: Model | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("ai_name", "cloth", "language", "name"):
            _validate_text(name, getattr(self, name), optional=name == "language")
        for name, count, sizes in _NUMBERS:
            _validate_numbers(name, getattr(self, name), count, sizes)
        for name in ("scale", "adjust_x"):
            _validate_number(name, getattr(self, name), optional=name == "adjust_x")
        written: object = self.written
        if not isinstance(written, Model | None):
            raise BuildError(f"written of an avatar must be a wire.Model, not {type(written).__name__}")

    @property
    def size(self) -> tuple[Number, Number] | None:
        """Natural width and height (px) of the figure; None where the geometry is unknown."""
        return (self.tight[2], self.tight[3]) if self.tight and self.origin else None

    @property
    def head_in_figure(self) -> Rectangle | None:
        """The head's box (px) counted from the figure's left-top corner; None where it is unknown."""
        if not (self.head and self.tight):
            return None
        return self.head[0] - self.tight[0], self.head[1] - self.tight[1], self.head[2], self.head[3]

    def model(self, language: str | None = None) -> Model:
        """The wire's model: all that the documented sample shows to follow from the avatar's own data."""
        if self.written is not None:
            return self.written if language is None else evolve(self.written, language=language)
        spoken = language or self.language or UNSET
        if not (self.origin and self.tight):
            return Model(ai_name=self.ai_name, emotion=self.cloth, language=spoken)
        return self._whole_model(self.origin, self.tight, spoken)

    def _whole_model(self, origin: tuple[Number, Number], tight: Rectangle, language: str) -> Model:
        code = f"{self.ai_name}_{self.cloth}"
        picture = f"{_CDN}/ai_mov_thm/tight_ai_mov_thm_{code}"
        x, y, width, height = tight
        value = self._editor_value(origin, tight)
        edit_width, edit_height = self.picture or (width, height)
        return Model(
            ai_name=self.ai_name,
            emotion=self.cloth,
            language=language,
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
        # The order of operations is the sample's: its last digits follow from no other.
        space_b = (origin[1] - tight[3]) - tight[1]
        head = self.head or (UNSET, UNSET, UNSET, UNSET)
        return EditorValue(
            head_center_x=head[0],
            head_center_y=head[1],
            head_width=head[2],
            head_height=head[3],
            model_tight_x=tight[0],
            model_tight_y=tight[1],
            model_tight_s=1,
            model_tight_w=tight[2],
            model_tight_h=tight[3],
            model_origin_w=origin[0],
            model_origin_h=origin[1],
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
        """The avatar that an editor-made model describes; `model()` gives that model back exactly."""
        found = cls(model.ai_name, model.emotion, _given(model.language))
        value = model.editor or model.editor_value
        if value and _are_sizes(_geometry(value)[:2], 2) and _are_sizes(_geometry(value)[2:], 4):
            found = _with_geometry(found, model, value)
        return found if _text(found.model()) == _text(model) else evolve(found, written=model)


_NUMBERS = (("origin", 2, 2), ("tight", 4, 2), ("head", 4, 2), ("thumbnail", 2, 0), ("picture", 2, 0))
"""Of the fields that hold several numbers: how many, and how many of the last are sizes that something is seen at."""


def _validate_text(name: str, value: object, optional: bool) -> None:
    if not (isinstance(value, str) or (optional and value is None)):
        raise BuildError(f"{name} of an avatar must be a string, not {shown(value)}")


def _validate_number(name: str, value: object, optional: bool) -> None:
    if not (_is_number(value) or (optional and value is None)):
        raise BuildError(f"{name} of an avatar must be a number, not {shown(value)}")


def _validate_numbers(name: str, value: object, count: int, sizes: int) -> None:
    if value is None and name != "thumbnail":
        return
    if not (isinstance(value, tuple) and _are_sizes(value, count, sizes)):
        words = "(width, height)" if count == 2 else "(left, top, width, height)"
        above = ", the sizes above 0" if sizes else ""
        raise BuildError(f"{name} of an avatar is {value!r}", hint=f"give {words} in px{above}")


def _are_sizes(value: tuple[Any, ...], count: int, sizes: int = 2) -> bool:
    return len(value) == count and all(map(_is_number, value)) and all(size > 0 for size in value[count - sizes :])


def _geometry(value: EditorValue) -> tuple[Number, ...]:
    return (
        value.model_origin_w,
        value.model_origin_h,
        value.model_tight_x,
        value.model_tight_y,
        value.model_tight_w,
        value.model_tight_h,
    )


def _with_geometry(avatar: Avatar, model: Model, value: EditorValue) -> Avatar:
    origin_width, origin_height, *tight = _geometry(value)
    head = (value.head_center_x, value.head_center_y, value.head_width, value.head_height)
    image = model.deploy_image or DeployImage()
    pictures = {
        "thumbnail": (image.themb_width, image.themb_height),
        "picture": (image.edit_width, image.edit_height),
    }
    known: dict[str, Any] = {name: pair for name, pair in pictures.items() if all(map(_is_number, pair))}
    return evolve(
        avatar,
        origin=(origin_width, origin_height),
        tight=(tight[0], tight[1], tight[2], tight[3]),
        head=head if _are_sizes(head, 4) else None,
        scale=value.scale if _is_number(value.scale) else 0.3,
        adjust_x=value.adjust_x if _is_number(value.adjust_x) else None,
        **known,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _given(value: Any) -> Any:
    return None if value is UNSET else value


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
    """Anything that becomes wire nodes, such as a project."""

    def resolve(self) -> Project: ...


@frozen
class Learnt:
    """What one avatar of a project taught a catalogue: `news` is "new", "changed" or "known"."""

    avatar: Avatar
    news: str

    def __str__(self) -> str:
        size = f"{self.avatar.size[0]} x {self.avatar.size[1]} px" if self.avatar.size else "no geometry in the project"
        exact = ", written as the editor had it" if self.avatar.written else ""
        return f"{self.avatar.ai_name} in {self.avatar.cloth}: {self.news}, {size}{exact}"


@frozen
class Catalog:
    """The avatars that can be named by id. A fresh one holds the one avatar whose geometry the vendor documents.

    >>> Catalog().find("M000045058").cloth
    'BG00002320'
    """

    avatars: tuple[Avatar, ...] = (_SAMPLE,)
    learnt: tuple[Learnt, ...] = ()

    def find(self, ai_name: str, cloth: str | None = None) -> Avatar:
        """The avatar of this id, in this outfit or its only one. Raises `BuildError` with the nearest known ones."""
        outfits = [avatar for avatar in self.avatars if avatar.ai_name == ai_name]
        found = [avatar for avatar in outfits if cloth in (None, avatar.cloth)]
        if len(found) == 1:
            return found[0]
        if found:
            raise BuildError(f"avatar {ai_name} has several outfits", hint="name one of: " + _cloths(found))
        raise self._unknown(ai_name, cloth, outfits)

    def _unknown(self, ai_name: str, cloth: str | None, outfits: list[Avatar]) -> BuildError:
        way = "catalog.learn(project) reads one from a project made in the web editor; Avatar(...) takes it as data"
        if outfits:
            return BuildError(
                f"avatar {ai_name} has no outfit {cloth} in the catalogue",
                hint=f"it has {_cloths(outfits)}. Else {way}",
            )
        names = dict.fromkeys(avatar.ai_name for avatar in self.avatars)
        return BuildError(
            f"avatar {ai_name} is not in the catalogue", hint=f"{did_you_mean(ai_name, names)} Else {way}"
        )

    def learn(self, project: Project | Resolvable | Mapping[str, Any]) -> Catalog:
        """A catalogue that also knows the avatars of a project made in the web editor; `learnt` says what it read."""
        lessons = tuple(self._lessons(_wire_project(project)))
        kept = {(avatar.ai_name, avatar.cloth): avatar for avatar in self.avatars}
        kept |= {(lesson.avatar.ai_name, lesson.avatar.cloth): lesson.avatar for lesson in lessons}
        return Catalog(tuple(kept.values()), lessons)

    def _lessons(self, project: Project) -> Iterator[Learnt]:
        known = {(avatar.ai_name, avatar.cloth): avatar for avatar in self.avatars}
        for model in {_text(clip.model): clip.model for clip in _avatar_clips(project)}.values():
            avatar = Avatar.from_model(model)
            before = known.get((avatar.ai_name, avatar.cloth))
            if avatar.size is None and before is not None:
                continue
            known[avatar.ai_name, avatar.cloth] = avatar
            yield Learnt(avatar, "new" if before is None else "known" if before == avatar else "changed")

    @classmethod
    def load(cls, path: str | Path) -> Catalog:
        """The catalogue that `save` wrote. Raises `LoadError` when the file is no catalogue."""
        from pathlib import Path

        from aistudios_dsl.wire.jsontext import parse

        try:
            document = parse(Path(path).read_bytes(), str(path))
        except OSError as fault:
            raise LoadError(f"cannot read {path}: {fault.strerror}", hint="catalog.save(path) writes one") from None
        entries = document.get("avatars") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise LoadError(f"{path} is no catalogue of avatars", hint='it needs {"avatars": [...]}')
        return cls(tuple(_read_avatar(entry, f"avatars[{index}]") for index, entry in enumerate(entries)))

    def save(self, path: str | Path) -> Path:
        """Write the catalogue as JSON, for `load`."""
        from pathlib import Path

        from aistudios_dsl.wire.codec import dump
        from aistudios_dsl.wire.jsontext import canonical

        entries = [
            asdict(avatar, recurse=False) | ({"written": dump(avatar.written)} if avatar.written else {})
            for avatar in self.avatars
        ]
        Path(path).write_text(canonical({"avatars": entries}, indent=2) + "\n", encoding="utf-8")
        return Path(path)


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
    if not isinstance(project, Project) and not hasattr(project, "resolve"):
        hint = "Project.load(path or JSON text) reads one"
        raise BuildError(f"a catalogue learns from a project, not {type(project).__name__}", hint=hint)
    return project if isinstance(project, Project) else project.resolve()


def _avatar_clips(project: Project) -> Iterator[AvatarClip]:
    return (clip for scene in project.scenes for clip in scene.clips if isinstance(clip, AvatarClip))


def _read_avatar(entry: Any, path: str) -> Avatar:
    from aistudios_dsl.wire.codec import load_node

    try:
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        if values.get("written") is not None:
            values["written"] = load_node(Model, values["written"])
        return Avatar(**values)
    except (TypeError, AttributeError) as fault:
        raise LoadError(f"is no avatar: {fault}", path) from None
    except DslError as fault:
        raise LoadError(fault.message, fault.path, fault.hint).under(path) from None
