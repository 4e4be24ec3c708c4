"""One talking avatar: the vendor's own sample scene, number for number."""

from aistudios_dsl import Project

project = (
    Project(webhook_url="https://example.com/hooks/aistudios")
    .scene(background="/images/background/bg_blue_gradient.png")
    .avatar(
        "M000045058",
        "BG00002320",
        say="Hello, this is test video.",
        effects=["head-only"],
        at=(630.2493927359487, 146.74129135713008),
        id="aiModel-1h4ij5h8e87",
    )
)
