"""What the documents show is true: their code runs and gives what they say."""

import doctest
import re

import pytest

from aistudios_dsl.cli.base import HINTS
from tests.pages import ROOT, Reader, blocks, first_video
from tests.tools import make_reference, make_story, text_error_table

PAGES = sorted((ROOT / "docs").rglob("*.md"))
PROMPTED = [page for page in PAGES if page.name != "service.md"]
"""Pages whose prompts run here; those of the service need a sandbox and run as doctests of the code."""
EXACT = {"for-assistants.md"}
"""Pages whose errors are shown with their very words."""
OWN_TEST = {"checks.md"}
"""Pages whose blocks have a test module of their own."""
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PROMPTED, ids=lambda page: str(page.relative_to(ROOT / "docs")))
def test_every_prompt_in_a_page_answers_as_shown(page):
    flags = doctest.ELLIPSIS | (0 if page.name in EXACT else doctest.IGNORE_EXCEPTION_DETAIL)
    assert doctest.testfile(str(page), module_relative=False, optionflags=flags, encoding="utf-8").failed == 0


def _is_step(block):
    return block.language == "sh" or (block.language == "python" and not block.is_prompt)


FOLLOWED = [page for page in PAGES if page.name not in OWN_TEST and any(_is_step(block) for block in blocks(page))]


@pytest.mark.slow
@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: str(page.relative_to(ROOT / "docs")))
def test_every_block_of_a_page_runs_as_it_stands(page, tmp_path):
    """A block with a title is a file; `sh` is typed, in another terminal where its title says so; Python is run."""
    Reader(tmp_path).follow(page)


def test_every_block_says_what_it_is():
    known = {"python", "sh", "json", "jsonl", "text", "csv", "html", "po", "pyi", "toml", "yaml"}
    for page in PAGES:
        assert {block.language for block in blocks(page)} <= known, page.name


def test_the_first_script_of_the_readme_builds_what_is_shown_below_it():
    text = first_video().to_json()
    shown = re.search(r"```json\n(.*?)```", README, re.DOTALL)[1]
    pairs = [pair for pair in re.findall(r'"\w+":(?:"[^"]*"|[-\d.]+)', shown) if "…" not in pair]
    assert len(pairs) > 15
    assert [pair for pair in pairs if pair not in text] == []


def test_the_site_starts_with_the_script_and_the_rows_of_the_readme():
    readme, start = (
        [block.code for block in blocks(page)][:2] for page in (ROOT / "README.md", ROOT / "docs" / "index.md")
    )
    assert [f"# welcome.py\n{start[0]}", start[1]] == readme


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


WIRE_NUMBERS = {"gallery.md", "checks.md"}
"""Pages that show the vendor's sample number for number, or what goes wrong."""


def test_no_page_and_no_example_places_by_coordinates_that_a_person_worked_out():
    scripts = [path for path in (ROOT / "examples").glob("*.py") if path.name != "talking_avatar.py"]
    pages = [page for page in [ROOT / "README.md", *PAGES] if page.name not in WIRE_NUMBERS]
    worked_out = re.compile(r"at=\(-?\d|\bgap=-")
    assert [path.name for path in [*scripts, *pages] if worked_out.search(path.read_text(encoding="utf-8"))] == []


def test_every_link_between_pages_leads_somewhere():
    for page in [ROOT / "README.md", ROOT / "llms.txt", *PAGES]:
        for target in re.findall(r'(?:\]\(|<img src=")(?!https?:)([^)#"]+)', page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_table_of_errors_is_the_one_its_script_prints():
    assert text_error_table.table() in (ROOT / "docs" / "layout.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_transcript_of_the_whole_story_is_what_it_prints():
    assert make_story.page() == make_story.PAGE.read_text(encoding="utf-8")


def test_the_page_of_errors_lists_every_code():
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "aistudios_dsl").rglob("*.py"))
    used = set(re.findall(r'\bcode="([a-z-]+)"', source)) | set(HINTS)
    assert len(used) > 10
    assert {code for code in used if f"`{code}`" not in page} == set()


def test_the_reference_pages_follow_from_the_code():
    for name, page in make_reference.PAGES.items():
        assert page() == (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8"), name
