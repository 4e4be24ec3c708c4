"""Ten clips with a condition each: 1,024 outcomes. What a row costs, and what the plan keeps in memory.

    python -m tests.benchmarks.conditions

A program for each outcome is measured too, by the plans of scenes that have the clips of one outcome.
"""

import gc
import time
import tracemalloc
from random import Random

from aistudios_dsl import Project, below, row

BITS = 10
SAMPLE = 24


def template(bits=BITS, kept=None):
    """A scene with so many conditions; where `kept` is given, with the clips of that outcome and no condition."""
    made, prices = Project().scene(background="#102030"), row(gap=12)
    for bit in range(bits):
        if kept is None or kept[bit]:
            when = {"when": f"on[{bit}]"} if kept is None else {}
            words = f"{{{{ name }}}} {bit}"
            if bit % 2:
                prices = prices.text(words, font_size=28, **when)
            else:
                made = made.text(words, at=("5%", f"{5 + 9 * bit}%"), font_size=28, **when)
    made = made.place(prices, at="bottom", margin=60, tag="prices").text("For {{ name }}", tag="for")
    return made.text("{{ city }}", at=below("for")).image("https://x.example/{{ name }}.png", natural=(90, 60))


def rows(bits, count, seed=1):
    """Rows of so many outcomes: all, if there are no more."""
    numbers = range(2**bits) if count == 2**bits else [Random(f"{seed}/{n}").getrandbits(bits) for n in range(count)]
    return [
        {"name": f"Ann {n % 7}", "city": "Bonn", "on": [bool(number >> bit & 1) for bit in range(bits)]}
        for n, number in enumerate(numbers)
    ]


def each(work, values):
    """Microseconds of processor time for each row."""
    start = time.process_time()
    for value in values:
        work(value)
    return 1e6 * (time.process_time() - start) / len(values)


def kept_by(work):
    """What the work returns, and the KiB that are still in use after it."""
    gc.collect()
    tracemalloc.start()
    found = work()
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] / 1024
    tracemalloc.stop()
    return found, size


def filled(plan, values):
    for value in values:
        plan.render_json(value)
    return plan


def main():
    """Print the figures."""
    made, values = template(), rows(BITS, 2**BITS)
    filled(made.compile(), values[:3])  # what is imported and compiled by Jinja once
    compiling = each(lambda _: filled(made.compile(), values[-1:]), range(SAMPLE))
    plan = made.compile()
    new, known = each(plan.render_json, values), min(each(plan.render_json, values) for _ in range(3))
    rendering = each(lambda value: made.render(value).to_json().encode(), values[:: 1024 // SAMPLE])
    assert plan.slow_rows == 0
    print(f"compiling and the first row: {compiling / 1000:.1f} ms")
    print(f"a row: render {rendering:.0f} us; plan {new:.0f} us the first time of an outcome, {known:.0f} us after")
    _, size = kept_by(lambda: filled(made.compile(), values))
    print(f"memory after {2**BITS:,} outcomes: {size / 1024:.1f} MiB")
    outcomes = Random(1).sample(values, SAMPLE)
    programs = [(template(kept=value["on"]), value) for value in outcomes]
    one = each(lambda pair: filled(pair[0].compile(), [pair[1]]), programs)
    _, size = kept_by(lambda: [filled(single.compile(), [value]) for single, value in programs])
    print(
        f"a program for each outcome: {one / 1000:.1f} ms and {size / SAMPLE:.0f} KiB,"
        f" so {one * 2**BITS / 1e6:.1f} s and {size / SAMPLE * 2**BITS / 1024:.0f} MiB for all"
    )
    many = template(20)
    plan, values = many.compile(), rows(20, 12_000)
    tracemalloc.start()
    kept = []
    for start in range(0, len(values), 3000):
        filled(plan, values[start : start + 3000])
        gc.collect()
        kept.append(tracemalloc.get_traced_memory()[0] / 2**20)
    tracemalloc.stop()
    print(f"20 conditions, hardly an outcome twice: {each(plan.render_json, rows(20, 1000, 2)):.0f} us a row")
    print(f"memory after 3,000 of its rows, 6,000, ...: {', '.join(f'{size:.0f}' for size in kept)} MiB")
    assert plan.slow_rows == 0


if __name__ == "__main__":
    main()
