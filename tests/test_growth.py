"""The script that measures growth finds what grows with the square of its work."""

import pytest

from tests.benchmarks.growth import MOST, Operation, exponent, quick_exponent


@pytest.mark.parametrize(("power", "passes"), [(1, True), (2, False)])
def test_the_slice_tells_the_square_from_the_line(power, passes):
    work = Operation("sum", "rows", lambda count: lambda: sum(number & 7 for number in range(3 * count**power)))
    assert (quick_exponent(work) <= MOST) is passes


def test_the_exponent_is_that_of_the_upper_sizes():
    assert exponent({10: 5, 100: 5, 200: 20, 400: 80, 800: 320}) == 2
    assert exponent({size: 3 + size / 9000 for size in (10, 100, 1000, 2000)}) < 0.1
