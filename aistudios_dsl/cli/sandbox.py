"""`aistudios sandbox`: the local stand-in of the service, to rehearse in."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aistudios_dsl.errors import DslError

if TYPE_CHECKING:
    from aistudios_dsl.sandbox.faults import Fault
    from aistudios_dsl.sandbox.world import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen here.")
@click.option("--port", default=8765, show_default=True, help="Listen on this port; 0 takes a free one.")
@click.option("--key", default="sandbox-key", show_default=True, help="The key that is let in.")
@click.option("--token-seconds", default=86400.0, show_default=True, help="How long a token is valid.")
@click.option("--render-seconds", default=2.0, show_default=True, help="How long a render takes.")
@click.option("--any-avatar", is_flag=True, help="Take avatars that GET /model does not list: your own, say.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Append every accepted create to this JSONL.")
@click.option("--fault", "faults", multiple=True, metavar="CALL:KIND[=N][:CHANCE][:xTIMES]", help="Repeatable.")
@click.option("--seed", default=0, show_default=True, help="Draw the faults' chances from this.")
@click.option("--list-faults", is_flag=True, help="Name the calls and the faults, and end.")
def sandbox(
    host: str,
    port: int,
    key: str,
    token_seconds: float,
    render_seconds: float,
    any_avatar: bool,
    ledger: Path | None,
    faults: tuple[str, ...],
    seed: int,
    list_faults: bool,
) -> None:
    """Run a local stand-in of the service: nothing is sent, rendered or paid.

    It prints the two exports that point the other commands at it, then serves until Ctrl-C. Answered are tokens,
    projects (create, list, get, update, export, delete), progress, models, workspaces, templates and the files; any
    other call, and updates.backgroundAudio, is answered with "not part of this sandbox".

    \b
    aistudios sandbox --render-seconds 5
    aistudios sandbox --fault create:reset-after:0.1 --fault progress:429=2:x3
    """
    from aistudios_dsl.sandbox.faults import CALLS, KINDS, Fault
    from aistudios_dsl.sandbox.world import Settings

    if list_faults:
        click.echo(f"calls: * {' '.join(CALLS)}")
        for kind, does in KINDS.items():
            click.echo(f"{kind:12} {does}".rstrip())
        return
    if ledger:
        _begun(ledger)
    settings = Settings(
        key=key, token_seconds=token_seconds, render_seconds=render_seconds, any_avatar=any_avatar, ledger=ledger
    )
    _serve(settings, [Fault.parse(text) for text in faults], seed, (host, port))


def _begun(ledger: Path) -> None:
    try:
        ledger.touch()
    except OSError as fault:
        raise DslError(f"cannot write the ledger {ledger}: {fault.strerror}", hint="is its folder there?") from None


def _listening(address: tuple[str, int]) -> socket.socket:
    # asyncio sends small answers at once only where the protocol is named; else each would wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as fault:
        hint = "another program listens there: give another --port, or 0 for a free one"
        raise DslError(f"cannot listen on {address[0]}:{address[1]}: {fault.strerror}", hint=hint) from None
    listener.listen(512)
    return listener


def _serve(settings: Settings, faults: list[Fault], seed: int, address: tuple[str, int]) -> None:
    try:
        import uvicorn

        from aistudios_dsl.sandbox.app import application
    except ImportError as fault:
        hint = "pip install 'aistudios-dsl[sandbox]'"
        raise DslError(f"the sandbox needs a package that is not here: {fault.name}", hint=hint) from None
    listener, app = _listening(address), application(settings, faults, seed)
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, lifespan="off", ws="none")
    host, port = listener.getsockname()[:2]
    click.echo(f"export AISTUDIOS_API_KEY={settings.key}\nexport AISTUDIOS_BASE_URL=http://{host}:{port}")
    # uvicorn ends in order on Ctrl-C, and then passes it on.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
