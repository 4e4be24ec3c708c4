"""Draw the README's picture and the gallery of the examples anew, and keep a screenshot of each example's page.

Look before committing. `python -m tests.tools.make_gallery`; with `--screenshots`, those too (they need Chromium).
"""

import io
import sys
from itertools import groupby

from aistudios_dsl import Project
from tests.examples import EXAMPLES, ROOT
from tests.pages import blocks, first_video

COMPOSE = ROOT / "docs" / "howto" / "compose.md"
HEAD = """# Gallery

The code of every example and the scenes it builds, drawn from the numbers it sends. Avatars, and pictures known only by
URL, are placeholders in their true boxes; a template is shown with its first row. `python -m tests.tools.make_gallery`
makes this page.
"""


def pictures():
    """The pictures by name, and the text of each: one SVG a scene, that of the README's script, those of a how-to."""
    found = {"welcome.svg": first_video().svg(links=False)}
    for name, video in (pair for example in EXAMPLES for pair in videos(example).items()):
        found |= {f"{name}-{number}.svg": video.svg(number, links=False) for number in range(len(video.scenes))}
    for block in blocks(COMPOSE):
        if block.language == "python" and block.title:
            for name, project in defined(block.code).items():
                found[f"compose-{block.title.removesuffix('.py')}-{name}.svg"] = project.svg(links=False)
    return {name: f"{text}\n" for name, text in found.items()}


def videos(example):
    """The first video of an example in each of its languages, by the names of their pictures."""
    versions = {example.name: example.project}
    versions |= {f"{example.name}-{locale}": version for locale, version in example.translations.items()}
    return {name: example.filled(version)[0] for name, version in versions.items()}


def defined(script):
    """The projects that a script defines, by name."""
    names = {}
    exec(script, names)
    return {name: value for name, value in names.items() if isinstance(value, Project)}


def page():
    """The gallery's text."""
    parts = [HEAD]
    for path, examples in groupby(EXAMPLES, lambda example: example.path):
        images = []
        for example in examples:
            width = 220 if example.project.orientation == "portrait" else 400
            images += [
                f'<img src="img/{name}-{number}.svg" width="{width}" alt="scenes[{number}] of {name}">'
                for name, video in videos(example).items()
                for number in range(len(video.scenes))
            ]
        title, source = path.stem.replace("_", " ").capitalize(), path.read_text(encoding="utf-8")
        code = f'```python title="examples/{path.name}"\n{source}```'
        parts.append("\n".join((f"## {title}", "", *images, "", code, "")))
    return "\n".join(parts)


def keep_screenshots():
    """Save each example's page, half its size, as the tests take it."""
    from PIL import Image

    from tests.chromium import Browser

    browser = Browser()
    for example in EXAMPLES:
        target = example.golden.with_suffix(".png")
        browser.open(example.project.storyboard(target.with_suffix(".html")), width=1280)
        target.with_suffix(".html").unlink()
        browser.run("document.body.style.fontFamily = \"'Noto Sans CJK KR'\"")
        picture = Image.open(io.BytesIO(browser.picture(0.5))).convert("RGB")
        picture.quantize(96).save(target, optimize=True)
        print(target.relative_to(ROOT))
    browser.close()


if __name__ == "__main__":
    drawn = pictures()
    for name, text in drawn.items():
        (ROOT / "docs" / "img" / name).write_text(text, encoding="utf-8")
    (ROOT / "docs" / "gallery.md").write_text(page(), encoding="utf-8")
    if "--screenshots" in sys.argv:
        keep_screenshots()
