"""The control message: what whoever runs the bot watches, as a message in a channel of the admins' choice.

Owns that each is posted once, shown anew when something changed, and deleted when it is wanted no more. Knows no
network; what stands in it is bot.chat.home's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.chat import home
from bot.chat.cards import Card, Note, Text, told
from bot.chat.commands.asked import Around, Asked, Call
from bot.chat.events import ChannelSeen, MemberSeen, Thread, WorkspaceSeen
from bot.chat.platform import Messenger, NotShown, OutOfReach, Trouble
from bot.chat.refreshing import Refreshing
from bot.chat.replying.posting import Gone
from bot.chat.verbs.authority import Actor
from bot.chat.work import FIRST_WAIT_S, Work
from db import controls, members, words
from db.controls import Placed
from db.members import ROLES
from db.session import Sessions, reading, transaction
from db.words import say, speaking

log = structlog.get_logger()

LOOK_S = 2.0
NETWORK_S = 20.0  # a network that never returns keeps nobody waiting
PACE_S = 5.0  # between two changes of a message
# Discord lets messages of more than an hour be changed far less often (error 30046), and does not say how often.
OLD = timedelta(hours=1)
PACE_OF_OLD_S = 30.0
Do = Callable[[Placed], Awaitable[None]]
_NOWHERE: tuple[Trouble, ...] = ("no such channel", "not in channel")


class Control:
    """In the channels of `platforms`, by name. `refreshing` shows anew what has changed."""

    def __init__(
        self,
        platforms: Mapping[str, Messenger],
        around: Around,
        refreshing: Refreshing,
        *,
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        self._platforms, self._around, self._refreshing = platforms, around, refreshing
        self._work = Work(first_wait_s)  # by message
        self._open: set[int] = set()

    @property
    def _sessions(self) -> Sessions:
        return self._around.sessions

    async def run(self) -> None:
        await self._work.keep(self.look, LOOK_S, "control messages")

    async def look(self) -> list[asyncio.Task[None]]:
        """Post those that were placed, delete those that are wanted no more, and have the others shown anew."""
        async with reading(self._sessions) as session:
            found = await controls.every(session, self._platforms.keys())
        standing = {one.message.id for one in found if one.message.taken_back_at is None}
        for number in self._open - standing:
            self._refreshing.close(_key(number))
        self._open &= standing
        for one in found:
            if self._platforms[one.workspace.platform].connected() and (do := self._to_do(one)) is not None:
                self._work.begin(one.message.id, partial(self._done, one, do))
        return self._work.going()

    def _to_do(self, one: Placed) -> Do | None:
        if one.message.taken_back_at is not None:
            return self._delete
        if one.message.ref is None:
            return self._post
        return None if self._refreshing.stands(_key(one.message.id)) else self._stand

    async def _done(self, one: Placed, do: Do) -> None:
        try:
            await do(one)
            self._work.waits.over(one.message.id)
        except Exception as error:
            where = {"network": one.workspace.platform, "channel": one.channel.name}
            log.info("a control message has to wait", why=repr(error), **where)
            self._work.waits.failed(one.message.id)

    # --- Posting

    async def _post(self, one: Placed) -> None:
        number, lease = one.message.id, timedelta(seconds=3 * NETWORK_S)
        async with transaction(self._sessions) as session:
            tried = await controls.claim(session, number, datetime.now(UTC), lease)
        if tried is None:
            return
        try:
            async with asyncio.timeout(2 * NETWORK_S):
                ref = await self._posted(one, tried)
        except NotShown as why:
            await self._refused(one, why)
            return
        except Exception:
            async with transaction(self._sessions) as session:
                await controls.let_go(session, number, datetime.now(UTC))
            raise
        async with transaction(self._sessions) as session:
            await controls.posted(session, number, ref)

    async def _posted(self, one: Placed, tried: bool) -> str:
        """One that was posted by whoever died before keeping it is found, and not posted again."""
        platform, where = self._platforms[one.workspace.platform], (one.workspace.platform_id, one.channel.platform_id)
        if tried and (found := await platform.written(*where, one.message.nonce)):
            return found
        return await platform.write(*where, await self._card(one), one.message.nonce)

    async def _refused(self, one: Placed, why: NotShown) -> None:
        """Whoever placed it is waiting for it."""
        async with transaction(self._sessions) as session:
            await controls.end(session, one.message.id)
        with speaking(members.language_of(one.member)), suppress(NotShown, Gone):
            channel = f"#{one.channel.name}"
            card = told(say("The control message cannot stand in {channel}: {reason}", channel=channel, reason=why))
            platform = self._platforms[one.workspace.platform]
            await platform.write_to(one.workspace.platform_id, one.member.platform_id, card)

    # --- Showing anew

    async def _stand(self, one: Placed) -> None:
        self._open.add(one.message.id)
        build, publish = partial(self._card, one), partial(self._rewrite, one)
        async with asyncio.timeout(2 * NETWORK_S):
            await self._refreshing.stand(_key(one.message.id), build, publish, partial(_pace, one.message.created_at))
        if one.message.id not in self._open:  # it was taken back meanwhile
            self._refreshing.close(_key(one.message.id))

    async def _rewrite(self, one: Placed, card: Card) -> None:
        platform, ref = self._platforms[one.workspace.platform], one.message.ref
        assert ref is not None, "it was posted"
        try:
            await platform.rewrite(one.workspace.platform_id, one.channel.platform_id, ref, card)
        except Gone:  # who deleted it wanted it gone
            await self._ended(one, "it was deleted")
        except OutOfReach as why:
            if why.trouble not in _NOWHERE:
                raise
            await self._ended(one, why.trouble)

    async def _ended(self, one: Placed, why: str) -> None:
        log.info("a control message ended", network=one.workspace.platform, channel=one.channel.name, why=why)
        async with transaction(self._sessions) as session:
            await controls.end(session, one.message.id)

    async def _card(self, one: Placed) -> Card:
        """By the role that who placed it has now, in the language of all."""
        async with reading(self._sessions) as session:
            role = await members.role_of(session, one.member.id)
        with speaking(words.by_default()):
            if ROLES.index(role) < ROLES.index("admin"):
                return _nobodys()
            seen, channel, who = one.workspace, one.channel, one.member
            call = Call(
                WorkspaceSeen(seen.platform, seen.platform_id, seen.name),
                MemberSeen(who.platform_id, who.name),
                ChannelSeen(channel.platform_id, channel.name),
            )
            actor = Actor(f"member:{who.id}", role)
            return await home.control(Asked(self._around, call, actor, who.id, seen.id, channel.id))

    # --- Deleting

    async def _delete(self, one: Placed) -> None:
        platform, message = self._platforms[one.workspace.platform], one.message
        workspace, channel, ref = one.workspace.platform_id, one.channel.platform_id, message.ref
        with suppress(NotShown, Gone):  # where nothing can be deleted, nothing of ours stands that could be changed
            async with asyncio.timeout(2 * NETWORK_S):
                if ref is None and message.posting_until is not None:
                    if message.posting_until >= datetime.now(UTC):  # someone may be posting it
                        return
                    ref = await platform.written(workspace, channel, message.nonce)
                if ref is not None:
                    await platform.remove(Thread(platform.name, workspace, channel, None, ref, ""), ref)
        async with transaction(self._sessions) as session:
            await controls.end(session, message.id)


def _key(number: int) -> tuple[str, int]:
    return ("control", number)


def _pace(since: datetime) -> float:
    return PACE_OF_OLD_S if datetime.now(UTC) - since > OLD else PACE_S


def _nobodys() -> Card:
    who = say("Whoever placed this message is no admin any more, so it is nobody's and shows nothing.")
    return Card([Text(who), Note(say("An admin has it again with `/yamabiko control`."))], private=False)
