"""What a payload costs against the other ways to make many: interleaved rounds, medians of ratios inside a round.

    pip install -e ".[bench]"
    python -m tests.benchmarks.payloads                 # prints the tables
    python -m tests.benchmarks.payloads --write         # and puts them into docs/performance.md

Every way makes the same payload, which is checked first. The times are this machine's; the ratios are what to compare.
"""

import argparse
import gc
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import partial
from html import escape
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import jinja2
import orjson
import pydantic
from attrs import frozen

from aistudios_dsl import Project, above, below
from aistudios_dsl.templates import environment
from tests.benchmarks import put_into_page

ROWS_A_TIME = 60


@frozen
class Field:
    """A string with holes: its Jinja, the same as a Python expression, and whether Jinja itself is needed."""

    jinja: str
    python: str


SPEECH = [
    Field(
        f"Part {part}: hello {{{{ name }}}}, {{{{ company }}}} has a plan for you. It is called {{{{ plan }}}}.",
        f'f"<p>Part {part}: hello {{escape(name)}}, {{escape(company)}} has a plan for you.'
        f' It is called {{escape(plan)}}.</p>"',
    )
    for part in range(5)
]
PICTURES = [
    Field(f"https://cdn.example.com/{{{{ number }}}}/{part}.png", f'f"https://cdn.example.com/{{number}}/{part}.png"')
    for part in range(5)
]
CAPTIONS = [
    Field(f"{{{{ plan }}}} since {{{{ date }}}}, {part}", f'f"{{plan}} since {{date}}, {part}"') for part in range(5)
]
NEEDING_JINJA = [
    Field("https://cdn.example.com/{{ plan|lower }}/a.png", 'f"https://cdn.example.com/{plan.lower()}/a.png"'),
    Field("https://cdn.example.com/{{ company|length }}.png", 'f"https://cdn.example.com/{len(company)}.png"'),
    Field(
        "{% if price > 50 %}Premium{% else %}Basic{% endif %} at {{ price }}",
        "f\"{'Premium' if price > 50 else 'Basic'} at {price}\"",
    ),
    Field("{{ '%.2f'|format(price) }} a month", 'f"{price:.2f} a month"'),
]
TITLE = Field("For {{ name }}", 'f"For {name}"')
HOOK = Field("https://example.com/hooks/{{ number }}", 'f"https://example.com/hooks/{number}"')
PARTS = ("one", "two", "three", "four", "the last")
"""Words in the boxes that are not equally wide, so that no two boxes are."""
HEADLINES = [Field(f"{{{{ name }}}}, part {part}", f'f"{{name}}, part {part}"') for part in PARTS]
LINES = [
    Field(f"{{{{ company }}}} greets {{{{ name }}}} {part}", f'f"{{company}} greets {{name}} {part}"') for part in PARTS
]
VARIABLES = ("name", "company", "plan", "price", "date", "number")


def template(boxes: bool = False) -> Project:
    """Five scenes with 21 strings with holes, 4 of which need Jinja; with ten text boxes that change, if wanted."""
    project = Project(TITLE.jinja, webhook_url=HOOK.jinja)
    for part in range(5):
        project = (
            project.scene(background="/images/background/bg_blue_gradient.png")
            .avatar("M000045058", say=SPEECH[part].jinja)
            .image(PICTURES[part].jinja, natural=(800, 600), at="top left", margin=40, width="20%")
            .shape("Square", fill="#102030", width=600, height=120, at="bottom right", margin=40, tag="panel")
            .text(CAPTIONS[part].jinja, width=560, height=80, at="bottom right", margin=60)
            .text("A line that stays", at="bottom left", margin=40)
        )
        if part < 2:
            project = project.image(NEEDING_JINJA[part].jinja, natural=(90, 90), at="top right")
        elif part < 4:
            project = project.text(NEEDING_JINJA[part].jinja, width=400, height=60, at="left")
        if boxes:
            where = {"at": "top", "margin": 40} if part % 2 else {"at": above("panel", gap=24)}
            project = project.text(HEADLINES[part].jinja, tag="headline", **where)
            project = project.text(LINES[part].jinja, font_size=32, at=below("headline", gap=12))
    return project


def fields(boxes: bool) -> list[Field]:
    """The strings with holes."""
    more = [*HEADLINES, *LINES] if boxes else []
    return [TITLE, HOOK, *SPEECH, *PICTURES, *CAPTIONS, *NEEDING_JINJA, *more]


