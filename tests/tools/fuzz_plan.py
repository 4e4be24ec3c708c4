"""Random templates and rows: the plan must give the bytes and errors of the slow path, and fall to it for no valid row.

    python -m tests.tools.fuzz_plan --pairs 20000 --seed 1
    python -m tests.tools.fuzz_plan --pairs 400 --mutate escape    # breaks the plan on purpose: must report failures

The exit code is 1 where a pair differs, or where a valid row fell to the slow path.
"""

import argparse
import importlib.util
import sys
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from unittest import mock

import numpy
import pandas
from attrs import evolve, frozen
from markupsafe import Markup

from aistudios_dsl import (
    Avatar,
    DslError,
    Fonts,
    Project,
    TextStyle,
    Theme,
    above,
    around,
    below,
    column,
    grid,
    inside,
    left_of,
    right_of,
    row,
    wire,
)
from aistudios_dsl.build.localised import localised
from aistudios_dsl.build.placement import Beside, Inside
from aistudios_dsl.languages.messages import said_in
from aistudios_dsl.languages.pseudo import pseudo
from aistudios_dsl.layout.text import POINT, is_bold, wrap
from aistudios_dsl.plan import choices, conditional, generated, program
from aistudios_dsl.plan import plan as plan_module
from aistudios_dsl.plan.segments import Hole
from aistudios_dsl.resolve.placing import Layout
from aistudios_dsl.templates.neighbours import settled
from aistudios_dsl.templates.trans import replaced

ROWS_PER_TEMPLATE = 8

