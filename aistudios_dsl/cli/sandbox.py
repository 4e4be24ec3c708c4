"""`aistudios sandbox`: a local stand-in for the service, to rehearse with."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aistudios_dsl.cli.serving import listen, missing_extra
from aistudios_dsl.errors import DslError

if TYPE_CHECKING:
    from aistudios_dsl.sandbox.faults import Fault
    from aistudios_dsl.sandbox.world import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen on this address.")
@click.option("--port", default=8765, show_default=True, help="Listen on this port; 0 takes a free one.")
@click.option("--key", default="sandbox-key", show_default=True, help="The API key to accept.")
@click.option("--token-seconds", default=86400.0, show_default=True, help="Seconds a token is valid.")
@click.option("--render-seconds", default=2.0, show_default=True, help="Seconds a rendering takes.")
@click.option("--any-avatar", is_flag=True, help="Accept avatars that GET /model does not list, such as your own.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Append every accepted create to this JSONL.")
@click.option("--fault", "faults", multiple=True, metavar="CALL:KIND[=N][:CHANCE][:xTIMES]", help="Repeatable.")
@click.option("--seed", default=0, show_default=True, help="Seed of the chances of faults.")
@click.option("--list-faults", is_flag=True, help="List the calls and the faults, and exit.")
def sandbox(host: str, port: int, faults: tuple[str, ...], seed: int, list_faults: bool, **settings: Any) -> None:
    """Run a local stand-in for the service.

    Nothing is sent, rendered or paid. Prints the two exports that point the other commands at it, then serves until
    Ctrl-C. It answers tokens, projects (create, list, get, update, export, delete), progress, models, workspaces,
    templates and files. Any other call, and updates.backgroundAudio, gets "not part of this sandbox".

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
    if settings["ledger"]:
        _make_ledger(settings["ledger"])
    _serve(Settings(**settings), [Fault.parse(text) for text in faults], seed, (host, port))


def _make_ledger(ledger: Path) -> None:
    try:
        ledger.touch()
    except OSError as fault:
        raise DslError(f"cannot write the ledger {ledger}: {fault.strerror}", hint="is its folder there?") from None


def _serve(settings: Settings, faults: list[Fault], seed: int, address: tuple[str, int]) -> None:
    try:
        import uvicorn

        from aistudios_dsl.sandbox.app import application
    except ImportError as fault:
        raise missing_extra("the sandbox", "sandbox", fault) from None
    listener, app = listen(*address), application(settings, faults, seed)
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, lifespan="off", ws="none")
    host, port = listener.getsockname()[:2]
    click.echo(f"export AISTUDIOS_API_KEY={settings.key}\nexport AISTUDIOS_BASE_URL=http://{host}:{port}")
    # On Ctrl-C, uvicorn shuts down and then raises it again.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
