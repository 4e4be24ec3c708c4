"""Rules on words: what viewers would read or hear that was meant for a program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aistudios_dsl.check.rules import Problem, ProjectView, Words, project_rule
from aistudios_dsl.wire.node import shortened

_ENDS = r"(?= ?(?:$|[.,;:!?…)\]'’\"»%/]))"
_BEFORE_NONE = r"(?<!\bto )(?<!\bor )(?<!\band )(?<!\b[Bb]ar )"
_SAID_OF = r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbe )(?<!\bleft )(?<!\ban )(?<!\bthe )(?<!\bof )"
_OWN = r"(?<!\bmy )(?<!\byour )(?<!\bhis )(?<!\bher )(?<!\bour )(?<!\bthe )(?<!\ba )"
# Most words hold none of this, and are not searched further.
_MAY_BE_VALUE = re.compile(r"None|undefined|NaN|nan|NaT|null|\[object").search
_MAY_BE_MARKUP = re.compile(r"[<&*_`\[#]|^- ", re.MULTILINE).search
_UNITS = r"(?:k[gm]|EUR|USD|euros?|dollars?|points?|percent|items?|years?|days?|hours?|minutes?|people|users|orders)"
_VALUES = re.compile(
    # Inside a sentence, "None" is a value; at the start of one, or after "Allergens:", it is English.
    rf"(?<=[^\W\d_] ){_BEFORE_NONE}None\b|(?:(?<=[,$€£=] )|(?<=[^\Ws_]: )|(?<=[$€£=(]))None\b"
    rf"|\ANone(?=,|\W?\Z| {_UNITS}\b)|{_SAID_OF}\bundefined\b|\bNaN\b|\bNaT\b"
    rf"|(?:^|(?<=[\s$€£=(,])){_OWN}nan(?:{_ENDS}|(?= {_UNITS}\b))|^null$|(?<=[$€£=])null\b|\[object Object\]",
    re.MULTILINE,
)
_TAGS = (
    "a article b big blockquote br break center code del div em emphasis font h1 h2 h3 h4 h5 h6 i iframe img ins li"
    " mark ol p phoneme pre prosody s say-as script small speak span strong style sub sup table td th tr u ul voice"
)
_TAG = re.compile(rf"</?(?:{_TAGS.replace(' ', '|')})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ORG_TAG = re.compile(r"</?([a-z][a-z0-9-]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ORG_TAGS = ("p", "span", "br")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"\*\*\S[^*\n]*\*\*|(?<!\w)__[^\W_][^_\n]*__(?!\w)|!?\[[^\[\]\n]+\]\((?:https?:|/|#|mailto:)[^)\s\[]*\)|```"
    r"|^#{1,6} +[^\W\d_]",
    re.MULTILINE,
)
_SPOKEN_MARKDOWN = re.compile(
    r"(?<![\w*])\*[^\W_][^*\n]*\*(?![\w*])|(?<!\w)_[^\W_][^_\n]*_(?!\w)|`[^`\n]+`|^[ \t]*\* +\S|^- +\S[^\n]*\n+- +\S",
    re.MULTILINE,
)
_ENDINGS = "com org net edu gov io ai co app dev info me tv ly eu uk de fr es it nl kr jp cn in br us ca au ch at"
_URL = re.compile(
    rf"(?:https?://|www\.)\S+|\b(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:{_ENDINGS.replace(' ', '|')})/[\w?#]\S*", re.IGNORECASE
)


@project_rule("placeholder-words", "warning", "give the value, or leave it out: {{ name or 'other words' }}")
def placeholder_words(view: ProjectView) -> Iterator[Problem]:
    """A text or a speech says `None`, `undefined` or `nan`, which a program writes for a value that is missing."""
    for words in view.words:
        if _MAY_BE_VALUE(words.text) and (found := _VALUES.search(words.text)):
            yield _told(words, f"says {found[0]!r}, as a program writes for a missing value")


@project_rule("markup", "warning", "write plain words; a verb escapes them as needed")
def markup(view: ProjectView) -> Iterator[Problem]:
    """A text or a speech has HTML, SSML or Markdown, which would be shown or spoken as it stands."""
    for words in view.words:
        if found := _markup_in(words):
            yield _told(words, f"has markup: {shortened(' '.join(found.split()), 40)}")


def _markup_in(words: Words) -> str:
    has_only_p = words.org.count("<") == words.org.count("<p>") + words.org.count("</p>")
    if has_only_p and not _MAY_BE_MARKUP(words.text):
        return ""
    for pattern in (_TAG, _ENTITY, _MARKDOWN, *([_SPOKEN_MARKDOWN] if words.org else ())):
        if found := pattern.search(words.text):
            return str(found[0]).strip()
    return next((str(tag[0]) for tag in _ORG_TAG.finditer(words.org) if tag[1].lower() not in _ORG_TAGS), "")


@project_rule("spoken-url", "warning", 'show the address as a text, and say "the link below", or "example dot com"')
def spoken_url(view: ProjectView) -> Iterator[Problem]:
    """A speech has a URL, which a voice spells out."""
    for words in view.words:
        if words.org and ("/" in words.text or "ww" in words.text.lower()) and (found := _URL.search(words.text)):
            yield _told(words, f"has a URL: {shortened(found[0].split('?')[0], 60)}")


def _told(words: Words, message: str) -> Problem:
    kind = "the speech" if words.org else "the text"
    boxes = () if words.seen is None or words.org else (words.seen.box,)
    return Problem(f"{kind} {message}", words.path, words.seen, boxes)
