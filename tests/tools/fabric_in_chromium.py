"""Measure texts as Fabric.js does in Chromium: the answers that the bundled metrics and `Fonts` are held against.

    npm pack fabric@5.5.2 && tar xzf fabric-5.5.2.tgz
    python -m tests.tools.fabric_in_chromium package/dist/fabric.min.js cases.json > answers.json

A case is `{"text": …, "size": px, "weight": 400, "family": …}`, with `"wrap": px` for a Textbox and `"g": true` for one
that splits by grapheme. `{"fonts": {family: [[file, weight], …]}}` beside `"cases"` loads font files. It needs Debian's
`chromium`, `chromium-driver` and `fonts-noto-cjk`, and does not run in CI.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.chromium import Browser

FONT = """
const [family, weight, data, done] = arguments;
const face = new FontFace(family, `url(data:font/ttf;base64,${data})`, {weight: String(weight)});
face.load().then(font => { document.fonts.add(font); done(''); }, fault => done(String(fault)));
"""
MEASURE = """
return arguments[0].map(c => {
  const style = {fontSize: c.size, fontWeight: c.weight || 400, fontFamily: c.family, fontStyle: c.style || 'normal'};
  const text = c.wrap ? new fabric.Textbox(c.text, {...style, width: c.wrap, splitByGrapheme: !!c.g})
                      : new fabric.Text(c.text, style);
  const lines = text._textLines;
  return {width: text.width, height: text.height, lines: lines.map(line => line.join('')),
          widths: lines.map((_, i) => text.getLineWidth(i))};
});
"""
BATCH = 250


def measured(
    fabric: Path, cases: Sequence[Mapping[str, Any]], fonts: Mapping[str, Sequence[Sequence[Any]]] | None = None
) -> list[dict[str, Any]]:
    """What Fabric answers for each case; `fonts` are files by family, each with its weight."""
    browser = Browser()
    try:
        browser.driver.set_script_timeout(60)
        browser.driver.get("data:text/html,<meta charset=utf-8>")
        for family, files in (fonts or {}).items():
            for file, weight in files:
                data = base64.b64encode(Path(file).read_bytes()).decode()
                if fault := browser.driver.execute_async_script(FONT, family, weight, data):
                    raise OSError(f"{file}: {fault}")
        browser.run(f"(0, eval)({json.dumps(fabric.read_text(encoding='utf-8'))})")
        starts = range(0, len(cases), BATCH)
        return [answer for at in starts for answer in browser.run(MEASURE, list(cases[at : at + BATCH]))]
    finally:
        browser.close()


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    given = asked if isinstance(asked, dict) else {"cases": asked}
    json.dump(measured(Path(sys.argv[1]), given["cases"], given.get("fonts")), sys.stdout, ensure_ascii=False)
