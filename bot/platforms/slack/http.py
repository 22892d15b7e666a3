"""Slack's requests over HTTP: events, commands and buttons at one address.

Owns the server, and that only Slack is listened to: each request is signed, fresh and not too large. What it says is
Bolt's to read.
"""

from collections.abc import Sequence

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.chat.platform import NotReached
from bot.platforms.slack.manifest import PATH
from db.words import say

log = structlog.get_logger()

HEALTH = "/healthz"
LARGEST = 1_000_000  # bytes of a request


class Server:
    """`port` 0 is any that is free; `address` is where it listens once it is open."""

    def __init__(self, app: AsyncApp, secret: str, host: str, port: int) -> None:
        self._app, self._verifier = app, SignatureVerifier(secret)
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def open(self) -> None:
        """Raises NotReached where the port is taken."""
        served = web.Application(client_max_size=LARGEST)
        served.add_routes([web.post(PATH, self._requested), web.get(HEALTH, _healthy)])
        self._runner = web.AppRunner(served, access_log=None, shutdown_timeout=5.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self.aclose()
            place = f"{self._host}:{self._port}"
            raise NotReached(say("it cannot listen at {place} ({why})", place=place, why=error.strerror)) from error
        host, port, *_ = self._runner.addresses[0]
        self.address = f"http://{host}:{port}{PATH}"

    async def aclose(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _requested(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_slacks(body, request):
            log.info("a request that is not Slack's, or too old, was turned away")
            return web.Response(status=401, text="this is not signed by Slack")
        headers: dict[str, str | Sequence[str]] = {name: [value] for name, value in request.headers.items()}
        asked = AsyncBoltRequest(body=body.decode(), query=request.query_string, headers=headers)
        return await to_aiohttp_response(await self._app.async_dispatch(asked))

    def _is_slacks(self, body: bytes, request: web.Request) -> bool:
        try:
            return self._verifier.is_valid_request(body, dict(request.headers))
        except ValueError:  # a time that is no number, a body that is no text
            return False


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")
