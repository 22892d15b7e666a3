"""The panel's door: one-time links let browsers in, everything else asks for one.

Owns the cookie and the check of every request and every socket. Knows no page.
"""

from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from fastapi import FastAPI
from nicegui import __version__
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.chat.verbs.signing_in import actor_behind
from bot.panel.house import House
from bot.panel.visitor import COOKIE, LANGUAGE_COOKIE, language_of
from db import signins, words
from db.session import transaction
from db.words import say

_WAY_IN = "/enter"
_OPEN = ("/language/", f"/_nicegui/{__version__}/")  # the last: scripts and fonts, the same for all
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}

_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Yamabiko</title>
<link rel="icon" href="data:,">
<style>
 body {{ font: 17px/1.7 system-ui, "Hiragino Sans", "Noto Sans JP", "Yu Gothic UI", sans-serif; color: #24302c;
        background: #f6f4ee; display: grid; place-items: center; min-height: 100vh; margin: 0; }}
 main {{ max-width: 26rem; padding: 2rem; text-align: center; }}
 h1 {{ font-size: 2.4rem; font-weight: 500; color: #2f5d50; margin: 0 0 1rem; }}
 button {{ font: inherit; color: #fff; background: #2f5d50; border: 0; border-radius: .5rem; padding: .6rem 1.6rem;
          cursor: pointer; }}
 code {{ background: #e9e5da; border-radius: .3rem; padding: .1rem .4rem; }}
</style><main><h1>山彦</h1>{body}</main></html>"""


class Guard:
    """Lets through who is signed in; to others it shows how to get in, and to their sockets nothing."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        actor = await actor_behind(self._house.sessions, connection.cookies.get(COOKIE, ""))
        if actor is not None and _is_from_here(connection):
            scope.setdefault("state", {})["actor"] = actor
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        else:
            await closed(Request(scope))(scope, receive, send)


def _is_open(path: str) -> bool:
    return path == _WAY_IN or path.startswith(_OPEN)


def _is_from_here(connection: HTTPConnection) -> bool:
    """Another site's page may not speak to the panel with its visitor's cookie."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


def closed(request: Request) -> Response:
    with words.speaking(language_of(request)):
        told = say("To come in, ask for a link where the bot runs:")
        body = f"<p>{escape(told)}</p><p><code>yamabiko panel-link</code></p>"
        return _page(body, 401)


def open_door(app: FastAPI, house: House) -> None:
    """Give `app` the way in, and the guard before everything else."""

    # A link that is looked at beforehand (networks do so) is not spent: only the button's POST spends it.
    @app.get(_WAY_IN)
    async def ask(request: Request) -> Response:
        with words.speaking(language_of(request)):
            token = escape(request.query_params.get("token", ""), quote=True)
            form = f'<form method="post" action="/enter"><input type="hidden" name="token" value="{token}">'
            return _page(
                f"<p>{escape(say('The panel of your bot.'))}</p>{form}<button>{say('Sign in')}</button></form>"
            )

    @app.post(_WAY_IN)
    async def enter(request: Request) -> Response:
        token = str((await request.form()).get("token", ""))
        with words.speaking(language_of(request)):
            try:
                async with transaction(house.sessions) as session:
                    browser = await signins.enter(session, token, house.stay, datetime.now(UTC))
            except signins.LinkSpent as spent:
                return _page(f"<p>{escape(str(spent))}</p>", 401)
        response = RedirectResponse("/", status_code=303, headers=_PRIVATE)
        _keep(response, COOKIE, browser, request, int(house.stay.total_seconds()))
        return response

    @app.post("/leave")
    async def leave(request: Request) -> Response:
        async with transaction(house.sessions) as session:
            await signins.leave(session, request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/", status_code=303, headers=_PRIVATE)
        response.delete_cookie(COOKIE)
        return response

    @app.get("/language/{wanted}")
    async def speak(request: Request, wanted: str) -> Response:
        response = RedirectResponse(_path_of(request.headers.get("referer", "")), status_code=303)
        _keep(response, LANGUAGE_COOKIE, words.best(wanted) or words.language(), request, 365 * 86400)
        return response

    app.add_middleware(Guard, house=house)


def _path_of(referer: str) -> str:
    parts = urlsplit(referer)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path if path.startswith("/") and not path.startswith("//") else "/"


def _keep(response: Response, name: str, value: str, request: Request, seconds: int) -> None:
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)


def _page(body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(language=words.language(), body=body), status, headers=_PRIVATE)