def rows(count: int, seed: int = 1, *, names: str = "new") -> Iterator[dict[str, Any]]:
    """Rows whose names were never met before, or of seven names only ("few"); or with no value met before ("all")."""
    random = Random(seed)
    for number in range(count):
        name = f"Ann No {number % 7}" if names == "few" else f"{_word(random)} {_word(random)}"
        if names == "all":
            words = {"company": f"{_word(random)} & Sons", "plan": _word(random), "date": f"{number} {_word(random)}"}
            yield {"name": name, **words, "price": number + 0.5, "number": 100_000 + number}
            continue
        yield {
            "name": name,
            "company": f"Firm & Sons {number % 50}",
            "plan": ("Gold", "Silver", "Bronze")[number % 3],
            "price": number % 97 + 0.5,
            "date": f"{number % 28 + 1} May",
            "number": 100_000 + number,
        }


def _word(random: Random) -> str:
    return "".join(random.choices("aeioubdgklmnrst", k=random.randint(4, 9))).capitalize()


# the other ways


def spoken(field: Field) -> str:
    """A field as the template's JSON shows it: speech is in its paragraph there."""
    return f"<p>{field.jinja}</p>" if field in SPEECH else field.jinja


def bare(boxes: bool) -> Any:
    """The payload with its strings' holes still in it: what the other ways fill."""
    row = next(rows(1))
    document = template(boxes).render(row).to_dict()
    known = {eval(field.python, {"escape": escape}, row): field for field in fields(boxes)}

    def opened(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: opened(item) for key, item in value.items()}
        if isinstance(value, list):
            return [opened(item) for item in value]
        return known.get(value, value) if isinstance(value, str) else value

    return opened(document)


def filled_in(value: Any) -> Any:
    """The bare payload as plain JSON."""
    if isinstance(value, dict):
        return {key: filled_in(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled_in(item) for item in value]
    return spoken(value) if isinstance(value, Field) else value


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Field]]:
    """Where the strings with holes stand."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(item, Field):
            yield (*path, key), item
        else:
            yield from places(item, (*path, key))


def source(value: Any) -> str:
    """The bare payload as a Python literal, with f-strings."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {source(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(source, value)) + "]"
    return value.python if isinstance(value, Field) else repr(value)


def function(body: str) -> Callable[[dict[str, Any]], Any]:
    """A function of a row, made of this source."""
    scope: dict[str, Any] = {"escape": escape, "orjson": orjson, "json": json, "deepcopy": deepcopy}
    names = ", ".join(f"{name}=row[{name!r}]" for name in VARIABLES)
    exec(f"def made({', '.join(VARIABLES)}):\n{body}\n", scope)
    made = scope["made"]
    exec(f"def of_row(row): return made({names})", scope)
    return scope["of_row"] if made else None  # type: ignore[return-value]


def by_hand(boxes: bool) -> Callable[[dict[str, Any]], Any]:
    """Deep copy of the dict, assignments, json.dumps: what people write."""
    payload = bare(boxes)
    lines = ["    payload = deepcopy(PAYLOAD)"]
    for path, field in places(payload):
        lines.append("    payload" + "".join(f"[{key!r}]" for key in path) + f" = {field.python}")
    made = function("\n".join([*lines, "    return json.dumps(payload)"]))
    made.__globals__["PAYLOAD"] = filled_in(payload)
    return made


def by_literal(boxes: bool) -> Callable[[dict[str, Any]], Any]:
    """A dict literal with f-strings, and orjson."""
    return function(f"    return orjson.dumps({source(bare(boxes))})")


def by_big_template(boxes: bool) -> Callable[[dict[str, Any]], Any]:
    """One Jinja template of the JSON text, each string with holes through `tojson`."""
    text = json.dumps(filled_in(bare(boxes)))
    for field in fields(boxes):
        html = spoken(field).replace(" }}", "|e }}") if field in SPEECH else spoken(field)
        text = text.replace(json.dumps(spoken(field)), "{% filter tojson %}" + html + "{% endfilter %}")
    return jinja2.Environment().from_string(text).render


