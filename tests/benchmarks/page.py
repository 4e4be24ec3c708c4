"""Tables that benchmarks write into the performance page."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def put(name: str, text: str) -> None:
    """Put a text between the marks of this name, `<!-- NAME -->` and `<!-- end of NAME -->`."""
    before, start, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    assert end, f"{PAGE} has no marks of {name}"
    PAGE.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")
