"""How long it takes from saving a script until Chromium shows it: `python -m tests.benchmarks.watch`.

The saves are far enough apart that the next process has been warmed up, as when a person saves.
"""

import statistics
import tempfile
import time
from pathlib import Path

from tests.chromium import Browser
from tests.watching import until, watching

ROUNDS = 10
SCRIPT = """from aistudios_dsl import Project, Scene

project = Project("{name}")
for number in range({scenes}):
    scene = Scene(background="#0b1b2b").avatar("M000045058", at="bottom right", say=f"This is scene {{number}}.")
    project = project.add(scene.text(f"{name} {{number}}", font_size=60, at=(96, 96), color="#ffffff"))
"""


def main():
    """Print the figures."""
    browser = Browser()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "video.py"
        for scenes in (4, 20, 100):
            script.write_text(SCRIPT.format(name="First", scenes=scenes), encoding="utf-8")
            with watching(script) as served:
                browser.open(served.url)
                until(lambda: "First 0" in browser.run("return document.title + document.body.textContent"))
                seconds = []
                for number in range(ROUNDS):
                    time.sleep(3)
                    words = f"Save{number} 0"
                    script.write_text(SCRIPT.format(name=f"Save{number}", scenes=scenes), encoding="utf-8")
                    seconds.append(until(lambda w=words: w in browser.run("return document.body.textContent")))
            print(f"{scenes} scenes: median {statistics.median(seconds):.2f} s, most {max(seconds):.2f} s")
    browser.close()


if __name__ == "__main__":
    main()
