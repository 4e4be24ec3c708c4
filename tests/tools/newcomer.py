"""Someone new: a fresh clone in an empty folder, nothing installed, no pip cache, and the tutorial as it stands.

Run by `.ci/run`; by hand with the README too: `python -m tests.tools.newcomer README.md docs/tutorial.md`.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.pages import Reader, blocks

ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    """Follow each page in a clone of its own."""
    for page in sys.argv[1:] or ["docs/tutorial.md"]:
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            clone = Path(folder) / "clone"
            subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
            steps = [block for block in blocks(clone / page) if block.language == "sh"]
            Reader(clone, installs=True).follow(clone / page)
            print(f"{page}: {len(steps)} blocks typed in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