TEXTS = [
    "Ann",
    "Ann Brown",
    "AV",
    "Zoë Töv-Ťa",
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
    "吾輩は猫である。「名前」はまだ無い、どこで生れたか。iPhone15",
    "well-known / rather-long-and-hyphenated ( words ) !",
    "1\ufe0f\u20e3 ⭐ H₂O สวัสดีครับ",
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
    date(2026, 3, 1),
    datetime(2026, 3, 1, 14, 30),
    Decimal("2.50"),
    numpy.int64(5),
]
MISSING = [None, float("nan"), Decimal("NaN"), Decimal("sNaN"), pandas.NA, pandas.NaT, numpy.float32("nan")]
BROKEN = [*MISSING, float("inf"), Decimal("Infinity"), "\ud800", "half \udfff", object, [None], {"k": pandas.NaT}]
NAMES = ["name", "city", "note", "count"]
COLOURS = ["#102030", "rgb(1, 2, 3)", "navy", "#fff", "hsl(210, 50%, 13%)"]
NAMED = ["brand", "navy", " navy "]
STYLES = ["title", "small"]
THEMES = [
    Theme(
        colors={"brand": "#e4002b", "navy": "#001f3f", "ink": "rgb(7, 7, 7)"},
        text={
            "title": TextStyle(font_size=61, bold=True, color="brand", align="center"),
            "small": TextStyle(font_size=12, italic=True, background="ink", stroke="navy", stroke_width=2),
        },
    ),
    Theme(
        colors={"brand": "white"}, text={"title": TextStyle(), "small": TextStyle(color="brand")}, font_family="Inter"
    ),
    Theme(text={"title": TextStyle(underline=True), "small": TextStyle(font_family="Lato")}),
]
ANCHORS = ["top left", "center", "bottom right", "top", "left"]
ROWS_FIXED = {
    "colour": COLOURS,
    "anchor": ANCHORS,
    "size": [*[120, 220.5, "300", "45%", 800] * 4, 10],
    "vip": [True, False, 0, 1, "true", "", None],
    "people": [[], ["Ann"], ["Ann", "Bob & Co", "Cid"], [{"n": 1}, "x"]],
    "pairs": [[], [("a", 1), ("b", 2)], [["c", 3]]],
    "nested": [{"key": 'v"<', "list": [1, 2]}, {"key": "", "list": []}],
    "align": ["left", "center", "right"],
    "language": ["ko", "pt-BR"],
    "shape": ["Circle", "Star", "Square"],
    "named": NAMED,
    "style": [*STYLES, ""],
    "background": ["#102030", "https://x.example/a.png", "/images/b.png", "rgb(9,9,9)"],
    "tag": ["t", "u", ""],
    "model": ["M000045058"],
    "truth": [True, False, 0, 1.5, "1", "false", None, ""],
    "First Name": ["Ann", "Bob & Co", "Cid"],
    "E-Mail": [*["a@x.example", ""] * 6, 7],
    "gap": [*["here"] * 100, *MISSING],
    "price": [*[0, 7, 1234.5, "19.90", Decimal("2.50")] * 8, "a lot"],
    "day": [*[date(2026, 3, 1), datetime(2026, 3, 1, 14, 30), "2026-03-01"] * 8, "soon"],
}
ARABIC = (
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=0 && n%100<=2 ? 4 : 5);"
)
PLURALS = replaced(
    "{% trans n=count %}one{% pluralize %}{{ n }} many{% endtrans %}",
    lambda block: block.said([f"{{{{ n }}}} {form}" for form in range(6)], ARABIC),
)
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
    "{% trans n=count %}one{% pluralize %}{{ n }} of {{ name }}{% endtrans %}",
    "{%- trans trimmed city, n=people|length -%}\n in {{ city }}{% pluralize n %} many {% endtrans %}",
    PLURALS,
    "{{ self }}",
    "{{ First_Name }}",
    '{{ row["First Name"]|upper }}',
    "{{ row['E-Mail'] }} {{ E_Mail|length }}",
    "{{ gap|default('none', true) }}",
    "{% if gap is none %}no{% else %}{{ gap|upper }}{% endif %}",
    "{{ gap|upper }}",
    "{{ 'a' ~ gap }}",
    "{{ [gap, name]|join(', ') }}",
    "{{ '%s'|format(gap) }}",
    "{{ gap or name }}",
    "{{ row.gap == 'here' }}",
    "{% if count == 7 %}seven{% endif %}",
    "{{ row|length }}",
    "{{ price|money('EUR') }}, {{ price|number(1) }}",
    "{{ day|date }}: {{ day|date('d MMM')|upper }}",
]
ONE_LINE = ["{{ name }}", "AV{{ city }}", "T{{ name }}, {{ city }}", "{{ name }}{{ city }}AV", "{{ city|upper }}."]
"""Strings that a plan measures word by word, with letters that kern."""
CONSTANTS = [
    "Hello ",
    "To, ",
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
EACHES = ["item in people", "a, b in pairs", "item in range(2)", "item in []", "item in nested.list"]
WHENS = ["vip", "vip", "not vip", "people|length > 1", "name != 'Ann'", "not pairs", "count == 7", "truth"]
FILES = Path(__file__).parents[1] / "data" / "fonts"
HAS_FONTS = importlib.util.find_spec("uharfbuzz") is not None
FONTS = Fonts({"Small": sorted(FILES.glob("latin-*.ttf"))}, fallback=[FILES / "thai-400.ttf"]) if HAS_FONTS else None
"""Where the extra `fonts` is not installed, the templates do without."""


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
        self.in_group = False
        self.conditional = False
        self.theme = self.random.choice([None, *THEMES])

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
        if self.some(0.3):
            return pick(ONE_LINE)
        parts = [pick(CONSTANTS), pick(HOLES), pick(CONSTANTS)]
        if self.some(0.3):
            parts += [pick(HOLES), pick(CONSTANTS)]
        if self.some(0.002):
            parts.append("{{ missing_name }}")
        if self.conditional and self.some(0.2):
            parts.append("{{ loop.index if loop is defined else name }}")
        return "".join(parts)

    def conditions(self, chance=0.3):
        """When a clip or group is there, and how often."""
        found, pick = {}, self.random.choice
        if self.conditional and self.some(chance):
            found["when"] = pick(WHENS) if self.some(0.98) else "city"
        if self.conditional and self.some(chance / 2):
            found["each"] = pick(
                ["item in people", "a, b in pairs", "item in range(2)", "item in []", "item in nested.list"]
            )
            found["when"] = pick([None, None, "loop.first", "not loop.last", "loop.index != 2"])
        return found

    def colour(self):
        named = [*NAMED, "{{ named }}", "{{ named }}"] if self.theme and self.some(0.5) else []
        return self.random.choice([*COLOURS, "{{ colour }}", "{{ colour }}", "#{{ 'abc' }}", *named])

    def shadow(self):
        return {"shadow": wire.Shadow(color=self.colour(), blur=2)} if self.some(0.1) else {}

    def length(self):
        most = [120, 333.3, 500] if self.in_group and self.some(0.8) else [120, 333.3, "25%", 900, "{{ size }}"]
        return self.random.choice(most)

    def place(self, tags):
        pick, place = self.random.choice, {}
        if self.some(0.8):
            neighbour = pick([above, below, left_of, right_of])
            spots = [pick(ANCHORS), (pick([10, 44.5, "10%"]), 300), "{{ anchor }}"]
            if tags:
                spots += [neighbour(pick(tags), gap=pick([0, 24, "2%"]))] * 4
                spots += [inside(pick(tags), pick(ANCHORS), margin=pick([0, 8, "5%"]))] * 2
            place["at"] = pick(spots)
        if self.in_group and not isinstance(place.get("at"), Inside):
            place.pop("at", None)
        if self.some(0.3) and isinstance(place.get("at"), str) and not self.in_group:
            place["margin"] = pick([40, "5%", (10, "{{ size }}")])
        if self.some(0.25):
            place["angle"] = pick([90, 30, 12.5, 360])
        if self.some(0.15):
            place["scale"] = pick([0.5, 2, (1.5, 2)])
        if self.some(0.1):
            place["layer"] = pick([1, 7])
        if self.some(0.05):
            place["id"] = pick([self.name(), self.name() + "{{ tag }}"])
        place |= self.conditions()
        self.tell_apart(place)
        return place | self.keys()

    def keys(self):
        pick, keys = self.random.choice, {}
        if self.some(0.15):
            further = {"note": [self.string(), 1], "x": {"y": self.string()}}
            keys["extra"] = pick(
                [
                    further,
                    further,
                    {"opacity": wire.UNSET},
                    {"opacity": wire.UNSET, "scaleX": wire.UNSET},
                    {"scaleY": 1.0},
                ]
            )
        if self.some(0.1):
            keys["key_order"] = pick(["left top width height", "opacity id"])
        return keys

    def tell_apart(self, place):
        """Give the repetitions of a clip places and ids of their own."""
        if not place.get("each"):
            return
        if self.some(0.3) and isinstance(place.get("at"), str):
            place["at"] = ("10%", "{{ loop.index * 40 }}")
        if "id" in place:
            place["id"] += "-{{ loop.index }}"

    def text(self, scene, tags):
        pick = self.random.choice
        own = {"font_size": pick([12, 24, 48, 61]), "bold": self.some(0.3), "color": self.colour(), **self.shadow()}
        if self.theme and self.some(0.5):
            own["style"] = pick([*STYLES, "{{ style }}"])
            own = {name: value for name, value in own.items() if name == "style" or self.some(0.3)}
        size = pick(["", "", "", "width", "fit", "box", "height"])
        if size in ("width", "box"):
            own["width"] = pick(
                [400, 600, 1200] if self.in_group and self.some(0.8) else [400, "60%", 1200, "{{ size }}"]
            )
        if size in ("height", "box"):
            own["height"] = pick([80, "10%"])
        if size == "fit":
            own["fit"] = (pick([300, 500 if self.in_group else "50%", 1500]), pick([200, "40%"]))
        if size in ("width", "fit") and self.some(0.3):
            own["balance"] = True
        own |= self.letters()
        place = self.place(tags)
        return scene.text(self.string(0.85), **own, **self.tagged(tags), **place)

    def letters(self):
        pick, own = self.random.choice, {}
        if self.some(0.1):
            own["font_family"] = pick(["Small", "Playfair Display", "Noto Sans CJK SC"])
        if self.some(0.2):
            own["stroke"], own["stroke_width"] = self.colour(), pick([1, 2.5])
        if self.some(0.2):
            own["background"] = self.colour()
        if self.some(0.3):
            own["align"] = pick(["center", "right", "{{ align }}"])
        if self.some(0.2):
            own["exact"] = pick([True, (300, 72.32), (48.5, 54.24)])
        return own

    def tagged(self, tags):
        if not self.some(0.6):
            return {}
        tag = f"t{len(tags)}" if self.some(0.97) else "{{ tag }}"
        if self.conditional and self.some(0.1):
            tag += "-{{ loop.index if loop is defined else 1 }}"
            tags.append(tag.partition("-")[0] + "-1")
            return {"tag": tag}
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
        place |= self.conditions()
        place |= pick(
            [{}, {}, {"voice_only": None, "effects": []}, {"extra": {"isDelete": True, "name": self.string()}}]
        )
        place |= pick(
            [{}, {}, {"voice_only": True}, {"language": pick([*["ko", "{{ language }}"] * 5, "{{ anchor }}"])}]
        )
        place = {"effects": pick([None, ("head-only",), ("{{ name }}",)]), **place}
        scene = scene.avatar(given, **self.tagged(tags), **place)
        for _ in range(pick([0, 1, 1, 2])):
            scene = scene.say(self.string(0.85), html=self.some(0.25))
        return scene

    def around(self, scene, tags):
        """A shape or picture around clips, with or without what could not be there."""
        pick = self.random.choice
        names = self.random.sample(tags, min(len(tags), pick([1, 1, 2])))
        at = around(*names, padding=pick([0, 12, (20, "1%")]))
        layer = {"layer": 3} if self.some(0.1) else {}
        if self.some(0.7):
            stroke = {"stroke": "#fff", "stroke_width": 2} if self.some(0.3) else {}
            own = self.conditions(0.15)
            return scene.shape("Square", fill=self.colour(), at=at, **stroke, **layer, **own, **self.tagged(tags))
        sizes = pick([{"natural": (800, 600), "fit": pick(["contain", "cover", None])}, {}])
        return scene.image("https://x.example/a.png", at=at, **sizes, **layer, **self.tagged(tags))

    def group(self, scene, tags, depth=0):
        """A group, with groups in it, placed in a scene or group."""
        pick = self.random.choice
        kind = pick(["row", "column", "grid"])
        own = {"gap": pick([0, 8, 24.5]), "padding": pick([0, 12, (30, 10)])}
        made = {
            "row": lambda: row(**own, align=pick(["top", "center", "bottom"])),
            "column": lambda: column(**own, align=pick(["left", "center", "right"])),
            "grid": lambda: grid(pick([1, 2, 3]), **own, align=pick(ANCHORS)),
        }[kind]()
        outer, self.in_group = self.in_group, True
        before = list(tags)
        for _ in range(pick([1, 2, 2, 3])):
            made = self.group(made, tags, depth + 1) if depth < 2 and self.some(0.2) else self.clip(made, tags)
        self.in_group = outer
        place = {"width": pick([900, 900, "80%", "{{ size }}"])} if self.some(0.4) else {}
        place |= self.conditions()
        if not depth:
            # What the group holds cannot be its neighbour.
            neighbours = before if self.some(0.95) else tags
            place |= {key: value for key, value in self.place(neighbours).items() if key in ("at", "margin", "layer")}
        return scene.place(made, **place, **self.tagged(tags))

    def alternatives(self, scene, tags):
        """Two texts or avatars, of which a row has one, under the same tag."""
        tag = f"t{len(tags)}"
        tags.append(tag)
        for when in ("vip", "not vip"):
            if self.some(0.5) or self.in_group:
                scene = scene.text(self.string(), tag=tag, when=when)
            else:
                scene = scene.avatar("M000045058", say=self.string(), tag=tag, when=when)
        return scene

    def clip(self, scene, tags):
        pick = self.random.choice
        if tags and self.some(0.1):
            return self.around(scene, tags)
        if not self.in_group and self.some(0.12):
            return self.group(scene, tags)
        if self.conditional and self.some(0.08):
            return self.alternatives(scene, tags)
        kind = pick(["text", "text", "text", "avatar", "image", "video", "audio", "shape", "put"])
        if self.in_group and kind in ("avatar", "audio", "put"):
            kind = "text"
        if kind in ("text", "avatar"):
            return getattr(self, kind)(scene, tags)
        url = "https://x.example/" + pick(["a.png", "{{ name }}.png", "{{ city|lower }}/b"])
        if kind == "audio":
            return scene.audio(url, label=self.string(), **self.conditions())
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
            name = pick(["Circle", "{{ shape }}"])
            return scene.shape(name, fill=self.colour(), width=self.length(), **self.shadow(), **place)
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
        if self.some(0.005):
            condition["when"] = "count"
        background = pick(
            [None, "#102030", "/images/x.png", "{{ background }}", "https://x.example/{{ name|urlencode }}.png"]
        )
        if self.some(0.02):
            background = "https://x.example/{{ name }}.png"
        if self.theme and self.some(0.2):
            background = pick([*NAMED, "{{ named }}"])
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
            "theme": self.theme,
            "environment": pick([None, None, None, shout, softened]),
            "orientation": pick(["landscape", "landscape", "portrait", "{{ 'portrait' if vip else 'landscape' }}"]),
        }
        if self.some(0.3):
            head["webhook_url"] = "https://x.example/{{ name }}"
        if FONTS and self.some(0.2):
            head["fonts"] = FONTS
        if self.some(0.2):
            head["dictionary"] = {"words": [self.string(), 1, None]}
        if self.some(0.1):
            head["extra"] = {"x-note": self.string()}
        project = Project(self.string() if self.some(0.6) else None, **head)
        for _ in range(pick([0, 1, 2])):
            project = self.scene(project)
        whole = self.edited(self.scene(project, conditional=self.some(0.1)))
        if self.some(0.1):
            whole = said_in(whole, pseudo(whole).translation)
        return localised(whole, pick(["de", "ar", "ko"])) if self.some(0.2) else whole

    def edited(self, project):
        """A project after an edit or two of its last scene, in the words of the verbs."""
        pick = self.random.choice
        named = [(clip.tag or clip.id, type(clip)) for clip in project.scenes[-1]._clips() if clip.tag or clip.id]
        for _ in range(pick([0, 1, 2])):
            name, kind = pick(named) if named else ("", None)
            place = {"at": pick([*ANCHORS, (5, 6.5), ("10%", 3), "{{ anchor }}"])} if self.some(0.5) else {}
            place |= {"width": self.length()} if not place or self.some(0.3) else {}
            own = {
                wire.Text: [
                    {"color": self.colour(), "bold": True},
                    {"text": self.string(), "align": pick(["right", "{{ align }}"])},
                    {"fit": (pick([400, "50%"]), 300)},
                    {"text": self.string(), **place},
                ],
                wire.AvatarClip: [
                    {"framing": pick(["bust", "full"])},
                    {"language": "{{ 'ko' }}"},
                    {"say": self.string()},
                ],
                wire.Image: [{"url": "https://x.example/{{ name }}.png", "natural": (30, 40)}, {"opacity": 40} | place],
                wire.Shape: [{"fill": self.colour()}, {"name": pick(["Star", "{{ shape }}"]), **place}],
                wire.Video: [{"volume": 5}, {"poster": self.string()} | place],
                wire.Audio: [{"label": self.string()}],
            }
            if kind in own:
                changes = pick([*own[kind], place if kind is not wire.Audio else {"volume": 7}, {"layer": 9}])
                changes = changes | self.conditions(0.2)
                project = project.edit(name, scene=len(project.scenes) - 1, **changes)
        return project

    def template(self):
        """A project with holes: made by the verbs, or loaded and perhaps changed."""
        while True:
            try:
                load = self.some(0.25)
                self.conditional = not load and self.some(0.6)
                project = self.project()
                self.conditional = self.conditional or self.some(0.5)
                return self.loaded(project) if load else project
            except DslError:
                continue

    def loaded(self, project):
        bare = [evolve(scene, when=None, each=None) for scene in project.scenes]
        document = evolve(project.with_scenes(bare), literal=True, environment=None).to_dict()
        if self.some(0.3):
            self.measure_as_the_canvas(document)
        found = Project.load(document, fonts=project.fonts)
        texts = [clip.id for clip in found._clips() if isinstance(clip, wire.Text)]
        if texts and self.some(0.3):
            found = found.edit(self.random.choice(texts), text=self.string())
        if self.conditional and found.scenes and self.some(0.5):
            found = self.clip(found, [])
        found = self.edited(found)
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
        if self.some(0.04):
            row[pick(list(row))] = pick(BROKEN)
        if self.some(0.005):
            row["First-Name"] = "Ann"
        if self.some(0.02):
            del row[pick(list(row))]
        if self.some(0.03):
            row |= pick([{"colour": "no colour"}, {"anchor": "nowhere"}, {"size": "wide"}, {"background": "rgb(x"}])
        if self.some(0.03):
            row |= pick(
                [{"named": "brnd"}, {"named": "ink"}, {"style": "titel"}, {"background": "ink"}, {"colour": "ink"}]
            )
        if self.some(0.03):
            row[None] = ["extra"]
        return row if self.some(0.995) else [row]


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


