"""The command line, `aistudios`. Each command imports the rest of the package when it runs."""

from __future__ import annotations

import click

from aistudios_dsl.cli.base import Commands
from aistudios_dsl.cli.build import build
from aistudios_dsl.cli.captions import captions
from aistudios_dsl.cli.check import check
from aistudios_dsl.cli.decompile import decompile
from aistudios_dsl.cli.diff import diff
from aistudios_dsl.cli.messages import messages
from aistudios_dsl.cli.online import avatars, download, get, list_projects, send, status, wait, whoami
from aistudios_dsl.cli.outbox import outbox
from aistudios_dsl.cli.preview import preview
from aistudios_dsl.cli.sandbox import sandbox
from aistudios_dsl.cli.schema import schema
from aistudios_dsl.cli.show import show
from aistudios_dsl.cli.vars import variables


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aistudios-dsl", prog_name="aistudios")
def main() -> None:
    """Write AI Studios videos as Python and send them."""


_OFFLINE = (build, check, preview, captions, show, messages, decompile, diff, sandbox, schema, variables)
_ONLINE = (whoami, send, status, wait, download, list_projects, get, avatars, outbox)

for _command in (*_OFFLINE, *_ONLINE):
    main.add_command(_command)
