"""The objects on the wire: one frozen attrs class for each JSON object of a project, in both generations.

`KEYS` lists the keys of an object in the order of the vendor's samples. Each key has an attribute, in snake case.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from attrs import frozen

from aistudios_dsl.wire.node import UNSET, Node, Number, Unset, ValueRule

Orientation = Literal["landscape", "portrait"]
Resolution = Literal["4k", "1080", "720", "480"]
Generation = Literal["1.4", "1.6"]
"""Where speech is written: in the clip (docs 1.4), or in the scene (docs 1.5 and later)."""
Align = Literal["left", "center", "right"]
ShapeName = Literal[
    "Line_v2", "Arrow_1_v2", "Arrow_2_v2", "Circle", "Triangle", "Square", "Parallelogram", "Drop_1", "Polygon",
    "Pentagon", "Oval_1", "Oval_2", "Hexagon_1", "Hexagon_2", "Diamond", "Star", "Rectangle_corner0",
]  # fmt: skip
AnimationType = Literal[
    "fade-in", "fade-out", "in-right", "in-down", "in-left", "in-up",
    "out-right", "out-down", "out-left", "out-up", "zoom-in", "zoom-out",
]  # fmt: skip


def _names(literal: Any) -> ValueRule:
    return ValueRule(one_of=get_args(literal))


Px = Annotated[Number, ValueRule(), "px"]
Size = Annotated[Number, ValueRule(low=0), "px"]
WholePx = Annotated[Number, ValueRule(low=0, whole=True), "px"]
_UNSEEN = "1 is almost invisible; to hide a clip, leave it out"
_UNHEARD = "1 is the quietest; for silence, leave the sound out, or give a video file that has no sound track"
Opacity = Annotated[Number, ValueRule(low=1, high=100, instead_of_0=_UNSEEN), "percent"]
Volume = Annotated[Number, ValueRule(low=1, high=100, instead_of_0=_UNHEARD), "percent"]
Degrees = Annotated[Number, ValueRule(), "degrees clockwise"]


@frozen(kw_only=True, repr=False, eq=False)
class Animation(Node):
    """How a clip appears or disappears.

    No page of the vendor says in which unit duration and delay are: seconds are an assumption.

    >>> Animation(type="fade-in", duration=1, delay=0)
    Animation(type='fade-in', duration=1, delay=0)
    """

    KEYS: ClassVar[str] = "type duration delay"
    type: Annotated[str, _names(AnimationType)]
    duration: Annotated[Number, ValueRule(low=1, high=30, whole=True), "seconds, it is assumed"]
    delay: Annotated[Number, ValueRule(low=0, high=30, whole=True), "seconds, it is assumed"]


@frozen(kw_only=True, repr=False, eq=False)
class Shadow(Node):
    """A drop shadow. The service's defaults: color `#00000060`, blur 0, offsets 5.

    >>> Shadow(color="#00000060", blur=4, offset_x=2, offset_y=2, enabled=True).blur
    4
    """

    KEYS: ClassVar[str] = "color blur offsetX offsetY enabled"
    color: str | Unset = UNSET
    blur: Annotated[Number, ValueRule(low=0, high=10), "px"] | Unset = UNSET
    offset_x: Annotated[Number, ValueRule(low=0.1, high=10), "px"] | Unset = UNSET
    offset_y: Annotated[Number, ValueRule(low=0.1, high=10), "px"] | Unset = UNSET
    enabled: bool | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Script(Node):
    """Speech in an avatar's clip (docs 1.4).

    Attributes:
        org: the words as HTML, one `<p>` per paragraph
        tts: another voice, or null
    """

    KEYS: ClassVar[str] = "org tts"
    org: str
    tts: Any = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class SceneScript(Node):
    """One line of speech in a scene (docs 1.5 and later).

    Attributes:
        org: the words as HTML, one `<p>` per paragraph
        is_tts: whether `tts` speaks instead of the avatar's own voice
        tts: another voice, or null
        model_id: the `ai_name` of the avatar that speaks
        cloth_id: the `emotion` of the avatar that speaks
    """

    KEYS: ClassVar[str] = "org isTTS tts modelId clothId"
    org: str
    is_tts: bool
    tts: Any
    model_id: str
    cloth_id: str


@frozen(kw_only=True, repr=False, eq=False)
class Effect(Node):
    """An effect on an avatar. Samples show `head-only`."""

    KEYS: ClassVar[str] = "type"
    type: str


@frozen(kw_only=True, repr=False, eq=False)
class EditorValue(Node):
    """The figure inside the original picture, px: the box of its head, its tight box, and the space around it."""

    KEYS: ClassVar[str] = (
        "headCenterX headCenterY headWidth headHeight modelTightX modelTightY modelTightS modelTightW modelTightH"
        " modelOriginW modelOriginH scale adjustX adjustY spaceB spaceT spaceL spaceR"
    )
    head_center_x: Px | Unset = UNSET
    head_center_y: Px | Unset = UNSET
    head_width: Px | Unset = UNSET
    head_height: Px | Unset = UNSET
    model_tight_x: Px | Unset = UNSET
    model_tight_y: Px | Unset = UNSET
    model_tight_s: Number | Unset = UNSET
    model_tight_w: Px | Unset = UNSET
    model_tight_h: Px | Unset = UNSET
    model_origin_w: Px | Unset = UNSET
    model_origin_h: Px | Unset = UNSET
    scale: Number | Unset = UNSET
    adjust_x: Px | Unset = UNSET
    adjust_y: Px | Unset = UNSET
    space_b: Px | Unset = UNSET
    space_t: Px | Unset = UNSET
    space_l: Px | Unset = UNSET
    space_r: Px | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Editor(EditorValue):
    """`EditorValue`, and the tight box again as left, top, width and height."""

    KEYS: ClassVar[str] = EditorValue.KEYS + " top left height width"
    top: Px | Unset = UNSET
    left: Px | Unset = UNSET
    height: Px | Unset = UNSET
    width: Px | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Origin(Node):
    """The size of the original picture, px."""

    KEYS: ClassVar[str] = "height width"
    height: Px | Unset = UNSET
    width: Px | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class DeployImage(Node):
    """The avatar's pictures and their sizes: thumbnail, original and cut-out."""

    KEYS: ClassVar[str] = (
        "themb_src themb_width themb_height org_src org_width org_height edit_src edit_width edit_height"
    )
    themb_src: str | Unset = UNSET
    themb_width: Px | Unset = UNSET
    themb_height: Px | Unset = UNSET
    org_src: str | Unset = UNSET
    org_width: Px | Unset = UNSET
    org_height: Px | Unset = UNSET
    edit_src: str | Unset = UNSET
    edit_width: Px | Unset = UNSET
    edit_height: Px | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class DeploySize(Node):
    """The sizes of the original and of the cut-out."""

    KEYS: ClassVar[str] = "org_width org_height edit_width edit_height"
    org_width: Px | Unset = UNSET
    org_height: Px | Unset = UNSET
    edit_width: Px | Unset = UNSET
    edit_height: Px | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Model(Node):
    """An avatar in an outfit, with the geometry of its picture.

    Attributes:
        ai_name: the id of the avatar
        emotion: the id of the outfit
        language: the code of the language that it speaks, such as "en"
    """

    KEYS: ClassVar[str] = (
        "ai_name emotion language source_url editor origin deployImage deploySize editorValue maskFile"
    )
    ai_name: str
    emotion: str
    language: str | Unset = UNSET
    source_url: str | Unset = UNSET
    editor: Editor | Unset = UNSET
    origin: Origin | Unset = UNSET
    deploy_image: DeployImage | Unset = UNSET
    deploy_size: DeploySize | Unset = UNSET
    editor_value: EditorValue | Unset = UNSET
    mask_file: str | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Background(Node):
    """A scene's background. Only `source_type="image"` is documented.

    >>> Background(source_type="image", source_url="https://example.com/sky.png").type
    'background'
    """

    KEYS: ClassVar[str] = "id type source_type source_url source_color"
    id: str = "background"
    type: str = "background"
    source_type: str | Unset = UNSET
    source_url: str | Unset = UNSET
    source_color: str | Unset = UNSET


