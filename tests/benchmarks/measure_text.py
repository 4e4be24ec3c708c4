"""What measuring a line of 100 characters costs, as a ratio to rendering the same line with Jinja (interleaved rounds).

python -m tests.benchmarks.measure_text
"""

from random import Random
from statistics import median
from string import ascii_letters
from timeit import timeit

from jinja2 import Template

from aistudios_dsl.layout.text import measure

LINE = ("The quick brown fox jumps over the lazy dog, and AVATAR Type {{ name }} says Yes! " * 2)[:100]
PLAIN = LINE.replace("{{ name }}", "Ann Brown")
ROUNDS, CALLS = 31, 300


def nonsense(count: int) -> list[str]:
    """Lines of 100 characters whose words were never met before."""
    letters = Random(4).choices(ascii_letters, k=100 * count)
    lines = ["".join(letters[start : start + 100]) for start in range(0, len(letters), 100)]
    return [" ".join(line[at : at + 5] for at in range(0, 100, 6)) for line in lines]


def ratio(lines: list[str], template: Template) -> float:
    """The time of measuring the lines over that of rendering the template as often."""
    left = iter(lines)
    measuring = timeit(lambda: measure(next(left), 64), number=len(lines))
    return measuring / timeit(lambda: template.render(name="Ann Brown"), number=len(lines))


def main() -> None:
    """Print the median ratios of words met before and of words never met before."""
    template = Template(LINE)
    new = nonsense(ROUNDS * CALLS)
    met, unmet = [], []
    for start in range(0, len(new), CALLS):
        met.append(ratio([PLAIN] * CALLS, template))
        unmet.append(ratio(new[start : start + CALLS], template))
    print(f"words met before: {median(met):.2f} of Jinja's time; words never met: {median(unmet):.2f}")


if __name__ == "__main__":
    main()
