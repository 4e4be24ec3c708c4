"""Boxes, anchors, relative places and sizes: equal to Fabric.js in Chromium, and lawful beyond its cases."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import ANCHORS, Box, canvas, corner_at, corner_beside, margins, topological_order
from aistudios_dsl.layout.sizes import extent, finite, length, one_of, plain, positive, scaled_size, seen_size
from aistudios_dsl.wire import UNSET

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "geometry_cases.json").read_text(encoding="utf-8")
)["cases"]
BEYOND_THE_PAYLOAD = ("skewX", "skewY", "padding", "flipX", "flipY", "strokeUniform")
EXPRESSIBLE = [case for case in CASES if not any(case.get(key) for key in BEYOND_THE_PAYLOAD)]
SHARE = {"left": 0, "center": 0.5, "right": 1, "top": 0, "bottom": 1}

sizes = st.floats(0.1, 900, allow_nan=False)
places = st.floats(-3000, 3000, allow_nan=False)
angles = st.floats(-720, 720, allow_nan=False) | st.sampled_from([0, 90, 180, 270, 360, -90, 0.0, 450])
anchors = st.sampled_from(sorted(ANCHORS))
laws = settings(max_examples=100)


def near(*numbers: float) -> Any:
    return pytest.approx(numbers, abs=1e-6, rel=0)


def stands_as(case: dict[str, Any], width: float, height: float) -> Box:
    """The case's box: its origin, or the point that it was placed by, carried over to left, top."""
    place = case.get("place", {"x": case["left"], "y": case["top"], **case})
    origin = (SHARE[place["originX"]], SHARE[place["originY"]])
    return Box.about((place["x"], place["y"]), width, height, case["angle"], origin)


