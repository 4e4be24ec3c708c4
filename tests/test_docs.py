"""What the documents show is true: their code runs and gives what they say."""

import doctest
import re
from pathlib import Path

import pytest

from aistudios_dsl import Project

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_prompt_in_a_page_answers_as_shown(page):
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    assert doctest.testfile(str(page), module_relative=False, optionflags=flags, encoding="utf-8").failed == 0


def test_the_first_script_of_the_readme_builds_what_is_shown_below_it():
    script = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    names = {}
    exec(script, names)
    assert isinstance(names["project"], Project)
    text = names["project"].to_json()
    shown = re.search(r"```json\n(.*?)```", README, re.DOTALL)[1]
    pairs = [pair for pair in re.findall(r'"\w+":(?:"[^"]*"|[-\d.]+)', shown) if "…" not in pair]
    assert len(pairs) > 15
    assert [pair for pair in pairs if pair not in text] == []


def test_the_error_in_the_readme_is_the_one_a_script_gets(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from aistudios_dsl.cli import main

    (tmp_path / "hello.py").write_text(
        "from aistudios_dsl import Project\n\n"
        'project = Project().scene()\nproject.text("Hello", animation="fade_in")\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["build", "hello.py"])
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)[1]
    assert result.exit_code == 1
    assert [line.split() for line in result.stderr.splitlines()] == [line.split() for line in shown.splitlines()]


def test_every_link_between_pages_leads_somewhere():
    for page in [ROOT / "README.md", *PAGES]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_table_of_errors_is_the_one_its_script_prints():
    import runpy

    table = runpy.run_path(str(ROOT / "tests" / "tools" / "text_error_table.py"))["table"]()
    assert table in (ROOT / "docs" / "layout.md").read_text(encoding="utf-8")
