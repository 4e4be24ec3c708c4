"""Calls that both type checkers must refuse, one a line; never run."""

from attrs import evolve

from aistudios_dsl import Project, Scene, TextStyle, Theme, around, column, grid, inside, row, wire
from aistudios_dsl.service import AsyncClient, Client

Project().scene().text("x", att=(0, 0))  # wrong keyword
Project().scene().text("x", at="middle")  # no anchor
Project().scene().image(3)  # no URL
Project().scene().text("x", colour="#fff")  # wrong keyword
Scene().video("x", angle=5)  # a video cannot be turned
Scene().image("x", shadow=wire.Shadow())  # a picture drops no shadow
Scene().audio("x")  # the label is missing
Scene().shape("Star")  # the fill is missing
Scene().avatar("M1", framing="knees")  # no framing
Scene().avatar("M1", voice_only="yes")  # no bool
Scene().text("x", extra=5)  # no mapping
Scene().audio("x", label="x", extra=["x"])  # no mapping
Project(api="2.0")  # no generation
Scene().text("x", animation="wobble")  # no animation
wire.Animation(type="fade-in", duration="1", delay=0)  # no number
Client("key").create({})  # whether to render is not said
Client("key").create({}, export=True, exprt=True)  # wrong keyword
Client("key").wait(3)  # no id
print(Client("key").create(Project(), export=True).url)  # no such field
print(AsyncClient("key").create(Project(), export=True).id)  # not awaited
Project().scene().text("x", fill="#fff")  # the wire's name
Project().scene(title="x")  # wrong keyword
Project(width=9)  # wrong keyword
Scene(backgroud="#fff")  # wrong keyword
Project().txt("x")  # no such verb
column(gap="x")  # no number of px
row(align="left")  # an align of columns
column(align="top")  # an align of rows
grid("3")  # no number of columns
inside("a", "middle")  # no anchor
around("a", padding=None)  # no padding
around("a", pading=3)  # wrong keyword
Scene().place(Scene())  # a scene is no group
Scene().place(row(), at="middle")  # no anchor
row().text("x", when=True)  # no expression
Project(theme="brand.toml")  # no theme
Scene().text("x", style=TextStyle())  # not its name
TextStyle(size=72)  # wrong keyword
TextStyle(bold="yes")  # no switch
Theme(colours={})  # wrong keyword
Theme(text={"title": {"font_size": 72}})  # no style
Theme.load(5)  # no path
Scene().remove(5)  # no tag
Scene().remove("t", scene=0)  # it is one scene
Project().map_scenes(lambda scene: scene.clips())  # no scene


def wider(clip: wire.Image) -> wire.Image:
    return evolve(clip, left=0)


def animated(clip: wire.Text) -> str:
    return clip.animation.type  # it may have none


Project().scene().map(wire.Text, wider)  # a function for another class
Scene().map(wire.Text, wider)  # a function for another class
Project().scene().map(wire.Image, wider, tga="x")  # wrong keyword
Project().check(ignore=5)  # no code
Project().captions("ass")  # no such format
Project().scene().edit("t", scene="x")  # no number
