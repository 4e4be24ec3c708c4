"""A small server for the service's webhooks: `uvicorn webhook_server:app`, with WEBHOOK_SECRET in the environment.

The address to give with a project: webhook_url("https://your.host/hook", "row-7", secret).
"""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aistudios_dsl import DslError, LoadError
from aistudios_dsl.service import parse_webhook, verify_webhook


async def hook(request: Request) -> Response:
    try:
        job = verify_webhook(str(request.url), os.environ["WEBHOOK_SECRET"])
        news = parse_webhook(await request.body())
    except LoadError as fault:
        return Response(str(fault), status_code=400)
    except DslError as fault:
        return Response(str(fault), status_code=403)
    # Anyone who has seen this address can call it: take the call as a reason to look, and ask the service itself
    # with Client().progress(id) before believing it.
    print(f"{job}: {news.progress} %{', done' if news.done else ''}", flush=True)
    return Response(status_code=204)


app = Starlette(routes=[Route("/hook", hook, methods=["POST"])])
