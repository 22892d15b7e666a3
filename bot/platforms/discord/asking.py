"""Discord asked without a connection, for a look from the shell: what its answers mean, and what its refusals.

Owns single questions of its REST API. Says no token.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.chat.platform import NotAdmitted, NotReached
from db.words import say

PORTAL = "https://discord.com/developers/applications"
PATIENCE_S = 10  # for one answer
_OVER = (aiohttp.ClientError, OSError, TimeoutError, ValueError)  # no answer, or none of Discord's
_AGENT = "DiscordBot (yamabiko, 1)"  # of this form, as Discord's front door wants it


class NotThere(Exception):
    """Discord does not have it, or does not show it to us."""


class Asking:
    def __init__(self, session: aiohttp.ClientSession, api_url: str) -> None:
        self._session, self._api_url = session, api_url.rstrip("/")

    async def get(self, path: str) -> Any:
        """The answer's JSON. Raises NotThere, NotAdmitted, NotReached."""
        try:
            async with self._session.get(self._api_url + path) as answer:
                if answer.status == 200:
                    return await answer.json(content_type=None)
        except _OVER as error:
            why = type(error).__name__  # its text could hold what was sent
            raise NotReached(
                say("Discord does not answer at {url} ({reason}).", url=self._api_url, reason=why)
            ) from None
        if answer.status == 401:
            raise NotAdmitted(unknown_token())
        if answer.status in (403, 404):
            raise NotThere(path)
        raise NotReached(say("Discord has trouble of its own ({error}).", error=answer.status))


@asynccontextmanager
async def asking(token: str, api_url: str) -> AsyncGenerator[Asking]:
    """Raises NotAdmitted where the token cannot be a bot's."""
    well_formed(token)
    headers = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield Asking(session, api_url)


def well_formed(token: str) -> None:
    """Raises NotAdmitted where this cannot be a bot's token, before anybody is asked."""
    if token.isdecimal():
        raise NotAdmitted(say("[discord] bot_token holds the app's id; {where}", where=_where()))
    parts = token.split(".")
    if len(parts) != 3 or not all(parts) or not token.isascii() or any(map(str.isspace, token)):
        raise NotAdmitted(
            say(
                "[discord] bot_token is no bot's token, which is of three parts with dots between; {where}",
                where=_where(),
            )
        )


def unknown_token() -> str:
    return say("Discord does not know the bot's token; {where}", where=_where())


def _where() -> str:
    return say("it is made under “Bot” of the app, by “Reset Token” ({portal}).", portal=PORTAL)
