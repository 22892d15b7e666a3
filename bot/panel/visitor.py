"""Who looks at a page: their authority at this moment, their language, and what they are told when something fails.

Owns the way from a click to a verb. Knows no page.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import structlog
from nicegui import ui
from starlette.requests import Request

from bot.chat.troubles import is_ours, sentence
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.signing_in import actor_behind
from bot.panel.house import House
from db import words
from db.members import ROLES, RoleName
from db.words import say

log = structlog.get_logger()

T = TypeVar("T")

COOKIE = "yamabiko"
LANGUAGE_COOKIE = "yamabiko-language"


class SignedOut(Exception):
    """This browser is not signed in any more; ask for a new link."""


class Visitor:
    """One browser's view of one page. `asked` is what stands behind the address's question mark."""

    def __init__(self, house: House, browser: str, actor: Actor, language: str, asked: Mapping[str, str]) -> None:
        self.house, self.language, self.asked = house, language, asked
        self._browser, self._actor = browser, actor

    def may(self, role: RoleName) -> bool:
        """For what is shown; what is done is authorised by the verb."""
        return ROLES.index(self._actor.role) >= ROLES.index(role)

    async def call(self, verb: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """A verb or query as this visitor, with the role they have now. Raises SignedOut and the verb's errors."""
        return await verb(self.house.sessions, await self.actor(), *args, **kwargs)

    async def actor(self) -> Actor:
        """Raises SignedOut."""
        found = await actor_behind(self.house.sessions, self._browser)
        if found is None:
            raise SignedOut(say("You are signed out; `yamabiko panel-link` gives a new link."))
        self._actor = found
        return found

    def handling(self, do: Callable[..., Any]) -> Callable[..., Awaitable[None]]:
        """`do` as an event's handler: in the visitor's language, and a refusal becomes a notification."""

        takes = len(inspect.signature(do).parameters)

        @functools.wraps(do)
        async def handled(*event: Any) -> None:
            with words.speaking(self.language):
                try:
                    done = do(*event[:takes])
                    if inspect.isawaitable(done):
                        await done
                except Exception as error:
                    tell(error)

        return handled


def tell(error: Exception) -> None:
    """Our own errors are sentences for people; any other is a fault, which the log describes."""
    if not is_ours(error):
        log.exception("a page failed", exc_info=error)
    ui.notify(sentence(error), type="negative", multi_line=True, timeout=8000, close_button=True)


def language_of(request: Request) -> str:
    """What the visitor chose, else what the browser prefers, else the config's."""
    wishes = [request.cookies.get(LANGUAGE_COOKIE, "")]
    wishes += [wish.partition(";")[0].strip() for wish in request.headers.get("accept-language", "").split(",")]
    return next((found for wish in wishes if (found := words.best(wish))), words.language())
