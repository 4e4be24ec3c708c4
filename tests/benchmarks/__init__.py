"""Scripts that measure; each says in its first lines how to run it."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def put_into_page(name: str, text: str) -> None:
    """Replace what the page on performance has between the comments `name` and `end of name`."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(f"<!-- {name} -->\n")
    _, _, after = rest.partition(f"<!-- end of {name} -->")
    PAGE.write_text(f"{before}<!-- {name} -->\n{text}\n<!-- end of {name} -->{after}", encoding="utf-8")