ODD = ("unequal", "valid, but slow", "compile refused")
"""What no pair may come to."""


def campaign(pairs, seed, report=print, *, until_found=False):
    """How many pairs were equal bytes, equal errors, unequal, or valid and yet slow; the odd ones are reported.

    `until_found` stops at the first template that gives an odd pair.
    """
    counted = Counter()
    number = 0
    while counted["pairs"] < pairs and not (until_found and any(counted[each] for each in ODD)):
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


def shifted(layout, units=None, standing=None):
    """Arrange clips, those beside another a pixel too far to the right where only some are arranged, as plans do."""
    corners = arrangement(layout, units, standing)
    if standing is None:
        return corners
    pixels = [isinstance(layout.intents[clip].at, Beside) for clip in layout.clips_of(units)]
    return lambda seen, bounds=None: [
        corner and (corner[0] + pixel, *corner[1:]) for corner, pixel in zip(corners(seen, bounds), pixels, strict=True)
    ]


arrangement = Layout.arrangement


def misplaced(scene, left_out):
    """Settle a scene as if all that is absent stood at the top."""
    return settled(scene, [evolve(absent, at="top", margin=0, flows_in=-1) for absent in left_out])


def wrong_choice(expressions, node, others):
    """Write what stands behind `if`, whatever the row."""
    return f"({expressions.joined(node.body)})"


