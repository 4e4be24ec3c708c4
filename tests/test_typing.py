"""What a reader's editor sees: good calls pass both type checkers, and each bad one is refused by both."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extras import needs

ROOT = Path(__file__).parent.parent
BAD = ROOT / "tests" / "typing" / "bad.py"
pytestmark = pytest.mark.slow
each_checker = pytest.mark.parametrize(
    "checker", [pytest.param(name, marks=needs(name)) for name in ("mypy", "pyright")]
)
CHECKERS = {
    "mypy": [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"],
    "pyright": [sys.executable, "-m", "pyright", "--pythonpath", sys.executable],
}


def run(checker, path):
    result = subprocess.run([*CHECKERS[checker], str(path)], capture_output=True, text=True, cwd=ROOT, check=False)
    return result.returncode, result.stdout


@each_checker
def test_good_calls_pass(checker):
    code, output = run(checker, ROOT / "tests" / "typing" / "good.py")
    assert code == 0, output


@each_checker
def test_each_bad_call_is_refused(checker):
    code, output = run(checker, BAD)
    lines = BAD.read_text(encoding="utf-8").splitlines()
    expected = {number for number, line in enumerate(lines, 1) if "  # " in line}
    found = {int(number) for number in re.findall(r"bad\.py:(\d+):.*error", output)}
    assert code == 1
    assert expected == found, output
