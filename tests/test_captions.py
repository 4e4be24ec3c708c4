"""Captions: valid files that say every word once, in time and in short lines; the length of a video."""

import io
import re
import unicodedata
from pathlib import Path

import pytest
import webvtt
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import BuildError, DslError, LoadError, Project, Timing
from aistudios_dsl.build.speech import Piece, Utterance, words_a_minute
from aistudios_dsl.cli import main
from aistudios_dsl.layout.video import video_seconds
from tests.pages import ROOT

VIDEO = ROOT / "aistudios_dsl" / "sandbox" / "video.mp4"
HOST = "M000045058"
LONG = (
    "This sentence goes on and on, because somebody could not stop, and so it has to be parted into several captions,"
    " each of which has no more than two lines. Short. Dr. Smith agrees!"
)


def said(*scenes, **more):
    project = Project()
    for lines in scenes:
        project = project.scene()
        for number, line in enumerate(lines):
            project = project.say(line, **more) if number else project.avatar(HOST).say(line, **more)
    return project


def unescaped(text):
    return text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")


def letters(text):
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]", "", unicodedata.normalize("NFC", text))


def columns(line):
    """Two for each wide letter; emoji that are joined are one."""
    shown = [letter for letter in re.sub("\u200d.", "", line) if unicodedata.category(letter) not in ("Mn", "Me", "Cf")]
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in shown)


WORDS = st.sampled_from(
    [
        *(
            "one",
            "two,",
            "three.",
            "four!",
            "Dr.",
            "3.5",
            f"https://example.org/{'any-' * 20}",
            "-->",
            "<b>",
            "&",
            "&amp;",
        ),
        *("你好。", "これは長い文章です、", "とても。", "안녕하세요.", "감사합니다", "सुप्रभात", "नमस्ते।", "สวัสดีครับ"),
        *("مرحبا", "بالعالم؟", "שלום.", "\u200fא", "🎉", "👨\u200d👩\u200d👧", "e\u0301", "…", "—", "«ja».", "42"),
    ]
)
GAPS = st.sampled_from([" ", " ", " ", "  ", "\n", "\n\n", "\u00a0", "\u2028"])
SPEECH = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=60).map(lambda pairs: "".join(map("".join, pairs)))


@settings(max_examples=80, deadline=None)
@given(st.lists(SPEECH, min_size=1, max_size=3), st.none() | st.floats(5, 5000))
def test_captions_say_every_word_once_in_time_and_in_short_lines(texts, seconds):
    project = said(*[[text] for text in texts])
    timing = project.timing(seconds=seconds)
    lines = [line for scene in timing.scenes for line in scene.lines]
    spoken = letters("".join(line.text for line in lines))
    for kind in ("srt", "vtt"):
        text = project.captions(kind, seconds=seconds)
        cues = list(webvtt.from_buffer(io.StringIO(text), format=kind))
        shown = [[unescaped(line) if kind == "vtt" else line for line in cue.lines] for cue in cues]
        assert letters("".join(map("".join, shown))) == (spoken if kind == "vtt" else spoken.replace("-->", "→"))
        assert max(columns(line) for lines in shown for line in lines) <= 42
        assert max(map(len, shown)) <= 2
        times = [at(place) for cue in cues for place in (cue.start, cue.end)]
        assert times == sorted(times)
        assert all(at(cue.start) < at(cue.end) for cue in cues)
        assert at(cues[-1].end) <= round(timing.seconds * 1000)


def at(place):
    hours, minutes, seconds = place.replace(",", ".").split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


@pytest.mark.parametrize(
    ("text", "first", "most"),
    [
        ("Hello, world. Short.", "Hello, world. Short.", 42),
        (LONG, "This sentence goes on and on, because\nsomebody could not stop, and so it has", 42),
        (
            "이것은 두 줄에 들어가지 않을 만큼 아주 긴 한국어 문장이라서 여러 자막으로 나누어집니다.",
            "이것은 두 줄에 들어가지 않을\n만큼 아주 긴 한국어 문장이라서",
            32,
        ),
        (
            "我们今天要介绍一个很长很长的句子，它放不进两行字幕里，所以必须分成好几个字幕才行。",
            "我们今天要介绍一个很长很长的\n句子，它放不进两行字幕里，",
            32,
        ),
        (
            "これは二行に収まらないほど長い日本語の文章なので、いくつかの字幕に分けられることになります。",
            "これは二行に収まらないほど\n長い日本語の文章なので、",
            26,
        ),
    ],
)
def test_a_caption_has_the_letters_that_its_writing_allows(text, first, most):
    cues = [cue.split("\n")[2:] for cue in said([text]).captions().strip().split("\n\n")]
    assert "\n".join(cues[0]) == first
    assert max(columns(line) for cue in cues for line in cue) <= most
    assert max(map(len, cues)) <= 2


