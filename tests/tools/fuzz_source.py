"""Decompile thousands of made-up and spoilt projects; each script must build the very same JSON.

Run it as `python -m tests.tools.fuzz_source [EXAMPLES] [SEED]`; it prints how the clips and the projects were said.
"""

import ast
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, given, seed, settings

from aistudios_dsl import LoadError, Project
from aistudios_dsl.wire.jsontext import canonical
from tests.documents import ANY, spoilt


def rebuilt(source):
    """The project of a script that may do nothing but call what it imports, and functions that do so."""
    allowed = {"Avatar", "Catalog", "Project", "Scene", "above", "below", "left_of", "right_of", "wire"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert {alias.name for alias in node.names} <= allowed
        assert not isinstance(node, ast.Import | ast.Lambda | ast.BinOp | ast.JoinedStr)
        if isinstance(node, ast.FunctionDef):
            assert [type(part) for part in node.body] == [ast.Return]
    names = {}
    exec(source, names)
    return names["project"]


def form_of(source):
    if "Project.load(" not in source:
        return "verbs alone"
    if ".with_scenes(" in source:
        return "loaded scenes"
    if ".scene(" in source or ".add(" in source:
        return "loaded head"
    return "document" if source.clips else "loaded, no clips"


def campaign(strategy, examples, number):
    counts, forms = Counter(), Counter()

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def check(document):
        try:
            project = Project.load(document, template=False)
        except LoadError:
            counts["no project"] += 1
            return
        source = project.to_python()
        assert rebuilt(source).to_json() == canonical(document) == project.to_json(), source
        counts["projects"] += 1
        counts["by verb"] += source.verbs
        counts["by put"] += source.puts
        forms[form_of(source)] += 1

    check()
    return counts, forms


if __name__ == "__main__":
    examples, number = (int(argument) for argument in (sys.argv[1:] + ["2000", "1"][len(sys.argv) - 1 :]))
    for name, strategy in {"any": ANY, "spoilt": spoilt()}.items():
        start = time.perf_counter()
        counts, forms = campaign(strategy, examples, number)
        print(f"{name}: {dict(counts)}, {dict(forms)}, {time.perf_counter() - start:.0f} s")
