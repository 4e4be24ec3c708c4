"""Random templates and rows: the plan must give the bytes and errors of the slow path, and fall to it for no valid row.

    python -m tests.tools.fuzz_plan --pairs 20000 --seed 1
    python -m tests.tools.fuzz_plan --pairs 400 --mutate escape    # breaks the plan on purpose: must report failures

The exit code is 1 where a pair differs, or where a valid row fell to the slow path.
"""

import argparse
import sys
from collections import Counter
from random import Random
from unittest import mock

from attrs import evolve, frozen
from markupsafe import Markup

from aistudios_dsl import Avatar, DslError, Project, above, below, left_of, right_of, wire
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.layout.text import POINT, is_bold, wrap
from aistudios_dsl.plan import plan as plan_module
from aistudios_dsl.plan import program, segments
from aistudios_dsl.resolve.placing import arrange

ROWS_PER_TEMPLATE = 8

TEXTS = [
    "Ann",
    "Ann Brown",
    "",
    " ",
    " edge ",
    'say "hi"',
    "back\\slash",
    "</script><script>",
    "a & b < c > d",
    "it's",
    "line\nbreak",
    "para\n\ngraph",
    "\r\nCRLF\r\n",
    "tab\tbed",
    "\u2028sep\u2029",
    "\u00a0nbsp\u00a0",
    "{{ name }}",
    "{% if %}",
    "{# no #}",
    "100 %s %d %%",
    "😀 emoji 👩‍👩‍👧",
    "한국어 텍스트",
    "漢字とかな",
    "e\u0301 decomposed",
    "مرحبا",
    "\x00\x07\x7f",
    "\ue000\ue001",
    "x" * 60,
    "many short words one after the other",
    "#",
    "<p>tags</p>",
]
VALUES = [
    *TEXTS,
    0,
    7,
    -3,
    2.5,
    1e21,
    True,
    False,
    Markup("<b>safe</b>"),
    ["a", "b<"],
    {"k": 'v"', "n": 3},
    ("t", 1),
]
BROKEN = [None, float("nan"), float("inf"), "\ud800", "half \udfff", object]
NAMES = ["name", "city", "note", "count"]
COLOURS = ["#102030", "rgb(1, 2, 3)", "navy", "#fff", "hsl(210, 50%, 13%)"]
ANCHORS = ["top left", "center", "bottom right", "top", "left"]
ROWS_FIXED = {
    "colour": COLOURS,
    "anchor": ANCHORS,
    "size": [10, 20.5, "300", "45%", 800],
    "vip": [True, False, 0, 1, "true", "", None],
    "people": [[], ["Ann"], ["Ann", "Bob & Co", "Cid"], [{"n": 1}, "x"]],
    "pairs": [[], [("a", 1), ("b", 2)], [["c", 3]]],
    "nested": [{"key": 'v"<', "list": [1, 2]}, {"key": "", "list": []}],
    "align": ["left", "center", "right"],
    "shape": ["Circle", "Star", "Square"],
    "background": ["#102030", "https://x.example/a.png", "/images/b.png", "rgb(9,9,9)"],
    "tag": ["t", "u", ""],
    "model": ["M000045058"],
}
HOLES = [
    "{{ name }}",
    "{{ city }}",
    "{{note}}",
    "{{ count }}",
    "{{ name }}{{ city }}",
    "{{ name|upper }}",
    "{{ nested.key }}",
    "{{ nested['list']|length }}",
    "{% if vip %}{{ name }}{% else %}none{% endif %}",
    "{% for person in people %}{{ person }}, {% endfor %}",
    "{% set x = name %}{{ x }}",
    "{% macro m(v) %}[{{ v }}]{% endmacro %}{{ m(city) }}",
    "{{ name }}{# a comment #}",
    "{{ 'literal' }}",
    "{{ range(2)|list }}",
    "{{ note or 'empty' }}",
    "{{ (name ~ city)|truncate(9) }}",
    "{% with y = city %}{{ y }}{% endwith %}",
    "{% filter upper %}{{ name }}{% endfilter %}",
    "{% raw %}{{ raw }}{% endraw %}",
    "{{ self }}",
]
CONSTANTS = [
    "Hello ",
    " and ",
    "100 % ",
    "a\r\nb ",
    '"q" ',
    "<i> & ",
    "한 ",
    "\n\n",
    " \n",
    "%s",
    "",
    "",
    "",
    "x\u2028",
    "\\",
]
SAFE = ["name", "city"]


def shout(environment):
    """A hook as users write it: a filter and a global."""
    environment.filters["shout"] = lambda text: f"{text}!"
    environment.globals["brand"] = "Lumen & Co"


