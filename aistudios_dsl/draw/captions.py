"""Speech as captions, in SubRip (SRT) or WebVTT: short lines, with the times at which they are said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Literal, get_args

from attrs import frozen

from aistudios_dsl.build.speech import LEAST, Utterance, duration, escaped, systems
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.metrics import Ruler, ruler_of, with_emoji_whole
from aistudios_dsl.layout.text import has_letters, wrap
from aistudios_dsl.view.scene import SceneView
from aistudios_dsl.view.timing import LineTiming, Timing

Format = Literal["srt", "vtt"]
FORMATS: tuple[Format, ...] = get_args(Format)

_LINES = 2
_COLUMNS = {"Kana": 26, "Han": 32, "Hangul": 32}
"""Most columns of a line by its writing system: 13 letters of Japanese, 16 of Chinese and Korean, each two columns.

These numbers, and the 42 letters of other languages, are those of the Timed Text Style Guides of Netflix.
"""
_OTHER_COLUMNS = 42
_SHORTEST = 5 / 6
"""Seconds; a sentence that takes less shares its caption with a neighbour where there is room. Netflix says so too."""
_EM = 1000
"""The units of a ruler, which measures in thousandths of an em, in a column."""
_GAPS = re.compile("[ \0-\x1f\x7f-\x9f\u2028\u2029]+")
"""What becomes one space: blanks and control characters, but not the space that keeps words together."""

_STOP = r"[.!?…؟۔।॥։။።]+"
_CLOSING = r"[\"'”’»›)\]]*"
_SENTENCE_END = re.compile(rf"(?:{_STOP}{_CLOSING}(?=\s)|[。！？｡]+[」』”’）】]*)\s*")
_ABBREVIATION = re.compile(r"(?:^|[\s(\"'“‘])(?:[A-ZÀ-ÖØ-ÞА-Я][^\W\d_]{0,2}|(?:[A-Za-z]\.)*[A-Za-z])\. ?$")
"""What ends like a sentence but may be a title or an initial: Dr. or J. or e.g."""
_LONGEST_ABBREVIATION = 16


Span = tuple[float, float, tuple[str, ...]]
"""From when to when (s) some lines are shown."""


@frozen
class Cue:
    """A caption: from when to when (ms) it is shown, and its lines."""

    start: int
    end: int
    lines: tuple[str, ...]


def captions(scenes: Sequence[SceneView], timing: Timing, format: Format) -> str:
    """Return the speech of scenes as an SRT or a WebVTT file. Raise `BuildError` where nothing is said."""
    found = tuple(cues(scenes, timing))
    if not found:
        raise BuildError("nothing is said, so there is nothing to caption", hint="add speech: .avatar(..., say=...)")
    return _srt(found) if format == "srt" else _vtt(found, timing)


def cues(scenes: Sequence[SceneView], timing: Timing) -> Iterator[Cue]:
    """Yield the captions of scenes in order. Raise `BuildError` if the video is too short for them."""
    spans = [span for scene, timed in zip(scenes, timing.scenes, strict=True) for span in _spans(scene, timed.lines)]
    starts = [round(start * 1000) for start, _, _ in spans]
    ends = [round(end * 1000) for _, end, _ in spans]
    if any(end <= start for start, end in zip(starts, ends, strict=True)):
        message = f"{len(spans)} captions do not fit into {timing.seconds:g} s"
        raise BuildError(message, hint="give the length of the real video; nobody says a word of thousands of letters")
    for start, end, (_, _, lines) in zip(starts, ends, spans, strict=True):
        yield Cue(start, end, lines)


def _spans(scene: SceneView, lines: Iterable[LineTiming]) -> Iterator[Span]:
    for said, line in zip(scene.speech, lines, strict=True):
        parts = list(_parts(said))
        scale, start = line.seconds / sum(weight for _, weight in parts), line.start
        for words, weight in parts:
            end = start + weight * scale
            if words:
                yield start, end, words
            start = end


def _parts(said: Utterance) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the captions of a line of speech, each with its estimated seconds; its breaks have no words."""
    columns = _columns_of(said.text)
    for piece in said.pieces:
        for paragraph in filter(has_letters, piece.words.split("\n\n")):
            for sentence in _sentences(_GAPS.sub(" ", paragraph).strip(" "), said.language, columns):
                broken = _broken(sentence, columns)
                for first in range(0, len(broken), _LINES):
                    words = broken[first : first + _LINES]
                    yield words, _seconds(" ".join(words), said.language)
        if piece.pause:
            yield (), piece.pause


