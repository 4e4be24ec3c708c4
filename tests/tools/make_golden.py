"""Write the golden payload of every example anew: read the difference before committing it."""

from pathlib import Path

from aistudios_dsl.cli.base import load_script

ROOT = Path(__file__).parent.parent.parent

for path in sorted((ROOT / "examples").glob("*.py")):
    if "project = " in path.read_text(encoding="utf-8") and "dask" not in path.name:
        target = ROOT / "tests" / "golden" / f"{path.stem}.json"
        target.write_text(load_script(path).to_json() + "\n", encoding="utf-8")
        print(target.relative_to(ROOT))
