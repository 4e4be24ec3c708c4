"""Write the golden payload of every example anew: read the difference before committing it."""

from pathlib import Path

from aistudios_dsl.cli.base import load_script
from aistudios_dsl.templates.rows import read_rows

DATA = {"personalised": "people.csv"}
ROOT = Path(__file__).parent.parent.parent

for path in sorted((ROOT / "examples").glob("*.py")):
    if "project = " in path.read_text(encoding="utf-8") and "dask" not in path.name:
        target = ROOT / "tests" / "golden" / f"{path.stem}.json"
        project = load_script(path)
        if path.stem in DATA:
            target = target.with_suffix(".jsonl")
            rows = read_rows(ROOT / "examples" / "data" / DATA[path.stem])
            lines = [rendered.to_json() for rendered in project.render_all(rows)]
        else:
            lines = [project.to_json()]
        target.write_bytes("".join(f"{line}\n" for line in lines).encode())
        print(target.relative_to(ROOT))
