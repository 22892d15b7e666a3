"""The panel's own web server, beside the bot and never in its way.

Owns the socket and the server's life: signals stay the program's, and a failure here ends no conversation.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from fastapi import FastAPI
from nicegui import app as pages_app
from nicegui import ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.panel import frame
from bot.panel.door import open_door
from bot.panel.house import House
from bot.panel.pages import adapters, doctor, personas, runs, talk, text
from db.words import say

log = structlog.get_logger()

HOST = "127.0.0.1"
PAGES = [talk.PAGE, personas.PAGE, text.PAGE, runs.PAGE, adapters.PAGE, doctor.PAGE]


class PanelUnavailable(Exception):
    """The panel cannot listen; the message says where and what to change."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # they are the program's


@asynccontextmanager
async def serving(house: House, port: int, hosts: Sequence[str] = ()) -> AsyncGenerator[str]:
    """The panel is there within this block, at the address it gives. Raises PanelUnavailable.

    One at a time in a process: NiceGUI's pages belong to the process.
    """
    listening = _listening(port)
    address = f"http://{HOST}:{listening.getsockname()[1]}"
    config = uvicorn.Config(web_of(house, hosts), log_config=None, access_log=False, ws="websockets-sansio")
    config.load()  # NiceGUI looks at every server there is, and stumbles over one that is not loaded
    server = _Server(config)
    running = asyncio.create_task(_run(server, listening))
    try:
        yield address
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _run(server: uvicorn.Server, listening: socket.socket) -> None:
    with listening:
        try:
            await server.serve(sockets=[listening])
        except (Exception, SystemExit):  # uvicorn leaves the program when its start fails
            log.exception("the panel failed; chat goes on without it")


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # from here on whoever comes waits for the server instead of being turned away
    except OSError as error:
        listening.close()
        raise PanelUnavailable(
            say("The panel cannot listen on port {port} ({why}); set [panel] port.", port=port, why=error.strerror)
        ) from error
    return listening


def web_of(house: House, hosts: Sequence[str]) -> FastAPI:
    """The panel of `house` as a web application, which answers to `hosts` beside this machine's own names."""
    logging.getLogger("nicegui").setLevel(logging.WARNING)

    @asynccontextmanager
    async def importing(_: FastAPI) -> AsyncGenerator[None]:
        async with house.imports.going_on(house.uploads):
            yield

    web = FastAPI(openapi_url=None, lifespan=importing)
    add_pages(house)
    open_door(web, house)
    # A name of somebody else's that leads to this machine must not open the panel.
    web.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost", *hosts])
    ui.run_with(web, title="Yamabiko", show_welcome_message=False, reconnect_timeout=30)
    return web


def add_pages(house: House) -> None:
    pages_app.on_exception(lambda error: log.error("a page failed", exc_info=error))
    for page in PAGES:
        frame.add(house, page, PAGES)
