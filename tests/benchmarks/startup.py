"""What it costs to start `aistudios --help` and to import the package, as ratios to bare Python, in interleaved rounds.

Run: `python -m tests.benchmarks.startup [rounds]`.
"""

import statistics
import subprocess
import sys
import time

CASES = {
    "bare Python": ["-c", "pass"],
    "import attrs, jinja2": ["-c", "import attrs, jinja2"],
    "import aistudios_dsl": ["-c", "import aistudios_dsl"],
    "aistudios --help": ["-m", "aistudios_dsl.cli", "--help"],
}


def seconds(arguments: list[str]) -> float:
    """How long one process takes, from its start to its end."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Print the median of each case, and of its ratio to bare Python inside a round."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    taken = [{name: seconds(arguments) for name, arguments in CASES.items()} for _ in range(rounds)]
    for name in CASES:
        ratio = statistics.median(one[name] / one["bare Python"] for one in taken)
        over = statistics.median(one[name] - one["bare Python"] for one in taken)
        print(f"{name:22} {ratio:5.1f} x bare Python, {over * 1000:4.0f} ms over it")


if __name__ == "__main__":
    main()