def softened(environment):
    """A hook that changes what a plain name writes."""
    environment.finalize = lambda value: "-" if value is None else value


class Maker:
    """Makes random templates, and rows for them."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.made = 0

    def some(self, chance):
        return self.random.random() < chance

    def name(self):
        """An id that is new, but for one in fifty."""
        self.made += 1
        return f"own-{self.made}" if self.some(0.98) else "own"

    def string(self, chance=0.7):
        """A string, with holes more often than not."""
        pick = self.random.choice
        if not self.some(chance):
            return pick(["plain text", "Plain, with words", 'quote "x"', "two\nlines", "글"])
        parts = [pick(CONSTANTS), pick(HOLES), pick(CONSTANTS)]
        if self.some(0.3):
            parts += [pick(HOLES), pick(CONSTANTS)]
        if self.some(0.004):
            parts.append("{{ missing_name }}")
        return "".join(parts)

    def colour(self):
        return self.random.choice([*COLOURS, "{{ colour }}", "{{ colour }}", "#{{ 'abc' }}"])

    def length(self):
        return self.random.choice([120, 333.3, "25%", 900, "{{ size }}"])

    def place(self, tags):
        pick, place = self.random.choice, {}
        if self.some(0.8):
            neighbour = pick([above, below, left_of, right_of])
            spots = [pick(ANCHORS), (pick([10, 44.5, "10%"]), 300), "{{ anchor }}"]
            if tags:
                spots += [neighbour(pick(tags), gap=pick([0, 24, "2%"]))] * 4
            place["at"] = pick(spots)
        if self.some(0.3) and isinstance(place.get("at"), str):
            place["margin"] = pick([40, "5%", (10, "{{ size }}")])
        if self.some(0.25):
            place["angle"] = pick([90, 30, 12.5, 360])
        if self.some(0.15):
            place["scale"] = pick([0.5, 2, (1.5, 2)])
        if self.some(0.1):
            place["layer"] = pick([1, 7])
        if self.some(0.05):
            place["id"] = pick([self.name(), self.name() + "{{ tag }}"])
        return place | self.keys()

    def keys(self):
        pick, keys = self.random.choice, {}
        if self.some(0.15):
            further = {"note": [self.string(), 1], "x": {"y": self.string()}}
            keys["extra"] = pick(
                [further, further, {"opacity": wire.UNSET}, {"opacity": wire.UNSET, "scaleX": wire.UNSET}]
            )
        if self.some(0.1):
            keys["key_order"] = pick(["left top width height", "opacity id"])
        return keys

    def text(self, scene, tags):
        pick = self.random.choice
        own = {"font_size": pick([12, 24, 48, 61]), "bold": self.some(0.3), "color": self.colour()}
        size = pick(["", "", "", "width", "fit", "box", "height"])
        if size in ("width", "box"):
            own["width"] = pick([400, "60%", 1200, "{{ size }}"])
        if size in ("height", "box"):
            own["height"] = pick([80, "10%"])
        if size == "fit":
            own["fit"] = (pick([300, "50%", 1500]), pick([200, "40%"]))
        if self.some(0.2):
            own["stroke"], own["stroke_width"] = self.colour(), pick([1, 2.5])
        if self.some(0.2):
            own["background"] = self.colour()
        if self.some(0.3):
            own["align"] = pick(["center", "right", "{{ align }}"])
        if self.some(0.2):
            own["exact"] = pick([True, (300, 72.32), (48.5, 54.24)])
        place = self.place(tags)
        return scene.text(self.string(0.85), **own, **self.tagged(tags), **place)

    def tagged(self, tags):
        if not self.some(0.6):
            return {}
        tag = f"t{len(tags)}" if self.some(0.97) else "{{ tag }}"
        tags.append(tag)
        return {"tag": tag}

    def avatar(self, scene, tags):
        pick = self.random.choice
        place = {}
        if self.some(0.4):
            place = pick([{"at": (10, 20)}, {"framing": "bust"}, {"height": "80%", "at": pick(ANCHORS)}])
        given = pick(["M000045058", "M000045058", "{{ model }}", Avatar("M1", "C1"), Avatar("M2", "C{{ count }}")])
        if isinstance(given, Avatar):
            place = {"width": 300, "height": 600, "at": pick(["left", "right"])}
        place |= pick(
            [{}, {}, {"voice_only": None, "effects": []}, {"extra": {"isDelete": True, "name": self.string()}}]
        )
        place |= pick([{}, {}, {"voice_only": True}, {"language": pick(["ko", "{{ anchor }}", "{{ align }}"])}])
        place = {"effects": pick([None, ("head-only",), ("{{ name }}",)]), **place}
        scene = scene.avatar(given, **self.tagged(tags), **place)
        for _ in range(pick([0, 1, 1, 2])):
            scene = scene.say(self.string(0.85), html=self.some(0.25))
        return scene

    def clip(self, scene, tags):
        pick = self.random.choice
        kind = pick(["text", "text", "text", "avatar", "image", "video", "audio", "shape", "put"])
        if kind in ("text", "avatar"):
            return getattr(self, kind)(scene, tags)
        url = "https://x.example/" + pick(["a.png", "{{ name }}.png", "{{ city|lower }}/b"])
        if kind == "audio":
            return scene.audio(url, label=self.string())
        if kind == "put":
            clip = wire.Text(
                id=self.name(),
                layer=3,
                left=1,
                top=2.5,
                width=9,
                height=9,
                text=self.string(),
                fill="#000000",
                font_size=12,
            )
            unknown = wire.UnknownClip(type="new", extra={"id": self.name(), "words": self.string()})
            return scene.put(pick([clip, unknown]))
        place = self.place(tags)
        place |= self.tagged(tags)
        if kind == "shape":
            return scene.shape(pick(["Circle", "{{ shape }}"]), fill=self.colour(), width=self.length(), **place)
        if kind == "video":
            place.pop("angle", None)
            return scene.video(url, natural=(640, 360), **place)
        sizes = pick([{"natural": (800, 600)}, {"width": self.length(), "height": 100}])
        return scene.image(url, **sizes, **place, **({"animation": "fade-in"} if self.some(0.1) else {}))

    def scene(self, project, conditional=True):
        pick, condition = self.random.choice, {}
        if conditional and self.some(0.25):
            condition["when"] = pick(["vip", "not vip", "name != 'Ann'", "people|length > 1"])
        if conditional and self.some(0.2):
            condition["each"] = pick(["name in people", "person in people", "city, count in pairs", "note in range(2)"])
        if self.some(0.01):
            condition["when"] = "count"
        background = pick([None, "#102030", "/images/x.png", "{{ background }}", "https://x.example/{{ name }}.png"])
        if self.some(0.1):
            background = wire.Background(source_type="image", source_url="/{{ city }}", source_color="{{ colour }}")
        extra = {"note": [self.string(), {"deep": self.string()}]} if self.some(0.1) else None
        project, tags = project.scene(background=background, extra=extra, **condition), []
        for _ in range(pick([0, 1, 2, 3, 4])):
            project = self.clip(project, tags)
        return project

    def project(self):
        pick = self.random.choice
        head = {
            "api": pick(["1.4", "1.6"]),
            "environment": pick([None, None, None, shout, softened]),
            "orientation": pick(["landscape", "landscape", "portrait", "{{ 'portrait' if vip else 'landscape' }}"]),
        }
        if self.some(0.3):
            head["webhook_url"] = "https://x.example/{{ name }}"
        if self.some(0.2):
            head["dictionary"] = {"words": [self.string(), 1, None]}
        if self.some(0.1):
            head["extra"] = {"x-note": self.string()}
        project = Project(self.string() if self.some(0.6) else None, **head)
        for _ in range(pick([0, 1, 2])):
            project = self.scene(project)
        return self.scene(project, conditional=self.some(0.1))

    def template(self):
        """A project with holes: made by the verbs, or loaded and perhaps changed."""
        while True:
            try:
                project = self.project()
                return self.loaded(project) if self.some(0.25) else project
            except DslError:
                continue

    def loaded(self, project):
        bare = [evolve(scene, when=None, each=None) for scene in project.scenes]
        document = evolve(project.with_scenes(bare), literal=True, environment=None).to_dict()
        if self.some(0.3):
            self.measure_as_the_canvas(document)
        found = Project.load(document)
        texts = [clip.id for clip in found._clips() if isinstance(clip, wire.Text)]
        if texts and self.some(0.3):
            found = found.edit(self.random.choice(texts), text=self.string())
        if self.some(0.3):
            found = self.scene(found)
        if self.some(0.2) and any(isinstance(clip, wire.AvatarClip) for clip in found.scenes[-1]._clips()):
            found = found.say(self.string())
        return found

    def measure_as_the_canvas(self, document):
        """Boxes as the canvas writes them: a little narrower than ours, or as wide as a long line is wrapped at."""
        for text in (clip for scene in document["scenes"] for clip in scene["clips"] if clip["type"] == "textImage"):
            text["width"] *= 1 - 3e-6
            if self.some(0.3):
                text["width"], text["text"] = 700, " ".join([text["text"], "word"] * 3)
                box = wrap(text["text"], text["fontSize"] * POINT, 700, bold=is_bold(text.get("fontWeight")))
                text["height"] = box.height

    def row(self):
        """A row with every name, then perhaps broken."""
        pick = self.random.choice
        row = {name: pick(TEXTS[:2] if self.some(0.3) else VALUES) for name in NAMES}
        row |= {name: pick(values) for name, values in ROWS_FIXED.items()}
        for name in SAFE if self.some(0.25) else ():
            row[name] = pick(["Ann", "Bob", "Oslo 12"])
        if self.some(0.1):
            row[pick(list(row))] = pick(BROKEN)
        if self.some(0.04):
            del row[pick(list(row))]
        if self.some(0.06):
            row |= pick([{"colour": "no colour"}, {"anchor": "nowhere"}, {"size": "wide"}, {"background": "rgb(x"}])
        if self.some(0.03):
            row[None] = ["extra"]
        return row if self.some(0.99) else [row]


@frozen
class Outcome:
    """Bytes, or an error's type, message, path and hint."""

    found: object
    valid: bool


