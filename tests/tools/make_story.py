"""Run `examples/whole_story.sh` and write its transcript into docs/story.md, with what differs each time made alike."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "story.md"
ALIKE = (
    (re.compile(r"\b[0-9a-f]{24}\b"), "65f0c0ffee65f0c0ffee65f0"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:8765"),
    (re.compile(r"\bin \d+\.\d s\b"), "in 0.1 s"),
    (re.compile(r"^.*: [\d.]+ %\n", re.MULTILINE), ""),
)


def page() -> str:
    """The page, from a run of the story just now."""
    return f"""# The whole story

`bash examples/whole_story.sh` does everything once, unattended, in a few seconds and without an account. It prints
this; ids, times and ports, which differ from run to run, are replaced here by fixed ones.

```text
{transcript()}```
"""


def transcript() -> str:
    """What the story prints, on both streams, without its progress lines."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["bash", str(ROOT / "examples" / "whole_story.sh")],
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if run.returncode:
        sys.exit(f"the story ended with {run.returncode}:\n{run.stdout}")
    text = run.stdout.lstrip("\n")
    for pattern, same in ALIKE:
        text = pattern.sub(same, text)
    return re.sub(r"(^row .*\n)+", lambda found: _by_row(found[0]), text, flags=re.MULTILINE)


def _by_row(lines: str) -> str:
    """Rows go on at once, so their lines come in any order; those of one row keep theirs."""
    return "".join(sorted(lines.splitlines(keepends=True), key=lambda line: int(line.split()[1])))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
