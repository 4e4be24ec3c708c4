"""Calls that both type checkers must accept; never run."""

from pathlib import Path

from attrs import evolve

from aistudios_dsl import (
    Avatar,
    Catalog,
    Catalogue,
    Finding,
    Group,
    Message,
    Project,
    Scene,
    TextStyle,
    Theme,
    Timing,
    above,
    around,
    below,
    column,
    inside,
    left_of,
    right_of,
    row,
    wire,
)
from aistudios_dsl.service import AsyncClient, Client, Job, Progress, RenderFailed, StillRendering

theme: Theme = Theme(colors={"brand": "#e4002b"}, text={"title": TextStyle(font_size=72, bold=True, color="brand")})
project: Project = (
    Project("Name", orientation="portrait", api="1.6", catalog=Catalog(), resolution="1080", theme=theme)
    .scene(background="#102030", when="vip", each="item in items")
    .avatar("M1", "B1", say="Hello", framing="bust", at="bottom right", margin=(40, "5%"))
    .avatar(Avatar("M1", "B1"), head_at=("50%", 200), head_height=300, effects=["head-only", {"type": "x"}])
    .say("More", by="host", html=True)
    .text("Hi", font_size=60, color="#fff", width="50%", align="center", at=above("logo", gap=24), angle=12)
    .text("Hi", style="title", background="brand", translate=False)
    .text("Hi", fit=(300, "20%"), shadow=wire.Shadow(blur=4), animation=("fade-in", 1, 0), tag="t", layer=4)
    .image("https://x.example/a.png", natural=(10, 20), fit="cover", width=300, height=200, angle=4.5)
    .video("https://x.example/a.mp4", poster="https://x.example/a.png", volume=50, at=(10, 20.5), opacity=90)
    .audio("https://x.example/a.mp3", label="Music", volume=None)
    .shape("Star", fill="red", width=100, at=below("t"), animation="zoom-in")
    .put(wire.Image(id="i", layer=1, left=0, top=0, width=1, height=1, source_url="https://x.example/a.png"))
    .edit("t", text="Hello", at="top", width="50%", color="red")
    .avatar("M1", voice_only=True, language="pt-BR", extra={"own": [1]})
    .audio("https://x.example/a.mp3", label="Music", extra={"loop": "{{ loops }}"})
    .map(wire.Image, lambda clip: evolve(clip, left=clip.left + 1), tag="i")
    .background("#000000")
    .remove("i", scene=0)
    .map_scenes(lambda scene: scene.text("Lumen", at="top right"))
)
placed: list[tuple[int, wire.AnyClip]] = project.clips()
branded: Project = Project(theme=Theme.load(Path("brand.toml"))).add(Scene().text("Hi", tag="t").remove("t"))
scene: Scene = Scene(background="#fff").text("Hi", at=left_of("a")).text("Ho", at=right_of("b", gap="2%"))
piped: str = project.add(scene).pipe(lambda value, tail: value.to_json() + tail, "\n")
rendered: Project = project.render({"name": "Ann"}, city="Rome")
messages: tuple[Message, ...] = project.messages()
catalogue: Catalogue = Catalogue.read("locale", "de").updated(project)
german: Project = project.translated(catalogue, "de").translated({"Hi": "Hallo"}, "de").translated(Path("l"), "de")
nodes: wire.Project = rendered.resolve()
findings: list[Finding] = rendered.check(ignore="unsafe-area")
timed: Timing = rendered.timing(seconds=42.5, silent_seconds=2)
said: list[tuple[float, str]] = [(line.start, line.text) for one in timed.scenes for line in one.lines]
captions: str = rendered.captions("vtt", video=Path("video.mp4"))
saved: Path = Client("key", timeout=9).download(Client().create(project, export=True), "videos", overwrite=True)


async def awaited(client: AsyncClient) -> float:
    job: Job = await client.create(project.to_dict(), export=True)
    try:
        progress: Progress = await client.wait(job, 60, on_progress=print)
    except (RenderFailed, StillRendering) as fault:
        return len(fault.project_id)
    return progress.percent


def wider(clip: wire.Image) -> wire.Image:
    return evolve(clip, left=0, animation=clip.animation or wire.Animation(type="fade-in", duration=1, delay=0))


Project().scene().map(wire.Image, wider).add(Scene().map(wire.Image, wider))


Scene().text("Hi", font_size="{{ size }}").avatar("M1", effects="head-only", width=9, height=9)

bullets: Group = column(gap=8, padding=(12, 8)).place(row(gap=4).shape("Circle", fill="#fff", width=9).text("One"))
Scene().place(bullets, at=below("t"), width="40%", tag="b", when="vip").shape("Square", fill="#1", at=around("b"))
Scene().text("x", at=inside("b", "top right", margin="5%"), when="n > 1", each="n in numbers")