@pytest.mark.parametrize("case", EXPRESSIBLE, ids=lambda case: f"{case['kind']}-{case['id']}")
def test_a_box_is_where_fabric_shows_it(case: dict[str, Any]) -> None:
    """Seen size, centre, corners and bounds of every case that a payload can say agree with Fabric within 1e-6."""
    # What a measured text or a scaling call made of the input stands in `out`; else the input has more digits.
    source = case["out"] if "text" in case or "call" in case else case
    across, down, scale_x, scale_y = (source[key] for key in ("width", "height", "scaleX", "scaleY"))
    width, height = seen_size(across, down, scale_x, scale_y, case["strokeWidth"])
    box = stands_as(case, width, height)
    assert (width, height) == near(*case["scaled"])
    assert box.centre == near(*case["center"])
    assert [near(*corner) for corner in case["corners"]] == list(box.corners)
    assert (box.bounds.left, box.bounds.top, box.bounds.width, box.bounds.height) == near(*case["bounds"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}-{case['id']}")
def test_bounds_follow_from_the_seen_size_alone(case: dict[str, Any]) -> None:
    """Also beyond the payload (skew, padding, flips), centre and bounds are those of a box of Fabric's seen size."""
    box = stands_as(case, *case["scaled"])
    assert box.centre == near(*case["center"])
    assert (box.bounds.left, box.bounds.top, box.bounds.width, box.bounds.height) == near(*case["bounds"])


def test_placing_by_a_point_writes_fabrics_left_and_top() -> None:
    """left, top of a box placed by a point of its own are what Fabric's setPositionByOrigin writes."""
    placed = [case for case in EXPRESSIBLE if "place" in case]
    for case in placed:
        box = stands_as(case, *case["scaled"])
        assert (box.left, box.top) == near(case["out"]["left"], case["out"]["top"])
    assert len(placed) >= 5


def test_most_cases_are_expressible() -> None:
    """The filter drops few cases: it must not hide a disagreement."""
    assert len(EXPRESSIBLE) >= len(CASES) - 5


def test_scaling_to_a_width_is_fabrics_scale_to_width_while_upright() -> None:
    """width= of an upright picture gives the scale that scaleToWidth gives."""
    case = next(case for case in CASES if "call" in case and case["angle"] == 0)
    assert scaled_size((case["width"], case["height"]), width=case["call"][1]) == (0.75, 0.75)


@laws
@given(anchors, sizes, sizes, angles, st.floats(0, 80), st.floats(0, 80), st.sampled_from(["landscape", "portrait"]))
def test_an_anchored_clip_stays_inside_the_margin(
    anchor: Any, width: float, height: float, angle: float, across: float, down: float, orientation: Any
) -> None:
    """At any angle the bounds lie inside the canvas inset by the margin, whenever they are small enough for it."""
    frame = canvas(orientation)
    corner = corner_at(anchor, frame, (across, down), angle)(width, height)
    bounds = Box(*corner, width, height, angle).bounds
    if bounds.width <= frame.width - 2 * across:
        assert across - 1e-6 <= bounds.left <= frame.width - across - bounds.width + 1e-6
    if bounds.height <= frame.height - 2 * down:
        assert down - 1e-6 <= bounds.top <= frame.height - down - bounds.height + 1e-6


@laws
@given(anchors, sizes, sizes, angles, st.floats(0, 80))
def test_an_anchored_clip_touches_the_edges_it_names(
    anchor: Any, width: float, height: float, angle: float, margin: float
) -> None:
    """Left means that the bounds begin at the margin, right that they end there, and neither that they are centred."""
    corner = corner_at(anchor, canvas("landscape"), margin, angle)(width, height)
    bounds = Box(*corner, width, height, angle).bounds
    wanted = margin if "left" in anchor else 1920 - margin if "right" in anchor else 960
    share = 0.0 if "left" in anchor else 1.0 if "right" in anchor else 0.5
    assert bounds.left + share * bounds.width == pytest.approx(wanted, abs=1e-6)


def test_any_upright_box_can_be_the_frame() -> None:
    """Anchors count from the frame's own corner, so a clip can be set into a part of the canvas."""
    assert corner_at("bottom left", Box(200, 300, 400, 200), 10)(100, 50) == (210, 440)


@laws
@given(places, places, sizes, sizes, angles)
def test_centre_and_left_top_lead_to_each_other(
    left: float, top: float, width: float, height: float, angle: float
) -> None:
    """centre -> left, top -> centre is the identity, and so is the other way round."""
    box = Box.about((left, top), width, height, angle)
    assert box.centre == near(left, top)
    assert Box.about(Box(left, top, width, height, angle).centre, width, height, angle).corners[0] == near(left, top)


@laws
@given(places, places, sizes, sizes, st.sampled_from([0, 0.0, 360, -360, 720]))
def test_an_upright_box_is_exact(left: float, top: float, width: float, height: float, angle: float) -> None:
    """Without a turn, bounds are the box's own numbers and a position comes back, to the last digit."""
    box = Box(left, top, width, height, angle)
    assert box.bounds == Box(left, top, width, height)
    assert box.corners[0] == (left, top)
    assert Box.about((left, top), width, height, angle, origin=(0, 0)) == box


@laws
@given(places, places, sizes, sizes, st.sampled_from([90, 180, 270, -90, 450]))
def test_quarter_turns_bring_no_noise(left: float, top: float, width: float, height: float, angle: float) -> None:
    """At a multiple of 90 degrees the sides of the bounds are the sides of the clip, to the last digit."""
    bounds = Box(left, top, width, height, angle).bounds
    assert {bounds.width, bounds.height} == {width, height}


@laws
@given(places, places, sizes, sizes, angles)
def test_bounds_are_the_extremes_of_the_corners(
    left: float, top: float, width: float, height: float, angle: float
) -> None:
    """The bounds reach exactly from the least to the greatest corner."""
    box = Box(left, top, width, height, angle)
    across, down = zip(*box.corners, strict=True)
    bounds = box.bounds
    assert (bounds.left, bounds.top) == near(min(across), min(down))
    assert (bounds.left + bounds.width, bounds.top + bounds.height) == near(max(across), max(down))


SIDES = [("above", align) for align in ("left", "center", "right")]
SIDES += [("below", align) for align in ("left", "center", "right")]
SIDES += [("left_of", align) for align in ("top", "center", "bottom")]
SIDES += [("right_of", align) for align in ("top", "center", "bottom")]


@laws
@given(st.sampled_from(SIDES), places, places, sizes, sizes, angles, sizes, sizes, angles, st.floats(0, 200))
def test_a_clip_beside_another_keeps_the_gap(
    side: Any,
    left: float,
    top: float,
    target_width: float,
    target_height: float,
    target_angle: float,
    width: float,
    height: float,
    angle: float,
    gap: float,
) -> None:
    """The two bounds never overlap, stand exactly the gap apart, and are aligned on the other axis."""
    target = Box(left, top, target_width, target_height, target_angle)
    other = target.bounds
    around = (other.left, other.top, other.width, other.height)
    corner = corner_beside(side[0], gap, side[1], angle)(around, width, height)
    own = Box(*corner, width, height, angle).bounds
    across = {"right_of": own.left - other.left - other.width, "left_of": other.left - own.left - own.width}
    down = {"below": own.top - other.top - other.height, "above": other.top - own.top - own.height}
    assert (across | down)[side[0]] == pytest.approx(gap, abs=1e-6)
    share = SHARE[side[1]]
    if side[0] in down:
        assert own.left + share * own.width == pytest.approx(other.left + share * other.width, abs=1e-6)
    else:
        assert own.top + share * own.height == pytest.approx(other.top + share * other.height, abs=1e-6)


@laws
@given(sizes, sizes, sizes, sizes)
def test_contain_is_inside_and_cover_is_outside(
    own_width: float, own_height: float, width: float, height: float
) -> None:
    """Contain touches the asked size from inside, cover from outside, both in the medium's ratio; stretch is exact."""
    inner = scaled_size((own_width, own_height), width, height, fit="contain")
    outer = scaled_size((own_width, own_height), width, height, fit="cover")
    assert inner[0] == inner[1] <= outer[0] == outer[1]
    assert own_width * inner[0] <= width + 1e-6
    assert own_height * inner[0] <= height + 1e-6
    assert own_width * outer[0] >= width - 1e-6
    assert own_height * outer[0] >= height - 1e-6
    assert set(scaled_size((own_width, own_height), width, height)) == {inner[0], outer[0]}
    assert scaled_size((own_width, own_height), width, height, fit="stretch") == near(
        width / own_width, height / own_height
    )


@laws
@given(sizes, sizes, sizes)
def test_one_side_keeps_the_ratio(own_width: float, own_height: float, asked: float) -> None:
    """With one of width and height, both scales are the one that makes that side as asked."""
    assert scaled_size((own_width, own_height), width=asked) == (asked / own_width,) * 2
    assert scaled_size((own_width, own_height), height=asked) == (asked / own_height,) * 2


def test_without_a_size_a_medium_is_seen_as_it_is() -> None:
    """Nothing asked for is scale 1; a scale alone is that scale."""
    assert scaled_size((1280, 853)) == (1, 1)
    assert scaled_size((1280, 853), scale=0.5) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("given_length", "px"),
    [(0, 0), (12, 12), (0.1, 0.1), ("45%", 864), ("12.5%", 240), (" 5 % ", 96), (".5%", 9.6), ("0%", 0), ("320", 320)],
)
def test_lengths_are_px_or_a_share_of_the_side(given_length: Any, px: float) -> None:
    """A number stays itself; a percentage is of the side it runs along; whole results are integers."""
    read = length(given_length, 1920)
    assert (read, type(read)) == (px, type(px))


