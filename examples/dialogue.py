"""Two avatars talk: speech written in the scene, so that one can answer the other and be answered."""

from aistudios_dsl import Avatar, Project

# An avatar of your account; its geometry is not in the catalogue, so it is given a size.
GUEST = Avatar("M000000000", "BG00000000", language="en")

project = (
    Project("Interview", api="1.6")
    .scene(background="/images/background/bg_blue_gradient.png")
    .avatar("M000045058", height="90%", at="bottom left", margin=(120, 0), tag="host")
    .avatar(GUEST, width=420, height=972, at="bottom right", margin=(120, 0), tag="guest")
    .say("Welcome. What did you build?", by="host")
    .say("A lamp that reads with you.", by="guest")
    .say("I want one.", by="host")
)
