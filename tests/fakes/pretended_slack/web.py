"""The HTTP face: /api/METHOD, response_urls and the door to the sockets.

Owns tokens, arguments, rate limits and faults, in the order in which Slack minds them. What a method does stands in
the table.
"""

import asyncio
import json
import math
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.pretended_slack import chat, reading, streams, views
from tests.fakes.pretended_slack.limits import Fault
from tests.fakes.pretended_slack.methods import METHODS, Call, Method, Refused
from tests.fakes.pretended_slack.responses import respond
from tests.fakes.pretended_slack.world import Json

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

FILL_THE_TABLE = (chat, reading, streams, views)
BODY_AT_MOST = 2**22
STRINGS = frozenset(
    [
        "channel",
        "channel_id",
        "text",
        "markdown_text",
        "ts",
        "thread_ts",
        "user",
        "user_id",
        "status",
        "view_id",
        "trigger_id",
    ]
)


class Gone(Exception):
    """The fake hung up on purpose."""


class Web:
    def __init__(self, slack: "FakeSlack") -> None:
        self._slack = slack

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_AT_MOST)
        application.router.add_route("*", "/api/{method}", self._hanging_up(self._api))
        application.router.add_get("/link", self._hanging_up(self._slack.deliveries.sockets.serve))
        application.router.add_post("/response/{id}", self._hanging_up(self._response))
        return application

    def _hanging_up(self, handler):
        async def handle(asked: web.Request) -> web.StreamResponse:
            try:
                if self._slack.down:
                    raise Gone
                return await handler(asked)
            except Gone:
                if asked.transport is not None:
                    asked.transport.abort()
                return web.Response()

        return handle

    async def _api(self, asked: web.Request) -> web.StreamResponse:
        slack, name = self._slack, asked.match_info["method"]
        args, malformed = await _arguments(asked)
        call = Call(name, args, slack.clock.now())
        slack.calls.append(call)
        fault = slack.faults.take(name)
        if fault:
            await asyncio.sleep(fault.delay)
        if fault and not fault.after and (fault.answers or fault.drop_connection):
            return self._put(call, fault)
        response = self._answered(asked, name, args, call, malformed)
        if fault and fault.after:
            return self._put(call, fault)
        return response

    def _answered(self, asked: web.Request, name: str, args: Json, call: Call, malformed: bool) -> web.Response:
        slack = self._slack
        try:
            wanted = METHODS.get(name)
            if wanted is None:
                raise Refused("unknown_method", req_method=name)
            self._authenticate(asked, wanted)
            wait = slack.limits.wait_for(wanted, args)
            if wait is not None:
                return self._too_fast(call, wait)
            if malformed:
                raise Refused("invalid_json" if asked.content_type == "application/json" else "invalid_form_data")
            self._check_scopes(wanted)
            _check_arguments(wanted, args)
            call.answer = wanted.does(slack, args)
            return self._json({"ok": True} | call.answer, wanted)
        except Refused as refused:
            call.error = refused.error
            return self._json({"ok": False, "error": refused.error} | refused.more, METHODS.get(name))
        except Exception as crash:
            slack.crashes.append(crash)
            raise

    def _authenticate(self, asked: web.Request, wanted: Method) -> None:
        slack = self._slack
        scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
        if wanted.name == "api.test" and not token:
            return
        if scheme != "Bearer" or not token:
            raise Refused("not_authed")
        known = {slack.bot_token, slack.app_token}
        if token not in known:
            raise Refused("invalid_auth")
        if wanted.app_token != (token == slack.app_token):
            raise Refused("not_allowed_token_type")
        if token == slack.bot_token and slack.token_error:
            raise Refused(slack.token_error)
        if wanted.app_token and (slack.app_token_error or slack.deliveries.sockets.refusing):
            raise Refused(slack.app_token_error or "internal_error")

    def _check_scopes(self, wanted: Method) -> None:
        granted = self._slack.scopes
        if wanted.scopes and not granted & set(wanted.scopes):
            raise Refused("missing_scope", needed=wanted.scopes[0], provided=",".join(sorted(granted)))

    def _too_fast(self, call: Call, wait: float) -> web.Response:
        call.error, call.status = "ratelimited", 429
        # Slack counts in whole seconds; a shortened minute may ask for none.
        seconds = math.ceil(wait) if self._slack.limits.scale >= 1 else round(wait)
        headers = {"Retry-After": str(seconds), "x-oauth-scopes": ",".join(sorted(self._slack.scopes))}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    def _put(self, call: Call, fault: Fault) -> web.Response:
        if fault.drop_connection:
            raise Gone
        call.status, call.error = fault.status, fault.error
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        if fault.status == 429:
            call.error = fault.error or "ratelimited"
            headers.setdefault("Retry-After", "1")
        if fault.body is not None or (fault.status >= 500 and not fault.error):
            body = fault.body if fault.body is not None else "<html>upstream connect error</html>"
            return web.Response(status=fault.status, text=body, content_type="text/html", headers=headers)
        return web.json_response({"ok": False, "error": call.error}, status=fault.status, headers=headers)

    def _json(self, body: Json, wanted: Method | None) -> web.Response:
        headers = {"x-oauth-scopes": ",".join(sorted(self._slack.scopes)), "x-slack-req-id": "request"}
        if wanted and wanted.scopes:
            headers["x-accepted-oauth-scopes"] = ",".join(wanted.scopes)
        return web.json_response(body, headers=headers)

    async def _response(self, asked: web.Request) -> web.StreamResponse:
        slack = self._slack
        fault = slack.faults.take("response_url")
        if fault:
            await asyncio.sleep(fault.delay)
            if fault.drop_connection and not fault.after:
                raise Gone
            if fault.answers and not fault.after:
                return web.Response(status=fault.status, text=fault.body or fault.error or "")
        try:
            respond(slack, asked.match_info["id"], json.loads(await asked.text()))
        except Refused as refused:
            return web.json_response({"ok": False, "error": refused.error} | refused.more, status=_status(refused))
        if fault and fault.drop_connection:
            raise Gone
        return web.Response(text="ok")


def _status(refused: Refused) -> int:
    return 404 if refused.error in ("used_url", "expired_url") else 400


def _check_arguments(wanted: Method, args: Json) -> None:
    empty = {key for key, value in args.items() if value is None or (value == "" and key != "status")}
    if missing := sorted(wanted.required - (args.keys() - empty)):
        messages = [f"[ERROR] missing required field: {one}" for one in missing]
        raise Refused("invalid_arguments", *messages)
    # Bolt adds the team to every call.
    if unknown := sorted(args.keys() - wanted.known - {"team_id"}):
        raise Refused("invalid_arguments", *(f"[ERROR] unknown argument: {one}" for one in unknown))
    if odd := sorted(one for one in STRINGS & args.keys() if not isinstance(args[one], str | None)):
        raise Refused("invalid_arguments", *(f"[ERROR] must be a string [json-pointer:/{one}]" for one in odd))


async def _arguments(asked: web.Request) -> tuple[Json, bool]:
    """What came in the query, in a form or as JSON; and whether it could not be read."""
    args: Json = dict(asked.query)
    text = await asked.text()
    if asked.content_type == "application/json" and text:
        try:
            body = json.loads(text)
        except ValueError:
            return args, True
        return (args | body, False) if isinstance(body, dict) else (args, True)
    if asked.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        args |= {key: value for key, value in (await asked.post()).items() if isinstance(value, str)}
    return args, False
