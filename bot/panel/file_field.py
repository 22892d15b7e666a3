"""A field that takes a file and hands it on as it comes.

NiceGUI's own field first keeps a file twice in the system's temporary folder, which may be memory, and where a crash
would leave it: ours goes to its place at once. Knows neither the place nor what the file is.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import unquote

from fastapi import HTTPException
from nicegui import app as pages_app
from nicegui import ui
from starlette.requests import ClientDisconnect, Request

from bot.chat.verbs.authority import Actor
from bot.panel.visitor import Visitor, tell
from db import words

Receive = Callable[[Actor, str, AsyncIterator[bytes]], Awaitable[None]]

NAME = "x-file-name"
LONGEST = 200  # characters of a name that are kept
_HEADERS = f"files => [{{name: '{NAME}', value: encodeURIComponent(files[0].name)}}]"


class FileField(ui.upload):
    """`receive` gets who sends, what they call the file, and its bytes; a refusal becomes a notification."""

    def __init__(self, visitor: Visitor, label: str, receive: Receive) -> None:
        super().__init__(label=label, auto_upload=True)
        self.props(f':headers="{_HEADERS}" send-raw')
        path = str(self.props["url"])
        pages_app.remove_route(path)

        @pages_app.post(path, include_in_schema=False)
        async def taken(request: Request) -> dict[str, str]:
            if self.is_ignoring_events:
                raise HTTPException(403)
            name = unquote(request.headers.get(NAME, "")).replace("\\", "/").rpartition("/")[2][:LONGEST]
            with words.speaking(visitor.language), self:
                try:
                    await receive(request.state.actor, name, request.stream())
                except ClientDisconnect:
                    raise HTTPException(400) from None  # nobody is there to be told
                except Exception as error:
                    tell(error)
                    self.reset()  # or the browser would send this file again with the next one
                    raise HTTPException(422) from error
            self.reset()
            return {}
