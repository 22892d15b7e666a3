"""The HTTP face: everything below /api/v10.

Owns tokens, rate limits and faults, in the order in which Discord minds them. What a route does stands in the table.
"""

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.pretended_discord import about, callbacks, commands, followups, messages, reactions, threads
from tests.fakes.pretended_discord.limits import Counted, Fault, too_fast
from tests.fakes.pretended_discord.refusals import Refused
from tests.fakes.pretended_discord.routes import Bucket, Call, Route, found
from tests.fakes.pretended_discord.world import Json

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

FILL_THE_TABLE = (about, callbacks, commands, followups, messages, reactions, threads)
BODY_AT_MOST = 2**25
PREFIX = "/api/v10"


class Gone(Exception):
    """The fake hung up on purpose."""


class Web:
    def __init__(self, discord: "FakeDiscord") -> None:
        self._discord = discord

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_AT_MOST)
        application.router.add_get("/gateway", self._gateway)
        application.router.add_route("*", "/{rest:.*}", self._handle)
        return application

    async def _gateway(self, asked: web.Request) -> web.StreamResponse:
        if self._discord.down or self._discord.gateway.refusing:
            return web.Response(status=503, text="no gateway just now")
        return await self._discord.gateway.serve(asked)

    async def _handle(self, asked: web.Request) -> web.StreamResponse:
        if self._discord.down:
            return web.Response(status=503, text="upstream connect error", content_type="text/html")
        try:
            return await self._answer(asked)
        except Gone:
            if asked.transport is not None:
                asked.transport.abort()
            return web.Response()
        except ConnectionError:
            return web.Response()
        except Exception as crash:
            self._discord.crashes.append(crash)
            raise

    async def _answer(self, asked: web.Request) -> web.StreamResponse:
        discord = self._discord
        path = asked.rel_url.raw_path
        route, params, elsewhere = found(asked.method, path.removeprefix(PREFIX))
        if not path.startswith(PREFIX) or route is None:
            status, said = (405, "405: Method Not Allowed") if elsewhere else (404, "404: Not Found")
            discord.strangers.append(f"{asked.method} {path}")
            return _json({"message": said, "code": 0}, status)
        body, files = await _body(asked)
        call = Call(route.name, path, params, dict(asked.query), body, files, discord.clock.now())
        discord.calls.append(call)
        fault = discord.faults.take(route.name, f"{asked.method} {path.removeprefix(PREFIX)}")
        if fault:
            await asyncio.sleep(fault.delay)
        if fault and not fault.after and fault.answers:
            return self._put(call, fault)
        response = self._carried_out(asked, route, call)
        if fault and fault.after and fault.answers:
            return self._put(call, fault)
        self._count_invalid(call)
        return response

    def _carried_out(self, asked: web.Request, route: Route, call: Call) -> web.Response:
        discord = self._discord
        known = {f"Bot {discord.world.app.token}"}
        if not route.open and asked.headers.get("Authorization") not in known:
            call.status = 401
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        major = next((call.params[key] for key in ("channel", "guild", "token") if key in call.params), "")
        counted = discord.limits.count(route.bucket, major, route.counted)
        if counted.wait is not None:
            call.status = 429
            body, headers = too_fast(counted.wait, counted.scope)
            return _json(body, 429, headers if counted.scope == "global" else counted.headers | headers)
        return self._done(route, call, counted)

    def _done(self, route: Route, call: Call, counted: Counted) -> web.Response:
        try:
            answer = route.does(self._discord, call)
            call.status, call.answer = (204, None) if answer is None else (200, answer)
            if isinstance(answer, tuple):
                call.status, call.answer = answer
        except Refused as refused:
            call.status, call.code, call.answer = refused.status, refused.code, refused.body
        if call.status == 204:
            return web.Response(status=204, headers=counted.headers)
        return _json(call.answer, call.status, counted.headers)

    def _put(self, call: Call, fault: Fault) -> web.Response:
        if fault.drop_connection:
            raise Gone
        call.status, call.code = fault.status, fault.code
        if fault.status == 429:
            body, headers = too_fast(fault.retry_after, fault.scope, fault.code)
            self._count_invalid(call, shared=fault.scope == "shared")
            if fault.scope == "user":
                headers |= Counted(Bucket(call.route, 5), 0, fault.retry_after, call.at).headers
            return _json(body, 429, headers)
        self._count_invalid(call)
        if fault.status >= 500 and not fault.code:
            return web.Response(status=fault.status, text="<html>upstream connect error</html>")
        return _json({"message": fault.message or "a fault", "code": fault.code}, fault.status)

    def _count_invalid(self, call: Call, shared: bool = False) -> None:
        """Ten thousand of these in ten minutes, and Discord bans the address."""
        self._discord.invalid_requests += call.status in (401, 403, 429) and not shared


def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """The content type is exactly application/json: discord.py takes nothing else for JSON."""
    return web.Response(
        body=json.dumps(body).encode(), status=status, content_type="application/json", headers=headers or {}
    )


async def _body(asked: web.Request) -> tuple[Any, list[Json]]:
    """What was sent, as JSON or beside files, and the files' names and sizes."""
    if asked.content_type == "multipart/form-data":
        form, files = await asked.post(), []
        for name, value in form.items():
            if name.startswith("files[") and isinstance(value, web.FileField):
                files.append({"filename": value.filename, "content": value.file.read()})
        return json.loads(str(form.get("payload_json", "{}"))), files
    text = await asked.text()
    if not text:
        return {}, []
    try:
        return json.loads(text), []
    except ValueError:
        return None, []