def outcome(work):
    """What the work gives or raises."""
    try:
        return Outcome(work(), True)
    except DslError as fault:
        return Outcome((type(fault), fault.message, fault.path, fault.hint), False)
    except Exception as fault:
        return Outcome((type(fault), str(fault)), False)


def campaign(pairs, seed, report=print, *, until_found=False):
    """How many pairs were equal bytes, equal errors, unequal, or valid and yet slow; the odd ones are reported.

    `until_found` stops at the first template that gives an unequal pair.
    """
    counted = Counter()
    number = 0
    while counted["pairs"] < pairs and not (until_found and counted["unequal"]):
        number += 1
        maker = Maker(f"{seed}/{number}")
        template = maker.template()
        compiled = outcome(template.compile)
        for _ in range(ROWS_PER_TEMPLATE):
            row = maker.row()
            counted["pairs"] += 1
            counted[one(template, compiled, row, f"seed {seed}/{number}", report)] += 1
    return counted


def one(template, compiled, row, name, report):
    """What came of one pair."""
    expected = outcome(lambda: template.render(row).to_json().encode())
    if not compiled.valid:
        return "equal errors" if not expected.valid else "compile refused"
    plan = compiled.found
    slow = plan.slow_rows
    found = outcome(lambda: plan.render_json(row))
    if found != expected:
        report(f"{name}: {row!r}\n  slow path: {shown(expected, found)}\n  plan:      {shown(found, expected)}")
        return "unequal"
    if expected.valid and plan.slow_rows > slow:
        report(f"{name}: valid, but took the slow path: {row!r}")
        return "valid, but slow"
    return "equal bytes" if expected.valid else "equal errors"


