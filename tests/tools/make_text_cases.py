"""Measure random texts of many scripts as Fabric.js does in Chromium, for the table of errors in docs/layout.md.

npm install fabric@5.5.2
apt-get install fonts-noto-cjk fonts-noto-core fonts-noto-color-emoji chromium chromium-driver
python -m tests.tools.make_text_cases node_modules
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

from tests.tools.fabric_in_chromium import measured
from tests.tools.make_font_cases import WORDS as OF_FONTS

TARGET = Path(__file__).parents[1] / "data" / "script_cases.json.gz"
TEXTS = 60
WORDS = {
    "latin": "The quick brown fox AVATAR Type Yes! Tomorrow, we’re “open” — 50% $9.99 e-mail (new) résumé naïve Straße",
    "polish": OF_FONTS["polish"],
    "turkish": OF_FONTS["turkish"],
    "vietnamese": "Xin chào Việt Nam đường phố người yêu tiếng nước",
    "greek": "Καλημέρα κόσμε ελληνικά φως ήλιος θάλασσα",
    "cyrillic": "Привет мир Москва ёлка объём жизнь хорошо очень Україна їжак",
    "korean": "안녕하세요 여러분 오늘은 날씨가 좋습니다 서울 한국어 감사합니다 2024년",
    "chinese": "今天天气很好 我们使用，这个产品。 “你好！” 价格：￥99 （限时） 欢迎光临；谢谢？",
    "japanese": "東京タワー こんにちは、世界。 「いらっしゃいませ」 ファッション ちょっと！ カタカナ・ひらがな",
    "sub and superscript": "H₂O CO₂ x² 10⁻³ m³ aⁿ C₆H₁₂O₆ E=mc² water",
    "special": "a\u00adb x\u2028y one\x0btwo a\x0cb a\x85b a\u202fb 100\u00a0km a\u2009b z\u200bz x\u0302 word the",
    "emoji": "⭐⭐⭐⭐⭐ ✅ Done 🎉 👍 ❤️ 🔥 Sale! 🇰🇷 👍🏽 ☀️ ✨ 100% 😀 4.9",
    "arabic": OF_FONTS["arabic"],
    "hebrew": OF_FONTS["hebrew"],
    "thai": OF_FONTS["thai"],
    "devanagari": OF_FONTS["devanagari"],
    "tamil": OF_FONTS["tamil"],
    "bengali": "নমস্কার বাংলা ধন্যবাদ ভারত কলকাতা",
    "georgian": "გამარჯობა საქართველო თბილისი",
    "ethiopic": "ሰላም ኢትዮጵያ አዲስ አበባ",
}


def cases(seed: int = 61, texts: int = TEXTS) -> list[dict[str, Any]]:
    """Random texts of each script, by themselves and wrapped, regular and bold."""
    random, found = Random(seed), list[dict[str, Any]]()
    for script, words in WORDS.items():
        for _ in range(texts):
            text = " ".join(random.choices(words.split(" "), k=random.randint(1, 7)))
            size, weight = random.choice([24, 40, 64]), random.choice([400, 700])
            case = {"script": script, "text": text, "size": size, "weight": weight, "family": "Noto Sans CJK KR"}
            found += [case, {**case, "wrap": random.randint(5, 16) * size}]
    return found


if __name__ == "__main__":
    asked = cases()
    fabric = Path(sys.argv[1]) / "fabric" / "dist" / "fabric.min.js"
    for case, answer in zip(asked, measured(fabric, asked), strict=True):
        case.pop("family")
        case |= {"width": round(answer["width"], 6), "breaks": [len(line) for line in answer["lines"]]}
    packed = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(packed, 9, mtime=0))