def test_a_sentence_that_fits_has_a_caption_of_its_own_and_a_title_does_not_end_one():
    text = (
        "The first of the sentences ends here. Dr. J. R. Smith came from the U.S. and said e.g. this. Then he left us."
    )
    cues = [" ".join(cue.split("\n")[2:]) for cue in said([text]).captions().strip().split("\n\n")]
    assert cues == [
        "The first of the sentences ends here.",
        "Dr. J. R. Smith came from the U.S. and said e.g. this.",
        "Then he left us.",
    ]


def test_right_to_left_words_stay_in_the_order_in_which_they_are_said():
    text = "مرحبا بكم في العرض. لنبدأ الآن!"
    shown = [line for cue in webvtt.from_string(said([text]).captions("vtt")) for line in cue.lines]
    assert " ".join(shown) == text


def test_a_vtt_says_that_its_times_are_estimates():
    project = said(["Hello, you."])
    assert project.captions("vtt").startswith("WEBVTT\n\nNOTE Times are estimated from the words.\n\n1\n")
    assert "NOTE Times are estimated from the words and scaled to a video of 9.5 s." in project.captions(
        "vtt", seconds=9.5
    )
    assert webvtt.from_string(project.captions("vtt"))[0].text == "Hello, you."


def test_scenes_and_lines_follow_one_another_and_fill_the_video():
    project = said(["One two three four five.", "Six seven."], ["Eight nine ten."])
    found = project.timing()
    assert isinstance(found, Timing)
    (first,), (second,) = (scene.lines for scene in found.scenes)  # 1.4: one avatar's lines are one script
    assert (first.start, first.path, first.who) == (0, "scenes[0].clips[0].script", HOST)
    assert second.start == found.scenes[1].start == found.scenes[0].seconds == first.seconds
    assert found.seconds == pytest.approx(2.4 + 0.8 + 0.4 + 1.2 + 0.4)
    assert found.scale is None
    scaled = project.timing(seconds=2 * found.seconds)
    assert scaled.scale == pytest.approx(2)
    assert scaled.scenes[1].start == pytest.approx(2 * second.start)
    assert project.timing(video=VIDEO).seconds == 2


def test_a_silent_scene_lasts_what_it_is_said_to_last_whatever_the_scale():
    project = said(["One two three four five."]).scene(background="#102030").scene().avatar(HOST, say="One.")
    assert project.timing().scenes[1].seconds == 0
    found = project.timing(seconds=10, silent_seconds=4)
    assert found.scenes[1].seconds == 4
    assert found.scenes[2].start + found.scenes[2].seconds == pytest.approx(10)
    with pytest.raises(BuildError, match=r"scenes without speech take 12 s, but the video 10 s"):
        project.timing(seconds=10, silent_seconds=12)


@pytest.mark.parametrize(
    ("org", "pieces"),
    [
        ('<p>One.<break time="1.5s"/>Two.</p>', [("One.", 1.5), ("Two.", 0)]),
        ("<p>One.<BREAK time='500ms'>Two.</p>", [("One.", 0.5), ("Two.", 0)]),
        ("<p>One<break/>two <break strength='none'/>three</p>", [("One", 0.4), ("two", 0), ("three", 0)]),
        ('<p>One<break time="3600s"/></p>', [("One", 10), ("", 0)]),
        ("<p>A breakfast<br>for two</p>", [("A breakfast\nfor two", 0)]),
    ],
)
def test_breaks_in_speech_are_silent_and_counted(org, pieces):
    assert Utterance("", None, org, "en", "").pieces == tuple(Piece(words, pause) for words, pause in pieces)


def test_no_caption_is_shown_during_a_break():
    cues = webvtt.from_string(said(['<p>One two.<break time="2s"/>Three four.</p>'], html=True).captions("vtt"))
    assert [(at(cue.start), at(cue.end)) for cue in cues] == [(0, 1200), (3200, 4400)]