def shown(one, other):
    """An outcome, from a little before the place where it parts from the other."""
    if not (one.valid and other.valid):
        return repr(one.found)[:300]
    at = next((i for i, (a, b) in enumerate(zip(one.found, other.found, strict=False)) if a != b), 0)
    return repr(one.found[max(0, at - 60) : at + 100])


def shifted(intents, canvas):
    """Arrange clips, those beside another a pixel too far to the right."""
    corners = arrange(intents, canvas)
    pixels = [isinstance(intent.at, Beside) for intent in intents]
    return lambda seen: [
        corner and (corner[0] + pixel, corner[1]) for corner, pixel in zip(corners(seen), pixels, strict=True)
    ]


MUTATIONS = {
    "escape": lambda: mock.patch.dict(program._OF_WORDS, text=str.encode),
    "speech": lambda: mock.patch.object(program, "_cuts_speech", return_value=False),
    "corner": lambda: mock.patch.object(segments, "arrange", shifted),
    "number": lambda: mock.patch.object(
        plan_module, "_numbered", lambda segment, number: b"0" if segment == "number" else segment
    ),
    "decide": lambda: mock.patch.object(plan_module, "decided", lambda found, read: ("top",) * len(found)),
    "check": lambda: mock.patch.object(plan_module, "checks", return_value=()),
}
"""Ways to break the plan, each of which a campaign has to find."""


def main(arguments=None):
    """Run a campaign from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--mutate", choices=MUTATIONS)
    options = parser.parse_args(arguments)
    reported = []
    if options.mutate:
        with MUTATIONS[options.mutate]():
            counted = campaign(options.pairs, options.seed, reported.append, until_found=True)
    else:
        counted = campaign(options.pairs, options.seed, reported.append)
    print(*reported[:5], sep="\n")
    print(", ".join(f"{count:,} {name}" for name, count in counted.items()))
    return 1 if counted["unequal"] or counted["valid, but slow"] or counted["compile refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
