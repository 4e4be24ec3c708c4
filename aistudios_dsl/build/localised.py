"""What a language changes in a project besides its words: who speaks, the theme, and the side of aligned texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import evolve

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.drafts import Draft, Item, clip_of, label
from aistudios_dsl.build.edit_words import edited
from aistudios_dsl.build.language import ENGLISH, for_locale, runs_right_to_left
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.theme import TextStyle, Theme
from aistudios_dsl.errors import BuildError, did_you_mean, under
from aistudios_dsl.wire.node import as_found, holds_jinja
from aistudios_dsl.wire.nodes import AvatarClip, Text

B = TypeVar("B", bound=BaseProject)
T = TypeVar("T")

_OTHER_SIDE: dict[Any, Any] = {"left": "right", "right": "left"}


def localised(project: B, locale: str) -> B:
    """Return the project with the avatars and the theme that it has for a locale, and with this locale.

    Where that is written the other way, texts are aligned to the other side; where they stand stays.
    """
    own = for_locale(project.themes, locale)
    cast = for_locale(project.avatars, locale)
    theme, scenes = project.theme, project.scenes
    if runs_right_to_left(locale) != runs_right_to_left(project.locale or ENGLISH):
        theme, scenes = _mirrored_theme(theme), tuple(map(_mirrored, scenes))
    scenes = scenes if cast is None else _recast(scenes, cast, locale)
    return evolve(project, locale=locale, theme=own or theme, scenes=scenes)


# avatars


def _recast(scenes: tuple[Scene, ...], cast: Avatar | Mapping[str, Avatar], locale: str) -> tuple[Scene, ...]:
    """Return the scenes with the avatars of a locale, except where a row says who speaks."""
    speakers = [item for scene in scenes for item in scene._items if isinstance(clip_of(item), AvatarClip)]
    if isinstance(cast, Avatar):
        named = {who for item in speakers if (who := _who(item))}
        if len(named) > 1:
            hint = f'name each by its tag: avatars={{"{locale}": {{"host": Avatar(...), "guest": Avatar(...)}}}}'
            raise BuildError(f"avatars[{locale!r}] is one avatar, but the project has {len(named)}", hint=hint)
    else:
        tags = {clip_of(item).tag or "" for item in speakers}
        for tag in cast:
            if tag not in tags:
                raise BuildError(f"avatars[{locale!r}]: no avatar has the tag {tag!r}", hint=did_you_mean(tag, tags))
    return tuple(
        evolve(
            scene,
            items=tuple(
                _spoken_by(item, cast, locale, f"scenes[{n}].{label(i, clip_of(item))}")
                for i, item in enumerate(scene._items)
            ),
        )
        for n, scene in enumerate(scenes)
    )


def _who(item: Item) -> tuple[str, str | None] | None:
    """Return the ids of an avatar; None where they wait for a row."""
    clip: Any = clip_of(item)
    named = item.place.avatar if isinstance(item, Draft) else None
    ids = (named.ai_name, named.cloth) if named else (clip.model.ai_name, clip.model.emotion)
    return None if any(map(holds_jinja, ids)) else ids


def _spoken_by(item: Item, cast: Avatar | Mapping[str, Avatar], locale: str, path: str) -> Item:
    clip = clip_of(item)
    if not isinstance(clip, AvatarClip) or _who(item) is None:
        return item
    avatar = cast if isinstance(cast, Avatar) else cast.get(clip.tag or "")
    if avatar is None:
        return item
    with under(path):
        return edited(item, {"avatar": _speaking(avatar, locale.replace("_", "-")), "language": None})


def _speaking(avatar: Avatar, language: str) -> Avatar:
    """Return an avatar that does not say its language with the one that its project gives it."""
    if avatar.language:
        return avatar
    with as_found():
        written = avatar.written and evolve(avatar.written, language=language)
    return evolve(avatar, language=language, written=written)


# texts that run from right to left


def _mirrored_theme(theme: Theme | None) -> Theme | None:
    if theme is None:
        return None
    return evolve(theme, text={name: _mirrored_style(style) for name, style in theme.text.items()})


def _mirrored_style(style: TextStyle) -> TextStyle:
    return evolve(style, align=_OTHER_SIDE.get(style.align, style.align))


def _mirrored(scene: Scene) -> Scene:
    return evolve(scene, items=tuple(map(_mirrored_item, scene._items)))


def _mirrored_item(item: Item) -> Item:
    clip = clip_of(item)
    if not isinstance(clip, Text):
        return item
    with as_found():
        # A text that does not say its side is aligned to the left.
        turned: Any = evolve(clip, align=_OTHER_SIDE.get(clip.align or "left", clip.align))
        return evolve(item, clip=turned) if isinstance(item, Draft) else turned