_BOX = "width height left top"
_LOCKS = "lockMovementX lockMovementY lockRotation lockScalingX lockScalingY lockSkewingX lockSkewingY lockUniScaling"


@frozen(kw_only=True, repr=False, eq=False)
class Clip(Node):
    """The keys of every clip.

    Attributes:
        layer: the highest layer is in front
        left: position of the clip's own left-top corner
        top: position of the clip's own left-top corner
        width: natural width; the seen width is this times `scale_x`
        height: natural height; the seen height is this times `scale_y`
        scale_x: a factor, 1 if absent
        scale_y: a factor, 1 if absent
        tag: a name for editing and placing, unique in a scene
    """

    id: str
    type: str
    layer: Annotated[Number, ValueRule(whole=True)]
    left: Px
    top: Px
    width: Size
    height: Size
    scale_x: Number | Unset = UNSET
    scale_y: Number | Unset = UNSET
    tag: str | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class EditorClip(Clip):
    """A clip with the state that the editor keeps of a canvas object."""

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
    """`aiModel`: an avatar that speaks.

    Attributes:
        voice_only: whether the avatar is heard but not seen
        is_delete: whether the avatar is not seen
    """

    KEYS: ClassVar[str] = (
        "id type layer top left script effects height width model name lockScalingFlip fill scaleX scaleY opacity "
        f"{_LOCKS} headOnly voiceOnly isDelete tag"
    )
    type: Literal["aiModel"] = "aiModel"
    model: Model
    script: Script | Unset = UNSET
    effects: tuple[Effect, ...] | Unset = UNSET
    opacity: Opacity | Unset = UNSET
    head_only: Any = UNSET
    voice_only: bool | Unset = UNSET
    is_delete: bool | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Image(EditorClip):
    """`image`: a picture by its public URL."""

    KEYS: ClassVar[str] = (
        f"id type layer source_url {_BOX} name lockScalingFlip fill scaleX scaleY angle opacity {_LOCKS} animation tag"
    )
    type: Literal["image"] = "image"
    source_url: str
    angle: Degrees | Unset = UNSET
    opacity: Opacity | Unset = UNSET
    animation: Animation | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Video(EditorClip):
    """`videoImage`: a video by its public URL.

    Attributes:
        source_url: the URL of a poster picture
    """

    KEYS: ClassVar[str] = (
        "id type layer source_url width height video_url volume left top name lockScalingFlip fill scaleX scaleY"
        f" opacity {_LOCKS} tag"
    )
    type: Literal["videoImage"] = "videoImage"
    video_url: str
    source_url: str | Unset = UNSET
    volume: Volume | Unset = UNSET
    opacity: Opacity | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Shape(Clip):
    """`shape`: one of 17 outlines."""

    KEYS: ClassVar[str] = (
        f"id type layer shapeName fill {_BOX} scaleX scaleY angle opacity stroke strokeWidth strokeRadius"
        " shadow animation tag"
    )
    type: Literal["shape"] = "shape"
    shape_name: Annotated[str, _names(ShapeName)]
    fill: str
    angle: Degrees | Unset = UNSET
    opacity: Opacity | Unset = UNSET
    stroke: str | Unset = UNSET
    stroke_width: WholePx | Unset = UNSET
    stroke_radius: WholePx | Unset = UNSET
    shadow: Shadow | Unset = UNSET
    animation: Animation | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Text(Clip):
    """`textImage`: a text, with the line breaks it is shown with.

    Attributes:
        font_weight: "bold", "bolder" or a number; 550 and above is bold
    """

    KEYS: ClassVar[str] = (
        f"id type layer text fill fontSize fontFamily align {_BOX} scaleX scaleY angle opacity backgroundColor"
        " stroke strokeWidth fontWeight fontStyle underline shadow animation tag"
    )
    type: Literal["textImage"] = "textImage"
    text: str
    fill: str
    font_size: Annotated[Number, ValueRule(low=1, whole=True), "points; px = pt * 4/3"]
    font_family: str | Unset = UNSET
    align: Annotated[str, _names(Align)] | Unset = UNSET
    angle: Degrees | Unset = UNSET
    opacity: Opacity | Unset = UNSET
    background_color: str | Unset = UNSET
    stroke: str | Unset = UNSET
    stroke_width: Size | Unset = UNSET
    font_weight: int | float | str | Unset = UNSET
    font_style: Annotated[str, ValueRule(one_of=("", "italic"))] | Unset = UNSET
    underline: bool | Unset = UNSET
    shadow: Shadow | Unset = UNSET
    animation: Animation | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Audio(Clip):
    """`audio`: a sound by its public URL, with the label that the editor shows."""

    KEYS: ClassVar[str] = f"id type layer source_url label volume {_BOX} scaleX scaleY tag"
    type: Literal["audio"] = "audio"
    source_url: str
    label: str
    volume: Volume | Unset = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class UnknownClip(Node):
    """A clip of an undocumented type. Its keys are kept in `extra` and not validated."""

    KEYS: ClassVar[str] = "type"
    type: str

    @property
    def id(self) -> str:
        """Its id; "" if it has none."""
        return self._text("id")

    @property
    def tag(self) -> str:
        """Its tag; "" if it has none."""
        return self._text("tag")

    def _text(self, name: str) -> str:
        value = self.extra.get(name)
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
    """A scene: its background, its clips, and in docs 1.5 and later its speech.

    Attributes:
        scene_idx: the number of the scene, from 0
    """

    KEYS: ClassVar[str] = "background watermark scripts clips thumbnailUrl sceneIdx"
    background: Background
    clips: tuple[AnyClip, ...]
    scene_idx: Annotated[Number, ValueRule(low=0, whole=True)]
    watermark: bool | Unset = UNSET
    scripts: tuple[SceneScript, ...] | Unset = UNSET
    thumbnail_url: str | Unset | None = UNSET


@frozen(kw_only=True, repr=False, eq=False)
class Project(Node):
    """The body of a create request.

    Attributes:
        dictionary: how the voice says certain words
        webhook_url: the URL that is called when the video is ready
        is_export: true renders the video, false saves a draft
        workspace_id: the workspace that owns the project
    """

    KEYS: ClassVar[str] = "name orientation dictionary scenes webhookUrl isExport workspaceId resolution"
    scenes: tuple[Scene, ...]
    name: str | Unset = UNSET
    orientation: Annotated[str, _names(Orientation)] | Unset = UNSET
    dictionary: Any = UNSET
    webhook_url: str | Unset = UNSET
    is_export: bool | Unset = UNSET
    workspace_id: str | Unset = UNSET
    resolution: Annotated[str, _names(Resolution)] | Unset = UNSET
