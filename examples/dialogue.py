"""Two avatars talk: each turn is a scene of its own, in which both are seen and one speaks."""

from aistudios_dsl import Avatar, Project, Scene

# An avatar of your account; its geometry is not in the catalogue, so it is given a size.
GUEST = Avatar("M000000000", "BG00000000", language="en")

TURNS = [
    ("host", "Welcome. What did you build?"),
    ("guest", "A lamp that reads with you."),
    ("host", "I want one."),
]


def turn(speaker: str, words: str) -> Scene:
    """Return a scene with both avatars, in which one of them speaks."""
    return (
        Scene(background="/images/background/bg_blue_gradient.png")
        .avatar("M000045058", height="90%", at="bottom left", margin=(120, 0), tag="host")
        .avatar(GUEST, width=420, height=972, at="bottom right", margin=(120, 0), tag="guest")
        .say(words, by=speaker)
    )


project = Project("Interview", api="1.6").add(*(turn(speaker, words) for speaker, words in TURNS))