def test_a_language_of_long_words_takes_longer_for_as_many():
    assert words_a_minute("en") == words_a_minute("") == 150
    assert words_a_minute("fi-FI") < words_a_minute("de") < words_a_minute("es") < words_a_minute("en-GB")
    assert words_a_minute("tlh") == words_a_minute("da") == pytest.approx(150 * 184 / 228)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "ass"}, "format is 'ass'"),
        ({"seconds": 0}, "seconds is 0"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"seconds": "9"}, "seconds is '9'"),
        ({"seconds": True}, "seconds is True"),
        ({"seconds": 90_000}, "seconds is 90000"),
        ({"silent_seconds": -1}, "silent_seconds is -1"),
        ({"seconds": 9, "video": VIDEO}, "both say how long"),
        ({"video": 9}, "video must be the path"),
        ({"video": ROOT / "README.md"}, "is not an MP4 file"),
        ({"video": VIDEO.with_name("vidoe.mp4")}, "No such file"),
        ({"seconds": 0.001}, "captions do not fit into 0.001 s"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(DslError, match=message):
        said([LONG]).captions(**arguments)


# the length of a video


def box(name, content=b"", *, size=None):
    return (len(content) + 8 if size is None else size).to_bytes(4) + name.encode() + content


def header(seconds, *, scale=600, version=0, duration=None):
    length = 8 if version else 4
    found = round(seconds * scale) if duration is None else duration
    times = bytes(2 * length) + scale.to_bytes(4) + found.to_bytes(length)
    return box("mvhd", bytes([version, 0, 0, 0]) + times + bytes(80))


def fragments(version=0):
    own = bytes([version, 0, 0, 0]) + (1500).to_bytes(8 if version else 4)
    return box("mvex", box("trex", bytes(24)) + box("mehd", own))


HEAD = box("ftyp", b"isom\0\0\0\0")
WIDE = (1).to_bytes(4) + b"free" + (32).to_bytes(8) + bytes(16)


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (HEAD + box("moov", header(12.5)), 12.5),
        (HEAD + box("moov", header(12.5, version=1)), 12.5),
        (HEAD + box("mdat", bytes(1000)) + box("moov", box("udta") + header(3)), 3),
        (HEAD + WIDE + box("moov", header(3)), 3),
        (HEAD + box("moov", header(3), size=0), 3),
        (HEAD + box("moov", header(0) + fragments()), 2.5),
        (HEAD + box("moov", fragments(1) + header(0)), 2.5),
    ],
)
def test_the_length_of_a_video_is_read_from_its_header(tmp_path, content, seconds):
    (tmp_path / "video.mp4").write_bytes(content)
    assert video_seconds(tmp_path / "video.mp4") == seconds


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"<!doctype html><html>", "is not an MP4 file"),
        (b"\x1a\x45\xdf\xa3" + bytes(20), "is not an MP4 file"),
        (HEAD, "no header"),
        (HEAD + box("moov"), "no header"),
        (VIDEO.read_bytes()[:400], "cut off or broken"),
        (VIDEO.read_bytes()[:-1], "cut off or broken"),
        ((HEAD + box("moov", header(3)))[:-20], "cut off or broken"),
        (HEAD + box("moov", header(3)[:18], size=26), "cut off or broken"),
        (HEAD + box("free", size=4) + box("moov", header(3)), "cut off or broken"),
        (HEAD + box("moov", header(0)), "does not say how long"),
        (HEAD + box("moov", header(3, scale=0)), "does not say how long"),
        (HEAD + box("moov", header(3, duration=2**32 - 1)), "does not say how long"),
        (HEAD + box("moov", header(3, version=1).replace(b"mvhd\x01", b"mvhd\x07")), "version 7"),
        (HEAD + box("free") * 10_001, "more than 10,000 parts"),
    ],
)
def test_a_broken_video_is_refused_clearly(tmp_path, content, message):
    (tmp_path / "video.mp4").write_bytes(content)
    with pytest.raises(LoadError, match=message):
        video_seconds(tmp_path / "video.mp4")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_bytes_of_a_video_crash_or_hang_the_reader(tmp_path_factory, data):
    whole = bytearray(HEAD + box("moov", box("udta") + header(0) + fragments()))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "spoilt.mp4"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = video_seconds(path)
    except LoadError as refusal:
        found = refusal
    assert str(path) in str(found) if isinstance(found, LoadError) else found > 0


# the command