def by_models(boxes: bool) -> Callable[[dict[str, Any]], Any]:
    """Pydantic models: deep copy, assignments, `model_dump_json`."""
    payload = bare(boxes)
    lines = ["    payload = MODEL.model_copy(deep=True)"]
    for path, field in places(payload):
        steps = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
        lines.append(f"    payload{steps} = {field.python}")
    made = function("\n".join([*lines, "    return payload.model_dump_json()"]))
    made.__globals__["MODEL"] = modelled(filled_in(payload))
    return made


def modelled(value: Any) -> Any:
    """A value as models, one class for each object."""
    if isinstance(value, list):
        return [modelled(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: modelled(item) for key, item in value.items()}
    kinds = {key: (type(item) if item is not None else Any, ...) for key, item in inner.items()}
    config = pydantic.ConfigDict(protected_namespaces=())
    made = pydantic.create_model("Part", __config__=config, **kinds)  # type: ignore[call-overload]
    return made(**inner)


def by_strings(boxes: bool) -> Callable[[dict[str, Any]], Any]:
    """Jinja's own rendering of the strings alone, without any JSON."""
    renders = [jinja2.Template(field.jinja).render for field in fields(boxes)]
    return lambda row: [render(row) for render in renders]


# measuring


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes, garbage collected before."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def through(way: Callable[[dict[str, Any]], Any], some: list[dict[str, Any]]) -> None:
    """Make the payload of each row, and let it go, as a writer does."""
    deque(map(way, some), maxlen=0)


def compared(boxes: bool, rounds: int, *, names: str = "new") -> dict[str, tuple[float, float]]:
    """Of each way: microseconds per payload, and how many times faster than by hand; medians."""
    plan = template(boxes).compile()
    ways: dict[str, Callable[[dict[str, Any]], Any]] = {
        "deepcopy of the dict, assign, `json.dumps`": by_hand(boxes),
        "pydantic models, deep copy, `model_dump_json`": by_models(boxes),
        "one big Jinja template of JSON with `tojson`": by_big_template(boxes),
        "dict literal with f-strings + orjson": by_literal(boxes),
        "`jinja2.Template.render` of the strings alone": by_strings(boxes),
        "**compiled plan**": plan.render_json,
    }
    if not boxes:
        agree(ways, plan)
    supply = rows(rounds * ROWS_A_TIME, names=names)
    taken: list[dict[str, float]] = []
    for _ in range(rounds):
        some = [next(supply) for _ in range(ROWS_A_TIME)]
        taken.append({name: seconds(partial(through, way, some)) for name, way in ways.items()})
    assert plan.slow_rows == 0, "the fast path did not run"
    first = next(iter(ways))
    found = {}
    for name in ways:
        cost = median(one[name] for one in taken) / ROWS_A_TIME * 1e6
        found[name] = (cost, median(one[first] / one[name] for one in taken))
    strings = "`jinja2.Template.render` of the strings alone"
    found["plan to strings"] = (0.0, median(one["**compiled plan**"] / one[strings] for one in taken))
    return found


def agree(ways: dict[str, Callable[[dict[str, Any]], Any]], plan: Any) -> None:
    """Every way must make the same payload."""
    for row in rows(20):
        wanted = json.loads(plan.render_json(row))
        assert plan.render_json(row) == template().render(row).to_json().encode()
        for name, way in ways.items():
            if "strings alone" not in name:
                assert json.loads(way(row)) == wanted, name


def compile_cost(rounds: int) -> float:
    """Milliseconds to compile, with nothing cached from before."""
    project, taken = template(), []
    for _ in range(rounds):
        for cached in (environment.compiled, environment.parsed, environment._needed, environment._expression):
            cached.cache_clear()
        taken.append(seconds(project.compile))
    return median(taken) * 1000


def writer_ratio(rounds: int) -> float:
    """`write_jsonl` to a file, over rendering the rows and one raw write."""
    plan, ratios, some = template().compile(), [], list(rows(2000))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.jsonl"

        def raw() -> None:
            target.write_bytes(b"\n".join([plan.render_json(row) for row in some]))

        for _ in range(rounds):
            plain = seconds(raw)
            ratios.append(seconds(lambda: plan.write_jsonl(some, target)) / plain)
    return median(ratios)


def shard(plan: Any, count: int, seed: int) -> None:
    """Write the rows of one shard."""
    with Path(os.devnull).open("wb") as file:
        plan.write_jsonl(rows(count, seed), file)
    assert plan.slow_rows == 0


def counting(count: int) -> int:
    """Work that shares nothing: what two processes gain here at best."""
    return sum(number & 7 for number in range(count))


def processes_ratio(rounds: int, count: int = 10_000) -> tuple[float, float]:
    """How much faster two processes write two shards than one of them writes both; and the same of bare counting."""
    plan = template().compile()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(shard, [plan] * 4, [100] * 4, range(4)))
        shards, counts = [], []
        for _ in range(rounds):
            alone = seconds(lambda: pool.submit(shard, plan, 2 * count, 1).result())
            shards.append(alone / seconds(lambda: list(pool.map(shard, [plan] * 2, [count] * 2, (1, 2)))))
            alone = seconds(lambda: pool.submit(counting, 600 * count).result())
            counts.append(alone / seconds(lambda: list(pool.map(counting, [300 * count] * 2))))
    return median(shards), median(counts)


