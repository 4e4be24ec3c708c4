"""The house: which module may know which, and what importing the package costs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import aistudios_dsl
from aistudios_dsl import Project, service

PACKAGE = Path(__file__).parent.parent / "aistudios_dsl"
TABLE = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
FLOORS = {room: int(floor) for floor, room in re.findall(r"^\| (\d) \| `(\w+)(?:/|\.py)` \|", TABLE, re.MULTILINE)}
"""The floor of each room, as the architecture page shows it."""


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def imported_by(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checked = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in checked:
            continue
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path} has a relative import: name the package"
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aistudios_dsl"):
            base = node.module.removeprefix("aistudios_dsl").removeprefix(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".removeprefix(".")
                yield inner if inner in MODULES else base
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("aistudios_dsl.")]
            yield from (name.removeprefix("aistudios_dsl.") for name in names)


def room(name):
    return name.partition(".")[0]


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name))
def test_a_room_imports_only_from_lower_floors(name):
    for target in imported_by(MODULES[name]):
        inside = room(target) == room(name)
        assert inside or FLOORS[room(target)] < FLOORS[room(name)], f"{name} imports {target}, which is not below it"


def test_the_table_has_eight_floors_and_every_room():
    assert set(FLOORS.values()) == set(range(1, 9))
    assert {room(name) for name in MODULES if name} == set(FLOORS)


def test_the_order_is_read_from_real_imports():
    assert "errors" in set(imported_by(MODULES["build.scene"]))
    assert "wire.codec" in set(imported_by(MODULES["project"]))


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name.startswith("service")))
def test_the_service_knows_the_wire_and_the_errors_only(name):
    assert {target.partition(".")[0] for target in imported_by(MODULES[name])} <= {"errors", "wire", "service"}


def loaded_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(shown.splitlines()[-1].split())


SCRIPT = "from aistudios_dsl import Project\nproject = Project().scene().text('Hello')\n"
COMMAND = "from aistudios_dsl.cli import main; main({!r}.split(), standalone_mode=False)"
SERVICE = {"httpx", "anyio", "stamina", "rich", "aistudios_dsl.service"}
READERS = {"imagesize", "aistudios_dsl.check", "aistudios_dsl.decompile", "aistudios_dsl.plan"}
STARTS = [
    ("import aistudios_dsl", {"attrs", "cattrs", "aistudios_dsl.errors", "aistudios_dsl.wire"}),
    (
        "from aistudios_dsl import Project",
        {"cattrs", "click", "jinja2", "aistudios_dsl.resolve", "aistudios_dsl.templates"},
    ),
    (COMMAND.format("--help"), {"attrs", "cattrs", "pathlib", "aistudios_dsl.wire", "aistudios_dsl.cli.build"}),
    (
        COMMAND.format("build TMP/video.py"),
        {"jinja2", "importlib.resources", "aistudios_dsl.atomic_write", "aistudios_dsl.view"},
    ),
    (COMMAND.format("preview TMP/video.py -o TMP/0.svg --scene 0"), {"cattrs", "jinja2", "aistudios_dsl.cli.online"}),
]


@pytest.mark.parametrize(("statement", "others"), STARTS, ids=["package", "Project", "--help", "build", "preview"])
def test_a_start_loads_nothing_that_it_does_not_run(statement, others, tmp_path):
    (tmp_path / "video.py").write_text(SCRIPT)
    assert loaded_after(statement.replace("TMP", str(tmp_path))) & (SERVICE | READERS | others) == set()


def test_names_are_the_same_in_whatever_order_they_are_asked_for():
    for name in ("diff", "wire", "Scene", "Finding"):
        asked = f"import aistudios_dsl.diff, aistudios_dsl; found = aistudios_dsl.{name}; from aistudios_dsl import *"
        # The import system writes the module `diff` into the package, and the function is meant.
        loaded_after(f"{asked}; assert found is {name}; from types import ModuleType as M; assert type(diff) is not M")
    assert "aistudios_dsl.draw.storyboard" in loaded_after("from aistudios_dsl import Scene; Scene()._repr_html_()")


def test_every_public_name_can_be_imported_and_is_listed():
    for package in (aistudios_dsl, service):
        assert [name for name in package.__all__ if not hasattr(package, name)] == []
        assert set(package.__all__) <= set(dir(package))
        assert list(package.__all__) == sorted(package.__all__, key=lambda name: (name[0].islower(), name))
    assert {"Finding", "RenderFailed", "StillRendering"} <= set(aistudios_dsl.__all__)
    assert {"Job", "Progress", "RenderFailed", "StillRendering"} <= set(service.__all__)
    assert type(Project().scene().text("Hello", at=(0, 0)).check()[0]) is aistudios_dsl.Finding
    with pytest.raises(AttributeError, match="no attribute 'Findings'"):
        aistudios_dsl.Findings  # noqa: B018 - the look is what fails


def test_the_service_loads_httpx_only_for_a_client():
    assert loaded_after("from aistudios_dsl import service; service.parse_webhook") & {"httpx", "stamina"} == set()
    assert "httpx" in loaded_after("from aistudios_dsl.service import Client")


def test_a_project_without_templates_loads_no_jinja():
    loaded = loaded_after("import aistudios_dsl as a; a.Project().scene().to_dict()")
    assert "jinja2" not in loaded
    assert "cattrs" in loaded


def test_every_module_says_its_job_in_its_first_line():
    for name, path in MODULES.items():
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        assert len(first) > 20, name
