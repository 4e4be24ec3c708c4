"""Speech: plain text to HTML and back, who says what in a scene, in which writing system, and for how long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property

from attrs import frozen

from aistudios_dsl.wire.nodes import AnyClip, AvatarClip, Scene, SceneScript, Script

_BLANK_LINES = r"\n[ \t]*(?:\n[ \t]*)+"
_LINE_BREAK = r"[ \t]*\n[ \t]*"
_WORDS_A_MINUTE = 150
"""Of narration in English, the rate of audio books."""
_READ_ALOUD = {
    "ar": 138, "de": 179, "en": 228, "es": 218, "fi": 161, "fr": 195, "he": 187, "it": 188,
    "iw": 187, "nl": 202, "pl": 166, "pt": 181, "ru": 184, "sl": 180, "sv": 199, "tr": 166,
}  # fmt: skip
"""Words a minute of adults who read the same texts aloud (Trauzettel-Klosinski, Dietz 2012, doi:10.1167/iovs.11-8284).

Narrators are slower. What is taken from here is how languages differ, because some have longer words than others.
"""
_READ_ALOUD_ON_AVERAGE = 184
"""The mean of the 17 languages of that study."""
_PAUSE = 0.4
LEAST = 0.1
"""Seconds for anything that is said, such as a mere emoji."""
_LONGEST_BREAK = 10
"""Seconds; more than that no speech service keeps."""
_BREAK = re.compile(r"(<break\b[^<>]*>)", re.IGNORECASE)
_BREAK_TIME = re.compile(r"\btime\s*=\s*[\"']?\s*\+?(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)\b", re.IGNORECASE)
_NO_BREAK = re.compile(r"\bstrength\s*=\s*[\"']?(?:none|x-weak)\b", re.IGNORECASE)
_SYSTEMS: dict[str, tuple[str, str]] = {
    "Latin": (
        "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a",
        "af az bs ca cs cy da de en es et eu fi fil fr ga gl hr hu id is"
        " it jv lt lv ms mt nb nl nn no pl pt ro sk sl sq sr su sv sw tl tr uz vi zu",
    ),
    "Greek": ("\u0370-\u03ff\u1f00-\u1fff", "el"),
    "Cyrillic": ("\u0400-\u052f\u1c80-\u1c8f\ua640-\ua69f", "be bg kk ky mk mn ru sr tg uk"),
    "Armenian": ("\u0530-\u058f", "hy"),
    "Hebrew": ("\u0590-\u05ff", "he iw"),
    "Arabic": ("\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc", "ar fa ps ur"),
    "Devanagari": ("\u0900-\u097f", "hi mr ne"),
    "Bengali": ("\u0980-\u09ff", "as bn"),
    "Gurmukhi": ("\u0a00-\u0a7f", "pa"),
    "Gujarati": ("\u0a80-\u0aff", "gu"),
    "Tamil": ("\u0b80-\u0bff", "ta"),
    "Telugu": ("\u0c00-\u0c7f", "te"),
    "Kannada": ("\u0c80-\u0cff", "kn"),
    "Malayalam": ("\u0d00-\u0d7f", "ml"),
    "Sinhala": ("\u0d80-\u0dff", "si"),
    "Thai": ("\u0e00-\u0e7f", "th"),
    "Lao": ("\u0e80-\u0eff", "lo"),
    "Burmese": ("\u1000-\u109f", "my"),
    "Georgian": ("\u10a0-\u10ff", "ka"),
    "Khmer": ("\u1780-\u17ff", "km"),
    "Hangul": ("\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3", "ko"),
    "Kana": ("\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f", "ja"),
    "Han": ("\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af", "ja ko yue zh"),
}
"""Writing systems: their letters as a range of a regular expression, and the codes of languages written so."""

_LETTERS_A_SECOND = {"Han": 250 / 60, "Kana": 350 / 60, "Hangul": 300 / 60}
_LETTERS_A_SECOND |= dict.fromkeys(("Thai", "Lao", "Burmese", "Khmer"), 750 / 60)
"""Of writing without spaces, and of Korean, where a word may be long."""
_WORDS = r"\d|[^\W\d_]+(?:['’\-][^\W\d_]+)*"
_STOPS = r"[.!?…।؟:;](?:\s+|$)|[。！？]|\n\n+"


def paragraphs(text: str) -> str:
    """Return plain text as HTML: blank lines separate paragraphs, other line breaks are spaces, `& < >` are escaped.

    >>> paragraphs("Tom & Ann\\nsay hello.\\n\\nGoodbye.")
    '<p>Tom &amp; Ann say hello.</p><p>Goodbye.</p>'
    """
    if "\n" not in text and "\r" not in text:
        return f"<p>{escaped(text.strip())}</p>"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    parts = (re.sub(_LINE_BREAK, " ", part.strip()) for part in re.split(_BLANK_LINES, lines))
    return "".join(f"<p>{escaped(part)}</p>" for part in parts)


def escaped(text: str) -> str:
    """Return plain text as it stands in a paragraph of HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(org: str) -> str:
    """Return the words of speech on the wire, with a blank line between paragraphs and a line break for each `<br>`.

    >>> plain("<p>Tom &amp; Ann</p><p>say <span>hello</span>.<br>Bye.</p>")
    'Tom & Ann\\n\\nsay hello.\\nBye.'
    """
    from aistudios_dsl.build.spoken_html import Reader

    paragraphs = "".join(Reader.of(org).words).split("\n\n")
    return "\n\n".join(filter(None, map(str.strip, paragraphs)))