def test_negative_lengths_only_where_allowed() -> None:
    """low= opens the range below zero."""
    assert length("-10%", 1920, "gap", low=-math.inf) == -192


@pytest.mark.parametrize("orientation", ["landscape", "square", "Portrait", "", None, UNSET, 3])
def test_every_orientation_but_portrait_is_landscape(orientation: object) -> None:
    """A loaded project may name any orientation, so the canvas takes it."""
    assert canvas(orientation) == canvas() == Box(0, 0, 1920, 1080)
    assert canvas("portrait") == Box(0, 0, 1080, 1920)


def test_a_margin_is_a_share_of_each_side() -> None:
    """One percentage inset is of the width across and of the height down; a pair sets each."""
    assert margins("10%", canvas("portrait")) == (108, 192)
    assert margins((24, "5%"), canvas("landscape")) == (24, 54)


def test_whole_numbers_stay_whole() -> None:
    """Integers given for an upright clip at an edge come back as integers, so nothing turns 40 into 40.0."""
    corner = corner_at("bottom right", canvas("landscape"), 40)(400, 150)
    assert json.dumps(corner) == "[1480, 890]"
    assert json.dumps([plain(number) for number in (760.0, 0.5, 3, -0.0)]) == "[760, 0.5, 3, 0]"


def test_links_come_after_their_targets() -> None:
    """Chains of any length are ordered; fixed targets are left out; nothing linked is nothing ordered."""
    links = {f"clip{number}": (f"clip{number + 1}",) for number in range(2000)}
    assert topological_order(links) == tuple(reversed(links))
    assert topological_order({}) == ()
    assert topological_order({(0, "a"): [(0, "b")]}) == ((0, "a"),)


