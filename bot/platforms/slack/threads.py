"""What stands in a thread of Slack's.

Owns reading it page by page. What was deleted under it, or above it, is no error.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError

from bot.chat.events import Thread, Written
from bot.chat.platform import NotShown
from bot.platforms.slack.payloads import Me, is_said, member, people_in, place, posted
from bot.platforms.slack.people import People, Person
from bot.platforms.slack.wire import Wire, why

PAGE = 200
MOST = 1000  # messages of a thread that are looked through
_NONE = ("thread_not_found", "message_not_found")

Message = dict[str, Any]


class Here(Protocol):
    """Who we are, and who people are."""

    async def me(self) -> Me: ...

    @property
    def people(self) -> People | None: ...


class Threads:
    def __init__(self, wire: Wire, here: Here) -> None:
        self._wire, self._here = wire, here

    async def ours(self, to: Thread) -> list[Message]:
        """The bot's own posts in the mention's thread, oldest first, with their metadata."""
        me = await self._here.me()
        async with aclosing(self._messages(to, oldest=to.message, include_all_metadata=True)) as messages:
            return [one async for one in messages if me.user == one.get("user") or (one.get("bot_id") or "-") == me.bot]

    async def before(self, to: Thread) -> Sequence[Written]:
        """What people wrote there before the mention, oldest first."""
        if to.thread is None or to.thread == to.message:
            return ()
        me, people = await self._here.me(), self._here.people
        async with aclosing(self._messages(to, latest=to.message)) as messages:
            said = [one async for one in messages if is_said(one, me) and float(one["ts"]) < float(to.message)]
        ids = {one for message in said for one in people_in(message, me)}
        known = await people.get(ids, to.channel) if people is not None else {}
        return [
            Written(
                me.workspace,
                place(to.channel, known),
                member(message["user"], known),
                posted(message, to.channel, me),
                foreign=isinstance(who := known.get(message["user"]), Person) and who.foreign,
                named=[member(one, known) for one in sorted(people_in(message, me) - {message["user"]})],
            )
            for message in said
        ]

    async def _messages(self, to: Thread, **args: Any) -> AsyncGenerator[Message]:
        count, cursor = 0, ""
        while count < MOST:
            asked = {"channel": to.channel, "ts": to.thread or to.message, "limit": PAGE, **args}
            try:
                page = await self._wire.call("conversations.replies", **asked, **({"cursor": cursor} if cursor else {}))
            except (SlackApiError, NotShown) as error:
                if why(error) in _NONE:
                    return
                raise
            for message in page.get("messages") or ():
                count += 1
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
