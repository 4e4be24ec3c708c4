"""The command line, `aistudios`. A command is imported when it runs, and imports what it needs."""

from __future__ import annotations

import click

from aistudios_dsl.cli.base import Commands

COMMANDS = {
    "Write a video": {
        "build": ("build:build", "Print the JSON of a script or a project."),
        "decompile": ("decompile:decompile", "Print the script that builds a project JSON."),
        "messages": ("messages:messages", "Give the words of a video to translators, as PO files."),
        "schema": ("schema:schema", "Print the JSON Schema of a project body."),
        "vars": ("vars:variables", "List the variables of a template, field by field."),
    },
    "Look at it": {
        "captions": ("captions:captions", "Write what is said as captions."),
        "check": ("check:check", "List what is wrong or probably a mistake."),
        "diff": ("diff:diff", "Describe what changed between two projects."),
        "preview": ("preview:preview", "Draw the scenes as a page or as pictures."),
        "show": ("show:show", "List the scenes of a project and their clips."),
    },
    "Send it": {
        "avatars": ("online:avatars", "List the avatars that this key may use."),
        "download": ("online:download", "Save a video and print its path."),
        "get": ("online:get", "Fetch a project as JSON; this is free."),
        "list": ("online:list_projects", "List the exported projects; this is free."),
        "outbox": ("outbox:outbox", "Send many payloads, each of them once."),
        "sandbox": ("sandbox:sandbox", "Run a local stand-in for the service."),
        "send": ("online:send", "Check a project and send it once."),
        "status": ("online:status", "Print the progress of a rendering and its address."),
        "wait": ("online:wait", "Wait for a rendering and print its address."),
        "whoami": ("online:whoami", "Check that the key is valid; this is free."),
    },
}
"""The commands by what people do: the module and name of each, and the first sentence of its help."""


@click.group(cls=Commands, sections=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aistudios-dsl", prog_name="aistudios")
def main() -> None:
    """Write AI Studios videos as Python and send them."""