BAD: list[tuple[Callable[[], object], str]] = [
    (lambda: length("12 %%", 1920), "width is '12 %%'|{length}"),
    (lambda: length("abc", 1920, "height"), "height is 'abc'|{length}"),
    (lambda: length("", 1920), "width is ''|{length}"),
    (lambda: length("%", 1920), "width is '%'|{length}"),
    (lambda: length("1e3", 1920), "width is '1e3'|{length}"),
    (lambda: length("nan%", 1920), "width is 'nan%'|{length}"),
    (lambda: length("٤٥%", 1920), "width is '٤٥%'|{length}"),
    (lambda: length("1" * 90_000 + "x", 1920), f"width is '{'1' * 90_000}x'|{{length}}"),
    (lambda: length("4 5%", 1920), "width is '4 5%'|{length}"),
    (lambda: length(math.nan, 1920), "width is nan|width must be a finite number, at most 1e9"),
    (lambda: length(math.inf, 1920), "width is inf|width must be a finite number, at most 1e9"),
    (lambda: length("9" * 10, 1), "width is 9999999999|width must be a finite number, at most 1e9"),
    (lambda: length(-(10**400), 1920, "gap"), f"gap is -1{'0' * 400}|gap must be a finite number, at most 1e9"),
    (lambda: length(True, 1920), "width is True|width must be a finite number, at most 1e9"),
    (lambda: length(None, 1920), "width is None|width must be a finite number, at most 1e9"),  # type: ignore[arg-type]
    (lambda: length(-5, 1920, "gap"), "gap is -5, less than 0 px|{length}"),
    (lambda: length("-5%", 1920, "gap"), "gap is '-5%', less than 0 px|{length}"),
    (lambda: extent(0, 1920), "width is 0, but must be more than 0|"),
    (lambda: extent("0%", 1920, "height"), "height is 0, but must be more than 0|"),
    (lambda: positive(-0.5, "scale"), "scale is -0.5, but must be more than 0|"),
    (lambda: finite("90", "angle"), "angle is '90'|angle must be a finite number, at most 1e9"),
    (lambda: margins((1, 2, 3), canvas("landscape")), "margin is (1, 2, 3)|give one length, or a pair (across, down)"),  # type: ignore[arg-type]
    (lambda: margins(-8, canvas("landscape")), "margin is -8, less than 0 px|{length}"),
    (lambda: at("top center"), "at is 'top center', which is not an anchor|did you mean 'top'?"),
    (lambda: at("middle"), "at is 'middle', which is not an anchor|did you mean 'center'?"),
    (lambda: at("centre"), "at is 'centre', which is not an anchor|did you mean 'center'?"),
    (lambda: at("Left-Bottom"), "at is 'Left-Bottom', which is not an anchor|did you mean 'bottom left'?"),
    (lambda: at("topright"), "at is 'topright', which is not an anchor|did you mean 'top right'?"),
    (lambda: at("botom"), "at is 'botom', which is not an anchor|did you mean 'bottom'?"),
    (lambda: at("north"), f"at is 'north', which is not an anchor|known are: {', '.join(ANCHORS)}"),
    (lambda: at(""), f"at is '', which is not an anchor|known are: {', '.join(ANCHORS)}"),
    (lambda: at(["top"]), "at is ['top'], which is not an anchor|did you mean 'top'?"),
    (lambda: by("under", "left"), "side is 'under'|known are: above, below, left_of, right_of"),
    (lambda: by("rightof", "top"), "side is 'rightof'|did you mean 'right_of'?"),
    (lambda: by("above", "top"), "align of above is 'top'|known are: left, center, right"),
    (lambda: by("left_of", "centre"), "align of left_of is 'centre'|did you mean 'center'?"),
    (lambda: scaled_size((0, 100)), "natural width is 0, but must be more than 0|"),
    (lambda: scaled_size((100, math.inf)), "natural height is inf|natural height must be a finite number, at most 1e9"),
    (lambda: scaled_size((10, 10), width=0), "width is 0, but must be more than 0|"),
    (lambda: scaled_size((10, 10), height=-3), "height is -3, but must be more than 0|"),
    (lambda: scaled_size((10, 10), scale=0), "scale is 0, but must be more than 0|"),
    (
        lambda: scaled_size((10, 10), width=5, scale=2),
        "scale is given beside width, height or fit|give scale alone, or width and height with or without fit",
    ),
    (
        lambda: scaled_size((10, 10), width=5, fit="cover"),
        "fit='cover' needs both width and height|give both, or leave fit out",
    ),
    (lambda: scaled_size((10, 10), 5, 5, fit="crop"), "fit is 'crop'|known are: contain, cover, stretch"),  # type: ignore[arg-type]
    (lambda: one_of("containt", ("contain",), "fit"), "fit is 'containt'|did you mean 'contain'?"),
    (lambda: topological_order({"a": ["a"]}), "clips are placed by one another in a circle: a -> a|{circle}"),
    (
        lambda: topological_order({"z": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}),
        "clips are placed by one another in a circle: a -> b -> c -> a|{circle}",
    ),
]
HINTS = {
    "length": 'give a number of px, or a percentage of the canvas such as "45%"',
    "circle": "place one of them at an anchor or at (x, y)",
}


def at(anchor: Any) -> object:
    return corner_at(anchor, canvas())


def by(side: Any, align: Any) -> object:
    return corner_beside(side, align=align)


@pytest.mark.parametrize(("wrong", "said"), BAD, ids=[said.partition("|")[0][:60] for _, said in BAD])
def test_bad_input_is_named_with_a_way_out(wrong: Callable[[], object], said: str) -> None:
    """Each kind of nonsense is refused in words that name it and say what to write instead."""
    with pytest.raises(BuildError) as caught:
        wrong()
    assert f"{caught.value.message}|{caught.value.hint}" == said.format_map(HINTS)
