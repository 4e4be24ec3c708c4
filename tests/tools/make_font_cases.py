"""Make the small fonts of the tests, and measure texts in them as Fabric.js does in Chromium.

    npm install fabric@5.5.2 @fontsource-variable/inter
    apt-get install fonts-noto-core fonts-noto-color-emoji fonts-roboto-unhinted chromium chromium-driver
    python -m tests.tools.make_font_cases node_modules

The fonts are subsets: Noto and Inter under the SIL Open Font License, Roboto under the Apache License 2.0. The texts
are random ones of the letters that the subsets have.
"""

from __future__ import annotations

import gzip
import json
import sys
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image

from tests.tools.fabric_in_chromium import measured

DATA = Path(__file__).parents[1] / "data"
NOTO = Path("/usr/share/fonts/truetype/noto")
ROBOTO = Path("/usr/share/fonts/truetype/roboto/unhinted/RobotoTTF")
WORDS = {
    "latin": "The quick brown fox AVATAR Type Yes! Tomorrow, (new) 50% office naïve",
    "variable": "Heavy light AVATAR Type Yes! Tomorrow 50% office",
    "polish": "Zażółć gęślą jaźń Łódź świętą książkę mały człowiek",
    "turkish": "Işık güneş çocuk şeker İstanbul öğrenci değil yağmur",
    "arabic": "مرحبا بكم في القاهرة اليوم السلام عليكم لا شكرا 123",
    "hebrew": "שלום עולם ירושלים היום טוב תודה רבה 2024",
    "thai": "สวัสดีครับ ประเทศไทย ขอบคุณ วันนี้ น้ำ ที่",
    "devanagari": "नमस्ते दुनिया हिन्दी भारत धन्यवाद क्षेत्र प्रधान",
    "tamil": "வணக்கம் தமிழ் நன்றி இந்தியா சென்னை உலகம்",
    "emoji": "⭐⭐⭐ ✅ Done 🎉 👍 ❤️ 🔥 🇰🇷 👍🏽 ☀️ 👨‍👩‍👧 1️⃣ 100%",
}
FILES: dict[str, tuple[tuple[Path, int], ...]] = {
    "latin": ((ROBOTO / "Roboto-Regular.ttf", 400), (ROBOTO / "Roboto-Bold.ttf", 700)),
    "polish": ((NOTO / "NotoSans-Regular.ttf", 400),),
    "turkish": ((NOTO / "NotoSans-Regular.ttf", 400),),
    "arabic": ((NOTO / "NotoSansArabic-Regular.ttf", 400),),
    "hebrew": ((NOTO / "NotoSansHebrew-Regular.ttf", 400),),
    "thai": ((NOTO / "NotoSansThai-Regular.ttf", 400),),
    "devanagari": ((NOTO / "NotoSansDevanagari-Regular.ttf", 400),),
    "tamil": ((NOTO / "NotoSansTamil-Regular.ttf", 400),),
    "emoji": ((NOTO / "NotoColorEmoji.ttf", 400),),
}
TEXTS, FAMILY = 30, "Noto Sans CJK KR"
INTER = "@fontsource-variable/inter/files/inter-latin-opsz-normal.woff2"
WEIGHTS = {"variable": [100, 400, 550, 700, 900]}


def small_font(source: Path, words: str, target: Path) -> None:
    """Write a font with the letters of some words alone, but all that shaping needs."""
    options = subset.Options(layout_features=["*"], notdef_outline=True, name_IDs=[1, 2, 16, 17], hinting=False)
    font = TTFont(source)
    font.flavor = None
    maker = subset.Subsetter(options)
    maker.populate(text=words + "\u0e32\u0e4d\u25cc\u200d")
    maker.subset(font)
    if "CBDT" in font:  # The pictures are most of the file, and only their sizes count.
        for strike in font["CBDT"].strikeData:
            for glyph in strike.values():
                glyph.imageData = blank_like(glyph.imageData)
    font.save(target)


def blank_like(picture: bytes) -> bytes:
    """A transparent PNG of the same size."""
    with Image.open(BytesIO(picture)) as drawn, BytesIO() as blank:
        Image.new("RGBA", drawn.size).save(blank, "png", optimize=True)
        return blank.getvalue()


def cases() -> list[dict[str, Any]]:
    """Random texts of each script, each by itself and wrapped."""
    random, found = Random(16), list[dict[str, Any]]()
    for script, words in WORDS.items():
        for _ in range(TEXTS):
            text = " ".join(random.choices(words.split(), k=random.randint(1, 7)))
            size, weight = random.choice([24, 40, 64]), random.choice(WEIGHTS.get(script, [400, 700]))
            own = "Small" if script in ("latin", "variable") else FAMILY
            case = {"script": script, "text": text, "size": size, "weight": weight, "family": own}
            found += [case, {**case, "wrap": random.randint(5, 16) * size}]
    return found


def main(modules: Path) -> None:
    """Write the fonts, and the cases with Fabric's answers."""
    made: dict[str, list[tuple[Path, int | str]]] = {}
    for script, files in {**FILES, "variable": ((modules / INTER, 0),)}.items():
        for file, weight in files:
            target = DATA / "fonts" / f"{script}-{weight}.ttf"
            small_font(file, WORDS[script], target)
            made.setdefault(script, []).append((target, weight or "100 900"))
    asked = cases()
    for script, files in made.items():
        own = [case for case in asked if case["script"] == script]
        stack = f"Small, '{FAMILY}'" if own[0]["family"] == "Small" else f"'{FAMILY}', Small"
        fabric = modules / "fabric" / "dist" / "fabric.min.js"
        answers = measured(fabric, [{**case, "family": stack} for case in own], {"Small": files})
        for case, answer in zip(own, answers, strict=True):
            case |= {"width": answer["width"], "breaks": [len(line) for line in answer["lines"]]}
    packed = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
    (DATA / "font_cases.json.gz").write_bytes(gzip.compress(packed, 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
