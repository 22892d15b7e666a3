"""What stands in a channel of Slack's, and what the bot writes there unasked.

Owns reading page by page, joining what may be joined, and which refusals need somebody's hand. Reading leaves turns
for whoever answers.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.chat.cards import Card
from bot.chat.events import ChannelSeen
from bot.chat.platform import NotShown, OutOfReach, Page, Trouble
from bot.importers.slack_messages import moment, unspoken
from bot.platforms.slack.collected import people_of, written_of
from bot.platforms.slack.errors import wait_of
from bot.platforms.slack.people import Person
from bot.platforms.slack.places import message as drawn
from bot.platforms.slack.threads import Here
from bot.platforms.slack.wire import Wire, why
from db.backfills import EVERYTHING

PAGE = 100
SPARE = 15  # turns a minute that reading leaves to answering
NOTICE = "yamabiko_notice"
LATELY = 100  # messages among which a notice is looked for
NAMES_TRIES = 25  # until everyone on a page is known
_TROUBLES: Mapping[str, Trouble] = {
    "not_in_channel": "not in channel",
    "channel_not_found": "not in channel",  # Slack says so of private channels
    "is_archived": "archived",
    "is_inactive": "archived",
    "missing_scope": "not allowed",
    "no_permission": "not allowed",
    "access_denied": "not allowed",
    "team_access_not_granted": "not allowed",
    "restricted_action": "may not write",
    "restricted_action_read_only_channel": "may not write",
    "restricted_action_thread_only_channel": "may not write",
}
_THREAD_GONE = ("thread_not_found", "message_not_found")

Message = dict[str, Any]


class Past:
    def __init__(self, wire: Wire, here: Here) -> None:
        self._wire, self._here = wire, here
        self._shared: dict[str, bool] = {}

    async def page(self, channel: ChannelSeen, before: str | None) -> Page:
        """Messages older than `before` with their threads, oldest first. Raises OutOfReach."""
        me = await self._here.me()
        if before is None or channel.id not in self._shared:
            self._shared[channel.id] = await self._enter(channel.id)
        args = {"latest": before, "inclusive": False} if before is not None else {}
        answer = await self._call("conversations.history", channel=channel.id, limit=PAGE, **args)
        top: list[Message] = list(answer.get("messages") or ())
        found = {str(one["ts"]): one for one in top}
        for one in top:
            if one.get("reply_count") and one.get("thread_ts") in (None, one["ts"]):
                async for reply in self._replies(channel.id, str(one["ts"])):
                    found.setdefault(str(reply["ts"]), reply)
        said = [one for one in found.values() if unspoken(one) is None]
        known, shared = await self._known(people_of(said)), self._shared[channel.id]
        every = (written_of(one, channel, me, known, shared=shared or _nobody(one, known)) for one in said)
        written = sorted((one for one in every if one is not None), key=lambda one: one.posted.at)
        oldest = min((str(one["ts"]) for one in top), key=float, default=None)
        if oldest is not None and answer.get("has_more"):
            return Page(written, oldest, found.keys(), moment(oldest))
        # A workspace without a subscription shows its last weeks alone: what is older is hidden, and not gone.
        begins = moment(oldest) if answer.get("is_limited") else EVERYTHING
        return Page(written, None, found.keys(), begins)

    async def write(self, channel: str, card: Card, nonce: str) -> str:
        """Post a card for everyone, under a name that only Slack sees. Raises OutOfReach, NotShown."""
        note = {"event_type": NOTICE, "event_payload": {"nonce": nonce}}
        said: dict[str, Any] = {**drawn(card), "metadata": note, "unfurl_links": False, "unfurl_media": False}
        try:
            posted = await self._call("chat.postMessage", channel=channel, **said)
        except OutOfReach as refusal:
            if refusal.trouble != "not in channel" or not await self._joined(channel):
                raise
            posted = await self._call("chat.postMessage", channel=channel, **said)
        return str(posted["ts"])

    async def rewrite(self, channel: str, ref: str, card: Card) -> None:
        """Raises OutOfReach, NotShown, Gone."""
        await self._call("chat.update", channel=channel, ts=ref, **drawn(card))

    async def written(self, channel: str, nonce: str) -> str | None:
        """The card that was lately posted under this name. Raises OutOfReach."""
        answer = await self._call("conversations.history", channel=channel, limit=LATELY, include_all_metadata=True)
        for one in answer.get("messages") or ():
            metadata = one.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == NOTICE and payload.get("nonce") == nonce:
                return str(one["ts"])
        return None

    async def _enter(self, channel: str) -> bool:
        """Be where messages can be read; whether people of other workspaces write there too. Raises OutOfReach."""
        info: Message = (await self._call("conversations.info", channel=channel)).get("channel") or {}
        if info.get("is_im") or info.get("is_mpim"):
            raise OutOfReach("not allowed")  # what is said in private is never collected
        if info.get("is_member") is False and not await self._joined(channel):
            raise OutOfReach("not in channel")
        return bool(info.get("is_ext_shared") or info.get("is_shared") or info.get("is_pending_ext_shared"))

    async def _joined(self, channel: str) -> bool:
        """Public channels can be joined, others wait for an invitation."""
        with suppress(NotShown, SlackApiError):
            await self._call("conversations.join", channel=channel)
            return True
        return False

    async def _replies(self, channel: str, thread: str) -> AsyncGenerator[Message]:
        cursor = ""
        while True:
            asked = {"channel": channel, "ts": thread, "limit": PAGE, **({"cursor": cursor} if cursor else {})}
            try:
                answer = await self._call("conversations.replies", **asked)
            except (SlackApiError, NotShown) as error:
                if why(error) in _THREAD_GONE:  # its first message was deleted just now, and what follows it will be
                    return
                raise
            for one in answer.get("messages") or ():
                yield one
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _known(self, ids: set[str]) -> dict[str, Person]:
        """Who these people are. Here there is time to wait for Slack to tell."""
        people, known = self._here.people, dict[str, Person]()
        for _ in range(NAMES_TRIES if people is not None else 0):
            assert people is not None, "nobody is asked about while we are not connected"
            found = await people.get(ids)
            known = {one: who for one, who in found.items() if isinstance(who, Person) and who.seen.name}
            if len(known) == len(ids):
                break
        return known

    async def _call(self, method: str, **args: Any) -> Message:
        """As Wire.call, however long Slack asks to wait. Raises OutOfReach where somebody must do something first."""
        while True:
            while not self._wire.pace.has_room(method, SPARE):  # noqa: ASYNC110  # others take their turns without a word
                await asyncio.sleep(0.5)
            try:
                return await self._wire.call(method, **args)
            except (SlackApiError, NotShown) as error:
                wait = wait_of(error) if isinstance(error, SlackApiError) else None
                if wait is None:
                    if (trouble := _TROUBLES.get(why(error))) is not None:
                        raise OutOfReach(trouble) from error
                    raise
            await asyncio.sleep(wait)


def _nobody(message: Message, known: Mapping[str, Person]) -> bool:
    """Whether nothing tells of which workspace its author is: neither the message nor Slack."""
    return not message.get("team") and not message.get("user_team") and str(message["user"]) not in known
