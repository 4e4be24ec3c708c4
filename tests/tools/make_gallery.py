"""Draw the README's picture and the gallery of the examples anew, and keep a screenshot of each example's page.

Look before committing. `python -m tests.tools.make_gallery`; with `--screenshots`, those too (they need Chromium).
"""

import io
import re
import sys
from pathlib import Path

from aistudios_dsl.cli.base import load_script

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if "\nproject = " in path.read_text("utf-8"))
HEAD = """# Gallery

The code of every example and the scenes it builds, drawn from the numbers it sends. Avatars, and pictures known only by
URL, are placeholders in their true boxes. `python -m tests.tools.make_gallery` makes this page.
"""


def pictures():
    """The pictures by name, and the text of each: one SVG a scene, and that of the README's script."""
    names = {}
    exec(re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1], names)
    return {"hello.svg": names["project"].svg() + "\n"} | {
        f"{path.stem}-{number}.svg": project.svg(number, links=False) + "\n"
        for path in EXAMPLES
        for project in [load_script(path)]
        for number in range(len(project.scenes))
    }


def page():
    """The gallery's text."""
    parts = [HEAD]
    for path in EXAMPLES:
        source = path.read_text(encoding="utf-8").rstrip()
        project = load_script(path)
        width = 220 if project.orientation == "portrait" else 400
        row = "\n".join(
            f'<img src="img/{path.stem}-{number}.svg" width="{width}" alt="scenes[{number}] of {path.stem}">'
            for number in range(len(project.scenes))
        )
        title = path.stem.replace("_", " ").capitalize()
        parts.append(f"## {title}\n\n{row}\n\n```python\n{source}\n```\n")
    return "\n".join(parts)


def keep_screenshots():
    """Save each example's page, half its size, as the tests take it."""
    from PIL import Image

    from tests.chromium import Browser

    browser = Browser()
    for path in EXAMPLES:
        target = ROOT / "tests" / "golden" / f"{path.stem}.png"
        browser.open(load_script(path).storyboard(target.with_suffix(".html")), width=1280)
        target.with_suffix(".html").unlink()
        browser.run("document.body.style.fontFamily = \"'Noto Sans CJK KR'\"")
        picture = Image.open(io.BytesIO(browser.picture(0.5))).convert("RGB")
        picture.quantize(96).save(target, optimize=True)
        print(target.relative_to(ROOT))
    browser.close()


if __name__ == "__main__":
    for name, text in pictures().items():
        (ROOT / "docs" / "img" / name).write_text(text, encoding="utf-8")
    (ROOT / "docs" / "gallery.md").write_text(page(), encoding="utf-8")
    if "--screenshots" in sys.argv:
        keep_screenshots()