def unpaired_tag(html: str) -> str:
    """Return the first tag that is never closed, or never opened; "" where each has its partner or needs none.

    >>> unpaired_tag("<p>Hi <b>you</p>"), unpaired_tag("<p>Hi<br>you</p>"), unpaired_tag("A < B")
    ('</p>', '', '')
    """
    from aistudios_dsl.build.spoken_html import Reader

    found = Reader.of(html)
    return found.unpaired or (f"<{found.opened[-1]}>" if found.opened else "")


@frozen
class Piece:
    """Words up to a `<break>` or the end, and the seconds of silence that the break asks for."""

    words: str
    pause: float = 0.0


@frozen
class Utterance:
    """Words that an avatar says in a scene.

    `who`: its tag, else its ai_name. `speaker`: the index of its clip; None where the scene has no such avatar.
    `language`: its language code; "" where it has none, or another voice speaks. `place`: such as `scripts[0]`.
    """

    who: str
    speaker: int | None
    org: str
    language: str
    place: str

    @cached_property
    def text(self) -> str:
        return plain(self.org)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The words between its breaks."""
        words, *marked = _BREAK.split(self.org)
        pauses = [*map(_pause_of, marked[::2]), 0.0]
        return tuple(map(Piece, map(plain, (words, *marked[1::2])), pauses))

    @cached_property
    def seconds(self) -> float:
        """How long they are estimated to take, breaks included."""
        return max(LEAST, sum(duration(piece.words, self.language) + piece.pause for piece in self.pieces))


def _pause_of(tag: str) -> float:
    """Return the seconds of a `<break>` of SSML; one without a time pauses as long as a stop does."""
    if time := _BREAK_TIME.search(tag):
        return min(_LONGEST_BREAK, float(time[1]) / (1000 if time[2].lower() == "ms" else 1))
    return 0.0 if _NO_BREAK.search(tag) else _PAUSE


def utterances(scene: Scene) -> tuple[Utterance, ...]:
    """Return what is said in a scene of either generation: clip by clip, then script by script."""
    found = list[Utterance]()
    for index, clip in enumerate(scene.clips):
        if isinstance(clip, AvatarClip) and clip.script:
            found.append(_utterance(clip.script, clip, index, f"clips[{index}].script"))
    for number, script in enumerate(scene.scripts or ()):
        by = speaker_of(script, scene.clips)
        found.append(_utterance(script, None if by is None else scene.clips[by], by, f"scripts[{number}]"))
    return tuple(found)


def _utterance(script: Script | SceneScript, clip: AnyClip | None, index: int | None, place: str) -> Utterance:
    if not isinstance(clip, AvatarClip):
        return Utterance(getattr(script, "model_id", ""), index, script.org, "", place)
    another_voice = script.tts or getattr(script, "is_tts", False)
    language = "" if another_voice else clip.model.language or ""
    return Utterance(clip.tag or clip.model.ai_name, index, script.org, language, place)


def speaker_of(script: SceneScript, clips: Sequence[AnyClip]) -> int | None:
    """Return the index of the avatar that says a scene's script, the first of its model and outfit, or None."""
    who = script.model_id, script.cloth_id
    for index, clip in enumerate(clips):
        if isinstance(clip, AvatarClip) and clip.model and (clip.model.ai_name, clip.model.emotion) == who:
            return index
    return None


def systems(text: str) -> dict[str, int]:
    """Count the letters of each writing system in a text, the most first.

    >>> systems("Hello, мир")
    {'Latin': 5, 'Cyrillic': 3}
    """
    possible = ("Latin",) if text.isascii() else tuple(_SYSTEMS)
    found = {system: len(_letters(system).findall(text)) for system in possible}
    return {system: count for system, count in sorted(found.items(), key=lambda pair: -pair[1]) if count}


def systems_of(language: str) -> tuple[str, ...]:
    """Return the writing systems of a language code such as "en" or "zh-TW"; none for an unknown code.

    >>> systems_of("ja-JP"), systems_of("tlh")
    (('Kana', 'Han'), ())
    """
    code = _code(language)
    return tuple(system for system, (_, codes) in _SYSTEMS.items() if code in codes.split())


def _code(language: str) -> str:
    return re.split("[-_]", language.strip().lower())[0]


def words_a_minute(language: str = "") -> float:
    """Return how many words a narrator is estimated to say in a minute; in English if no language is named.

    >>> words_a_minute("en-US"), round(words_a_minute("fi")), round(words_a_minute("da"))
    (150.0, 106, 121)
    """
    code = _code(language) or "en"
    return _WORDS_A_MINUTE * _READ_ALOUD.get(code, _READ_ALOUD_ON_AVERAGE) / _READ_ALOUD["en"]


def duration(text: str, language: str = "") -> float:
    """Estimate the seconds that a plain text takes to say. The service publishes no speaking rate.

    The rates a minute are those of usual narration: 150 words of English, and of other languages as `words_a_minute`
    says, where a digit is a word; 250 Chinese characters, 350 Japanese ones, 300 Korean syllables, or 750 letters of
    Thai, Lao, Burmese and Khmer. A stop takes 0.4 s.

    >>> duration("One two three four five.")
    2.4
    """
    rates = _LETTERS_A_SECOND | ({"Han": _LETTERS_A_SECOND["Kana"]} if "Kana" in systems_of(language) else {})
    counted = systems(text)
    seconds = sum(counted.get(system, 0) / rate for system, rate in rates.items())
    for system in rates:
        text = _letters(system).sub(" ", text) if system in counted else text
    words = len(re.findall(_WORDS, text))
    return seconds + words * 60 / words_a_minute(language) + _PAUSE * len(re.findall(_STOPS, text))


@cache
def _letters(system: str) -> re.Pattern[str]:
    return re.compile(f"[{_SYSTEMS[system][0]}]")
