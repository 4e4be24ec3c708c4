"""Check documents spoilt at random until one makes the checks crash: `python -m tests.tools.spoil_checks [ROUNDS]`."""

import json
import sys
from random import Random

from aistudios_dsl import LoadError, Project
from tests.test_checks import ROOT, spoilt


def main(rounds):
    checked = findings = 0
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "golden").glob("*.json"))]
    for seed in range(rounds):
        random = Random(seed)
        document = json.loads(random.choice(sources))
        for _ in range(random.randint(1, 6)):
            document = spoilt(document, random)
        try:
            project = Project.load(document, template=random.random() < 0.5)
        except LoadError:
            continue
        try:
            findings += len(project.check())
        except Exception:
            print(f"round {seed}: {json.dumps(document, ensure_ascii=False)}")
            raise
        checked += 1
    print(f"{rounds:,} documents, {checked:,} of them loaded and checked, {findings:,} findings, no crash")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
