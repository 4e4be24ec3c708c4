"""The objects on the wire: one frozen attrs class for each JSON object of a project, both generations of it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from attrs import field, frozen

from aistudios_dsl.wire.node import UNSET, Node, Number, Rule, Unset

Orientation = Literal["landscape", "portrait"]
Resolution = Literal["4k", "1080", "720", "480"]
Generation = Literal["1.4", "1.6"]
"""Where speech is written: in the clip (docs 1.4), or in the scene (docs 1.5 and later)."""
Align = Literal["left", "center", "right"]
ShapeName = Literal[
    "Line_v2",
    "Arrow_1_v2",
    "Arrow_2_v2",
    "Circle",
    "Triangle",
    "Square",
    "Parallelogram",
    "Drop_1",
    "Polygon",
    "Pentagon",
    "Oval_1",
    "Oval_2",
    "Hexagon_1",
    "Hexagon_2",
    "Diamond",
    "Star",
    "Rectangle_corner0",
]
AnimationType = Literal[
    "fade-in",
    "fade-out",
    "in-right",
    "in-down",
    "in-left",
    "in-up",
    "out-right",
    "out-down",
    "out-left",
    "out-up",
    "zoom-in",
    "zoom-out",
]


def _names(literal: Any) -> Rule:
    return Rule(one_of=get_args(literal))


Percent = Annotated[Number, Rule(low=1, high=100)]
Whole = Annotated[Number, Rule(whole=True)]
Size = Annotated[Number, Rule(low=0)]


@frozen(kw_only=True, repr=False, eq=False)
class Animation(Node):
    """How a clip comes or goes: duration 1 to 30 and delay 0 to 30 seconds, whole numbers.

    >>> Animation(type="fade-in", duration=1, delay=0)
    Animation(type='fade-in', duration=1, delay=0)
    """

    KEYS: ClassVar[str] = "type duration delay"
    type: Annotated[str, _names(AnimationType)]
    duration: Annotated[Number, Rule(low=1, high=30, whole=True)]
    delay: Annotated[Number, Rule(low=0, high=30, whole=True)]


@frozen(kw_only=True, repr=False, eq=False)
class Shadow(Node):
    """A drop shadow: colour (the service's default `#00000060`), blur 0 to 10 px (0), offsets 0.1 to 10 px (5).

    >>> Shadow(color="#00000060", blur=4, offset_x=2, offset_y=2, enabled=True).blur
    4
    """

    KEYS: ClassVar[str] = "color blur offsetX offsetY enabled"
    color: str | Unset = UNSET
    blur: Annotated[Number, Rule(low=0, high=10)] | Unset = UNSET
    offset_x: Annotated[Number, Rule(low=0.1, high=10)] | Unset = UNSET
    offset_y: Annotated[Number, Rule(low=0.1, high=10)] | Unset = UNSET
    enabled: bool | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Script(Node):
    """Speech in the clip (generation 1.4): `org` is HTML, `tts` another voice or null."""

    KEYS: ClassVar[str] = "org tts"
    org: str
    tts: Any = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class SceneScript(Node):
    """One line of speech in the scene (generation 1.5 and later), spoken by the avatar with this model and cloth."""

    KEYS: ClassVar[str] = "org isTTS tts modelId clothId"
    org: str
    is_tts: bool = field(metadata={"wire": "isTTS"})
    tts: Any
    model_id: str
    cloth_id: str


@frozen(kw_only=True, repr=False, eq=False)
class Effect(Node):
    """An effect on an avatar; `head-only` is the one that samples show."""

    KEYS: ClassVar[str] = "type"
    type: str


@frozen(kw_only=True, repr=False, eq=False)
class EditorValue(Node):
    """The figure inside its picture, in px of the original picture: head box, tight box, and the space around it."""

    KEYS: ClassVar[str] = (
        "headCenterX headCenterY headWidth headHeight modelTightX modelTightY modelTightS modelTightW modelTightH"
        " modelOriginW modelOriginH scale adjustX adjustY spaceB spaceT spaceL spaceR"
    )
    head_center_x: Number | Unset = UNSET
    head_center_y: Number | Unset = UNSET
    head_width: Number | Unset = UNSET
    head_height: Number | Unset = UNSET
    model_tight_x: Number | Unset = UNSET
    model_tight_y: Number | Unset = UNSET
    model_tight_s: Number | Unset = UNSET
    model_tight_w: Number | Unset = UNSET
    model_tight_h: Number | Unset = UNSET
    model_origin_w: Number | Unset = UNSET
    model_origin_h: Number | Unset = UNSET
    scale: Number | Unset = UNSET
    adjust_x: Number | Unset = UNSET
    adjust_y: Number | Unset = UNSET
    space_b: Number | Unset = UNSET
    space_t: Number | Unset = UNSET
    space_l: Number | Unset = UNSET
    space_r: Number | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Editor(EditorValue):
    """`EditorValue` and the tight box once more."""

    KEYS: ClassVar[str] = EditorValue.KEYS + " top left height width"
    top: Number | Unset = UNSET
    left: Number | Unset = UNSET
    height: Number | Unset = UNSET
    width: Number | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Origin(Node):
    """The size of the original picture, px."""

    KEYS: ClassVar[str] = "height width"
    height: Number | Unset = UNSET
    width: Number | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class DeployImage(Node):
    """The avatar's pictures: thumbnail, original and cut-out, with their sizes in px."""

    KEYS: ClassVar[str] = (
        "themb_src themb_width themb_height org_src org_width org_height edit_src edit_width edit_height"
    )
    themb_src: str | Unset = field(default=UNSET, metadata={"wire": "themb_src"})
    themb_width: Number | Unset = field(default=UNSET, metadata={"wire": "themb_width"})
    themb_height: Number | Unset = field(default=UNSET, metadata={"wire": "themb_height"})
    org_src: str | Unset = field(default=UNSET, metadata={"wire": "org_src"})
    org_width: Number | Unset = field(default=UNSET, metadata={"wire": "org_width"})
    org_height: Number | Unset = field(default=UNSET, metadata={"wire": "org_height"})
    edit_src: str | Unset = field(default=UNSET, metadata={"wire": "edit_src"})
    edit_width: Number | Unset = field(default=UNSET, metadata={"wire": "edit_width"})
    edit_height: Number | Unset = field(default=UNSET, metadata={"wire": "edit_height"})


@frozen(kw_only=True, repr=False, eq=False)
class DeploySize(Node):
    """Original and cut-out size once more, px."""

    KEYS: ClassVar[str] = "org_width org_height edit_width edit_height"
    org_width: Number | Unset = field(default=UNSET, metadata={"wire": "org_width"})
    org_height: Number | Unset = field(default=UNSET, metadata={"wire": "org_height"})
    edit_width: Number | Unset = field(default=UNSET, metadata={"wire": "edit_width"})
    edit_height: Number | Unset = field(default=UNSET, metadata={"wire": "edit_height"})


@frozen(kw_only=True, repr=False, eq=False)
class Model(Node):
    """Which avatar (`ai_name`) in which outfit (`emotion`, the clothes id), and the numbers of its picture."""

    KEYS: ClassVar[str] = (
        "ai_name emotion language source_url editor origin deployImage deploySize editorValue maskFile"
    )
    ai_name: str = field(metadata={"wire": "ai_name"})
    emotion: str
    language: str | Unset = UNSET
    source_url: str | Unset = field(default=UNSET, metadata={"wire": "source_url"})
    editor: Editor | Unset = UNSET
    origin: Origin | Unset = UNSET
    deploy_image: DeployImage | Unset = UNSET
    deploy_size: DeploySize | Unset = UNSET
    editor_value: EditorValue | Unset = UNSET
    mask_file: str | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Background(Node):
    """A scene's background. Every sample has `source_type="image"`; no other value is documented.

    >>> Background(source_type="image", source_url="https://example.com/sky.png").type
    'background'
    """

    KEYS: ClassVar[str] = "id type source_type source_url source_color"
    id: str = "background"
    type: str = "background"
    source_type: str | Unset = field(default=UNSET, metadata={"wire": "source_type"})
    source_url: str | Unset = field(default=UNSET, metadata={"wire": "source_url"})
    source_color: str | Unset = field(default=UNSET, metadata={"wire": "source_color"})


_BOX = "width height left top"
_LOCKS = "lockMovementX lockMovementY lockRotation lockScalingX lockScalingY lockSkewingX lockSkewingY lockUniScaling"


@frozen(kw_only=True, repr=False, eq=False)
class Clip(Node):
    """What every clip has: id, type, layer (higher is in front), and its box in px.

    `width` and `height` are the natural size; what is seen is `width * scale_x` by `height * scale_y`.
    """

    id: str
    type: str
    layer: Whole
    left: Number
    top: Number
    width: Size
    height: Size
    scale_x: Number | Unset = UNSET
    scale_y: Number | Unset = UNSET
    tag: str | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class EditorClip(Clip):
    """The editor's own state of a canvas object, on the clip types whose samples carry it."""

    name: str | Unset = UNSET
    lock_scaling_flip: bool | Unset = UNSET
    fill: str | Unset = UNSET
    lock_movement_x: bool | Unset = UNSET
    lock_movement_y: bool | Unset = UNSET
    lock_rotation: bool | Unset = UNSET
    lock_scaling_x: bool | Unset = UNSET
    lock_scaling_y: bool | Unset = UNSET
    lock_skewing_x: bool | Unset = UNSET
    lock_skewing_y: bool | Unset = UNSET
    lock_uni_scaling: bool | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class AvatarClip(EditorClip):
    """`aiModel`: a talking avatar. `opacity` 1 to 100 percent."""

    KEYS: ClassVar[str] = (
        "id type layer top left script effects height width model name lockScalingFlip fill scaleX scaleY opacity "
        f"{_LOCKS} headOnly voiceOnly isDelete tag"
    )
    type: Literal["aiModel"] = "aiModel"
    model: Model
    script: Script | Unset = UNSET
    effects: tuple[Effect, ...] | Unset = UNSET
    opacity: Percent | Unset = UNSET
    head_only: Any = UNSET
    voice_only: bool | Unset = UNSET
    is_delete: bool | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Image(EditorClip):
    """`image`: a picture by URL. `angle` degrees clockwise, `opacity` 1 to 100 percent."""

    KEYS: ClassVar[str] = (
        f"id type layer source_url {_BOX} name lockScalingFlip fill scaleX scaleY angle opacity {_LOCKS} animation tag"
    )
    type: Literal["image"] = "image"
    source_url: str = field(metadata={"wire": "source_url"})
    angle: Number | Unset = UNSET
    opacity: Percent | Unset = UNSET
    animation: Animation | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Video(EditorClip):
    """`videoImage`: a video by URL, with a poster picture (`source_url`). `volume`, `opacity` 1 to 100 percent."""

    KEYS: ClassVar[str] = (
        "id type layer source_url width height video_url volume left top name lockScalingFlip fill scaleX scaleY"
        f" opacity {_LOCKS} tag"
    )
    type: Literal["videoImage"] = "videoImage"
    video_url: str = field(metadata={"wire": "video_url"})
    source_url: str | Unset = field(default=UNSET, metadata={"wire": "source_url"})
    volume: Percent | Unset = UNSET
    opacity: Percent | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Shape(Clip):
    """`shape`: one of 17 outlines. `angle` degrees clockwise, `opacity` 1 to 100 percent, strokes in whole px."""

    KEYS: ClassVar[str] = (
        f"id type layer shapeName fill {_BOX} scaleX scaleY angle opacity stroke strokeWidth strokeRadius"
        " shadow animation tag"
    )
    type: Literal["shape"] = "shape"
    shape_name: Annotated[str, _names(ShapeName)]
    fill: str
    angle: Number | Unset = UNSET
    opacity: Percent | Unset = UNSET
    stroke: str | Unset = UNSET
    stroke_width: Annotated[Number, Rule(low=0, whole=True)] | Unset = UNSET
    stroke_radius: Annotated[Number, Rule(low=0, whole=True)] | Unset = UNSET
    shadow: Shadow | Unset = UNSET
    animation: Animation | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Text(Clip):
    """`textImage`: a text. `font_size` in whole points (px = pt * 4/3), everything else in px."""

    KEYS: ClassVar[str] = (
        f"id type layer text fill fontSize fontFamily align {_BOX} scaleX scaleY angle opacity backgroundColor"
        " stroke strokeWidth fontWeight fontStyle underline shadow animation tag"
    )
    type: Literal["textImage"] = "textImage"
    text: str
    fill: str
    font_size: Annotated[Number, Rule(low=1, whole=True)]
    font_family: str | Unset = UNSET
    align: Annotated[str, _names(Align)] | Unset = UNSET
    angle: Number | Unset = UNSET
    opacity: Percent | Unset = UNSET
    background_color: str | Unset = UNSET
    stroke: str | Unset = UNSET
    stroke_width: Annotated[Number, Rule(low=0)] | Unset = UNSET
    font_weight: int | float | str | Unset = UNSET
    font_style: Annotated[str, Rule(one_of=("", "italic"))] | Unset = UNSET
    underline: bool | Unset = UNSET
    shadow: Shadow | Unset = UNSET
    animation: Animation | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Audio(Clip):
    """`audio`: a sound by URL, with the label that the editor shows. `volume` 1 to 100 percent."""

    KEYS: ClassVar[str] = f"id type layer source_url label volume {_BOX} scaleX scaleY tag"
    type: Literal["audio"] = "audio"
    source_url: str = field(metadata={"wire": "source_url"})
    label: str
    volume: Percent | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class UnknownClip(Node):
    """A clip of a type that the vendor's pages do not name: kept whole in `extra`, never judged."""

    KEYS: ClassVar[str] = "type"
    type: str

    @property
    def id(self) -> str:
        """Its id, or "" where it has none."""
        return _string(self.extra.get("id"))

    @property
    def tag(self) -> str:
        """Its tag, or "" where it has none."""
        return _string(self.extra.get("tag"))


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


AnyClip = AvatarClip | Image | Video | Shape | Text | Audio | UnknownClip

CLIP_TYPES: dict[str, type[Clip]] = {
    "aiModel": AvatarClip,
    "image": Image,
    "videoImage": Video,
    "shape": Shape,
    "textImage": Text,
    "audio": Audio,
}


@frozen(kw_only=True, repr=False, eq=False)
class Scene(Node):
    """A scene: its background, its clips, and (generation 1.5 and later) its speech."""

    KEYS: ClassVar[str] = "background watermark scripts clips thumbnailUrl sceneIdx"
    background: Background
    clips: tuple[AnyClip, ...]
    scene_idx: Annotated[Number, Rule(low=0, whole=True)]
    watermark: bool | Unset = UNSET
    scripts: tuple[SceneScript, ...] | Unset = UNSET
    thumbnail_url: str | Unset | None = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Project(Node):
    """The body of a create: scenes, and what holds for the whole video."""

    KEYS: ClassVar[str] = "name orientation dictionary scenes webhookUrl isExport workspaceId resolution"
    scenes: tuple[Scene, ...]
    name: str | Unset = UNSET
    orientation: Annotated[str, _names(Orientation)] | Unset = UNSET
    dictionary: Any = UNSET
    webhook_url: str | Unset = UNSET
    is_export: bool | Unset = UNSET
    workspace_id: str | Unset = UNSET
    resolution: Annotated[str, _names(Resolution)] | Unset = UNSET