def _seconds(text: str, language: str) -> float:
    return max(LEAST, duration(text, language))


# words


def _sentences(text: str, language: str, columns: int) -> list[str]:
    """Return the sentences of a paragraph; one that is soon said goes with its neighbour where there is room."""
    stops = (found.end() for found in _SENTENCE_END.finditer(text))
    ends = [end for end in stops if not _ABBREVIATION.search(text[max(0, end - _LONGEST_ABBREVIATION) : end])]
    found = list[str]()
    for start, end in pairwise(dict.fromkeys([0, *ends, len(text)])):
        sentence = text[start:end]
        both = found[-1] + sentence if found else ""
        brief = both and min(_seconds(each, language) for each in (found[-1], sentence)) < _SHORTEST
        if brief and len(_broken(both, columns)) <= _LINES:
            found[-1] = both
        else:
            found.append(sentence)
    return found


def _columns_of(text: str) -> int:
    counted = systems(text)
    wide = [system for system in counted if system in _COLUMNS]
    if 2 * sum(counted[system] for system in wide) <= sum(counted.values()):
        return _OTHER_COLUMNS
    return min(_COLUMNS[system] for system in wide)


def _broken(text: str, columns: int) -> tuple[str, ...]:
    """Return the lines of a sentence, about equally long; a word that is longer than a line is cut."""
    text, ruler = text.strip(" "), _ruler()
    if ruler.units(text) <= columns * _EM:
        return (text,)
    lines = wrap(text, 1, columns, ruler=ruler, balance=True).lines
    whole = (part for line in lines for part in ([line] if ruler.units(line) <= columns * _EM else _cut(line, columns)))
    return tuple(filter(None, (line.strip(" ") for line in whole)))


def _cut(line: str, columns: int) -> Sequence[str]:
    return wrap(line, 1, columns, by_grapheme=True, ruler=_ruler()).lines


@cache
def _ruler() -> Ruler:
    """Return what measures a text in columns: an em is one."""
    return ruler_of(_width, lambda pair: _width(pair[1]), lambda text: "", with_emoji_whole)


def _width(letter: str) -> float:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return (2 if unicodedata.east_asian_width(letter) in "WF" else 1) * _EM


# files


def _srt(found: Sequence[Cue]) -> str:
    # A line with this arrow could be taken for the times of a caption.
    blocks = (
        f"{_times(number, cue, ',')}\n{chr(10).join(cue.lines).replace('-->', '→')}\n"
        for number, cue in enumerate(found, 1)
    )
    return "\n".join(blocks)


def _vtt(found: Sequence[Cue], timing: Timing) -> str:
    scaled = "" if timing.scale is None else f" and scaled to a video of {timing.seconds:g} s"
    blocks = (
        f"{_times(number, cue, '.')}\n{escaped(chr(10).join(cue.lines))}\n" for number, cue in enumerate(found, 1)
    )
    return "\n".join(["WEBVTT\n", f"NOTE Times are estimated from the words{scaled}.\n", *blocks])


def _times(number: int, cue: Cue, point: str) -> str:
    return f"{number}\n{_clock(cue.start, point)} --> {_clock(cue.end, point)}"


def _clock(time: int, point: str) -> str:
    seconds, thousandths = divmod(time, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{thousandths:03}"