def run(*arguments):
    return CliRunner().invoke(main, ["captions", *map(str, arguments)])


TALKING, PERSONALISED = ROOT / "examples" / "talking_avatar.py", ROOT / "examples" / "personalised.py"
PEOPLE = ROOT / "examples" / "data" / "people.csv"


def test_the_command_prints_captions_or_writes_the_kind_that_the_name_says(tmp_path):
    printed = run(TALKING)
    assert printed.stdout == "1\n00:00:00,000 --> 00:00:02,400\nHello, this is test video.\n"
    assert printed.stderr == "stdout: 2.4 s, estimated from the words\n"
    target = tmp_path / "talking.vtt"
    written = run(TALKING, "-o", target, "--video", VIDEO)
    assert written.stderr == f"{target}: scaled to 2.0 s, the estimates times 0.83\n"
    assert webvtt.read(str(target))[0].end == "00:00:02.000"
    assert run(TALKING, "--format", "vtt", "--seconds", "60").stderr.endswith("times 25.00; is it this video?\n")


def test_a_row_gives_captions_and_each_row_gives_a_file(tmp_path):
    one = run(PERSONALISED, "--data", PEOPLE, "--row", 2)
    assert "Hello Jörg & Söhne!" in one.stdout
    assert "nothing is said in scenes[1], which counts as 0 s" in one.stderr
    (tmp_path / "1002.mp4").write_bytes(VIDEO.read_bytes())
    rows = tmp_path / "rows.csv"
    rows.write_text("".join(PEOPLE.read_text(encoding="utf-8").splitlines(keepends=True)[:3:2]), encoding="utf-8")
    options = ("--data", rows, "-o", tmp_path / "all", "--name", "{{ id }}.vtt", "--video", tmp_path / "{{ id }}.mp4")
    assert run(PERSONALISED, *options).exit_code == 0
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["1002.vtt"]
    assert "scaled to a video of 2 s" in (tmp_path / "all" / "1002.vtt").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["captions", "preview"])
def test_a_row_asked_for_by_number_needs_no_other_row_to_be_whole(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("name\nAnn,more\nBob \n", encoding="utf-8")
    script = "project = Project().scene().avatar('M000045058', say='Hello {{ name }}.')"
    (tmp_path / "talk.py").write_text(f"from aistudios_dsl import Project\n{script}\n", encoding="utf-8")

    def asked(row):
        return CliRunner().invoke(main, [command, "talk.py", "--data", "rows.csv", "--row", row])

    whole, broken = asked("2"), asked("1")
    assert whole.exit_code == 0
    assert "note: blanks around a value of 'name', first in rows.csv line 3" in whole.stderr
    assert broken.exit_code == 1
    assert "row 1 (rows.csv line 2): has 2 columns, the header has 1" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((TALKING, "-o", "a.txt"), "a.txt names neither .srt nor .vtt"),
        ((TALKING, "-o", ""), "-o needs a name"),
        ((TALKING, "-o", "a.vtt", "--format", "srt"), "--format srt does not go with the name a.vtt"),
        ((TALKING, "--seconds", 3, "--video", VIDEO), "--seconds and --video both"),
        ((TALKING, "--row", 1), "--row requires --data"),
        ((TALKING, "--name", "a.srt"), "--name requires --data"),
        ((TALKING, "--data-format", "csv"), "--data-format requires --data"),
        ((PERSONALISED, "--data", PEOPLE), "--data has many rows"),
        ((PERSONALISED, "--data", PEOPLE, "--name", "{{ id }}.srt"), "name their folder with -o DIR"),
        ((PERSONALISED, "--data", PEOPLE, "--name", "a.srt", "-o", "d", "--seconds", 3), "each row has its own length"),
        ((PERSONALISED, "--data", PEOPLE, "--row", 9), "people.csv\n  hint: the last is row 5"),
        ((PERSONALISED, "--data", PEOPLE, "--name", "a.srt", "-o", "d"), "the file name 'a.srt' is that of row 1 too"),
        (
            (PERSONALISED, "--data", PEOPLE, "--name", "{{ id }}.srt", "-o", "d", "--video", "{{ id }}.mp4"),
            "row 1 (people.csv line 2): cannot read 1001.mp4",
        ),
        ((PERSONALISED,), "templates to render first"),
    ],
)
def test_what_the_command_refuses_leaves_nothing_behind(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert list(Path.cwd().iterdir()) == []
