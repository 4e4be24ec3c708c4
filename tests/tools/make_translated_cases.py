"""Measure the translated texts of the examples as Fabric.js does in Chromium, with a language 40 % longer.

    npm pack fabric@5.5.2 && tar xzf fabric-5.5.2.tgz
    python -m tests.tools.make_translated_cases package/dist/fabric.min.js

It needs Debian's `chromium`, `chromium-driver` and `fonts-noto-cjk`, and does not run in CI.
"""

import json
import sys
from pathlib import Path

from aistudios_dsl.languages.pseudo import pseudo
from tests.examples import EXAMPLES, ROOT
from tests.tools.fabric_in_chromium import measured

TARGET = ROOT / "tests" / "data" / "translated_cases.json"
LOCALES = ("de", "es", "ko")
"""The languages of the example whose letters the bundled font has."""


def translated_texts():
    """Every text clip of the examples in other languages, as it is on the wire."""
    for example in EXAMPLES:
        versions = [example.project.translated(pseudo(example.project), "en-XA")]
        versions += [version for locale, version in example.translations.items() if locale in LOCALES]
        for version in versions:
            for video in example.filled(version):
                clips = [clip for scene in video.resolve().scenes for clip in scene.clips]
                yield from (clip for clip in clips if clip.type == "textImage")


def key(clip):
    return clip.text, clip.font_size, clip.font_weight or 400


if __name__ == "__main__":
    found = sorted({key(clip) for clip in translated_texts()})
    cases = [
        {"text": text, "size": points * 4 / 3, "weight": weight, "family": "Noto Sans CJK KR"}
        for text, points, weight in found
    ]
    answers = measured(Path(sys.argv[1]), cases)
    rows = [
        [*case, round(answer["width"], 6), round(answer["height"], 6)]
        for case, answer in zip(found, answers, strict=True)
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
