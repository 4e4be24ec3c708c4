"""Build sdist and wheel, look into both, and run the main job from the wheel in an empty environment of each Python.

Run by `.ci/run`; by hand: `python -m tests.tools.try_wheel`. Pythons that are not on this machine are named as such.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
EXAMPLE = ROOT / "examples" / "product_promo.py"
GOLDEN = ROOT / "tests" / "golden" / "product_promo.json"


def main() -> None:
    """Fail on a file too many, a file missing, or a payload that differs."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = built(Path(folder))
        for version in VERSIONS:
            python = found(version)
            outcome = tried(python, wheel, Path(folder) / version) if python else "not on this machine"
            print(f"python {version}: {outcome}")


def built(folder: Path) -> Path:
    """The wheel, after a look at what it and the sdist hold."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    wheel, sdist = next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = {name for name in archive.namelist() if ".dist-info/" not in name}
    with tarfile.open(sdist) as archive:
        in_sdist = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    expect(in_wheel, tracked("aistudios_dsl"), "the wheel")
    added = {"PKG-INFO", ".gitignore"}
    files = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "conftest.py", "llms.txt", "pyproject.toml")
    expect(in_sdist - added, tracked("aistudios_dsl", "tests", "examples", "docs", *files), "the sdist")
    print(f"{wheel.name}: {wheel.stat().st_size // 1024} KB; {sdist.name}: {sdist.stat().st_size // 1024} KB")
    return wheel


def tracked(*paths: str) -> set[str]:
    """The files under version control."""
    listed = subprocess.run(["git", "ls-files", *paths], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


def expect(holds: set[str], should: set[str], what: str) -> None:
    """Fail with the difference."""
    if holds != should:
        sys.exit(f"{what} holds too much: {sorted(holds - should)}, and lacks: {sorted(should - holds)}")


def found(version: str) -> str | None:
    """A Python of this version, on the path or where pyenv keeps it."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    on_path = shutil.which(f"python{version}")
    works = on_path and subprocess.run([on_path, "-V"], capture_output=True, check=False).returncode == 0
    return on_path if works else str(kept[-1]) if kept else None


def tried(python: str, wheel: Path, home: Path) -> str:
    """Install into an empty environment, and run the main job from another folder."""
    run(python, "-m", "venv", home)
    run(home / "bin" / "pip", "install", "-q", "--no-warn-conflicts", wheel)
    payload = run(home / "bin" / "aistudios", "build", EXAMPLE, cwd=home)
    if payload != GOLDEN.read_text(encoding="utf-8"):
        sys.exit(f"{python}: the payload differs from {GOLDEN.name}")
    said = run(home / "bin" / "aistudios", "--version", cwd=home).strip()
    return f"{said}, same payload"


def run(*command: object, cwd: Path = ROOT) -> str:
    """What the command printed; the whole of its complaint where it failed."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