MUTATIONS = {
    "escape": lambda: mock.patch.dict(program.WAYS, text="{}.encode()"),
    "speech": lambda: mock.patch.object(program, "_cuts_speech", return_value=False),
    "corner": lambda: mock.patch.object(Layout, "arrangement", shifted),
    "number": lambda: mock.patch.object(
        plan_module, "_numbered", lambda segment, number: b"0" if isinstance(segment, Hole) else segment
    ),
    "decide": lambda: mock.patch.object(choices, "decided", lambda found, read, theme: ("top",) * len(found)),
    "theme": lambda: mock.patch.object(program, "_coloured", lambda theme, text: text),
    "gap": lambda: mock.patch.object(generated.Source, "gap", return_value="0"),
    "plain": lambda: mock.patch.object(generated, "is_plain", bool),
    "branch": lambda: mock.patch.object(generated.Expressions, "choice", wrong_choice),
    "check": lambda: mock.patch.object(plan_module, "checks", return_value=()),
    "absent": lambda: mock.patch.object(conditional, "settled", misplaced),
    "layer": lambda: mock.patch.object(conditional, "layers", lambda layout, highest: [1] * len(layout.intents)),
    "scope": lambda: mock.patch.object(conditional, "seed_of", lambda item, place: str(place)),
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
    return 1 if any(counted[each] for each in ODD) else 0


if __name__ == "__main__":
    sys.exit(main())
