"""What a template's rows cost whose title is in a font of the user, as a ratio to one in the bundled font.

python -m tests.benchmarks.measure_fonts FONT_FILE
"""

import sys
from statistics import median
from time import perf_counter

from aistudios_dsl import Fonts, Project

ROUNDS, ROWS = 31, 2000


def main(file: str) -> None:
    """Print the median ratio of interleaved rounds, after a round for each to warm up."""
    names = [{"name": f"Ann Brown {number:05}"} for number in range(ROWS)]
    plans = [
        Project(fonts=fonts).scene().text("Welcome, {{ name }}!", font_family=family).compile()
        for fonts, family in ((None, None), (Fonts({"Own": file}), "Own"))
    ]
    ratios = []
    for number in range(ROUNDS + 1):
        taken = []
        for plan in plans:
            start = perf_counter()
            for name in names:
                plan.render_json(name)
            taken.append(perf_counter() - start)
        if number:
            ratios.append(taken[1] / taken[0])
    print(f"a row in {file}: {median(ratios):.2f} of one in the bundled font")


if __name__ == "__main__":
    main(sys.argv[1])