def growth(boxes: bool) -> float:
    """MiB that the peak of a process's memory grows from 1,000 rows to 100,000."""
    code = f"from tests.benchmarks.payloads import grown; print(grown({boxes}))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    return float(found.stdout)


def grown(boxes: bool) -> float:
    """The same, in this process."""
    plan = template(boxes).compile()
    peaks = []
    for count in (1_000, 100_000):
        with Path(os.devnull).open("wb") as file:
            plan.write_jsonl(rows(count), file)
        status = Path("/proc/self/status").read_text()
        peaks.append(int(status.partition("VmHWM:")[2].split()[0]))
    assert plan.slow_rows == 0
    return (peaks[1] - peaks[0]) / 1024


# the page


def main() -> None:
    """Measure, print, and write the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    options = parser.parse_args()
    text = "\n".join(report(options.rounds))
    print(text)
    if options.write:
        put_into_page("measured", text)


def report(rounds: int) -> Iterator[str]:
    """The tables, as Markdown."""
    size = len(template().compile().render_json(next(rows(1)))) / 1000
    yield (
        f"CPython {platform.python_version()}, {os.cpu_count()} cores, {rounds} interleaved rounds of {ROWS_A_TIME}"
        f" rows, medians. Five scenes, {size:.0f} KB of JSON, 21 template strings (4 need Jinja itself), 6 variables."
    )
    yield ""
    yield from ways_table(plain := compared(False, rounds), boxed := compared(True, rounds), rounds)
    yield ""
    yield "| what | measured | wanted |"
    yield "| --- | --- | --- |"
    for found, wanted, words in ((plain, 60, ""), (boxed, 20, ", ten text boxes all different")):
        faster = found["**compiled plan**"][1]
        yield f"| times faster than by hand{words} | {faster:.0f} | at least {wanted} |"
    share = plain["plan to strings"][1]
    yield f"| plan's time over `Template.render` of the strings alone | {share:.3f} | at most 0.08 |"
    yield f"| compiling, nothing cached | {compile_cost(rounds):.1f} ms | at most 20 ms |"
    yield f"| `write_jsonl` over rendering and one raw write | {writer_ratio(rounds // 2):.2f} | at most 1.1 |"
    shards, bare = processes_ratio(9)
    yield f"| two processes on two shards over one (bare counting: {bare:.2f}) | {shards:.2f} | at least 1.6 |"
    for boxes, words in ((False, ""), (True, ", ten text boxes all different")):
        yield f"| peak memory from 1,000 rows to 100,000{words} | {growth(boxes):+.1f} MiB | at most +2 MiB |"


def ways_table(
    plain: dict[str, tuple[float, float]], boxed: dict[str, tuple[float, float]], rounds: int
) -> Iterator[str]:
    """The ways, and the plan where every value is new, and with text boxes that change."""
    yield "| way | µs per payload | times faster than by hand |"
    yield "| --- | --- | --- |"
    for name, (cost, faster) in plain.items():
        if cost:
            yield f"| {name} | {cost:.0f} | {faster:.1f} |"
    boxes = "ten text boxes measured for each row"
    for found, words in (
        (compared(False, rounds, names="all"), "every value new in each row"),
        (compared(True, rounds, names="few"), f"{boxes}, seven names in turn"),
        (boxed, f"{boxes}, all different"),
        (compared(True, rounds, names="all"), f"{boxes}, every value new"),
    ):
        cost, faster = found["**compiled plan**"]
        yield f"| compiled plan, {words} | {cost:.0f} | {faster:.1f} |"


if __name__ == "__main__":
    main()
