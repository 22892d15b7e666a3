"""People in a channel are told, where they see it, that it was opened or closed.

Owns what the notice says, and that each is posted once. Knows no network.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.chat.cards import Button, Card, Heading, Note, Part, Row, Text
from bot.chat.collecting import lacking
from bot.chat.platform import Messenger, NotShown, OutOfReach
from bot.chat.work import FIRST_WAIT_S, Work
from db import backfills, noticing, words
from db.models import Channel
from db.noticing import Untold
from db.session import Sessions, reading, transaction
from db.words import say, say_count, speaking

log = structlog.get_logger()

LOOK_S = 1.0
NETWORK_S = 20.0  # a network that never returns keeps nobody waiting


class Opening:
    """`days` of the past are read when a channel is opened, which the notice says."""

    def __init__(
        self, sessions: Sessions, platforms: Mapping[str, Messenger], days: int, *, first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        self._sessions, self._platforms, self._days = sessions, platforms, days
        self._work = Work(first_wait_s)  # by channel and state: another state is told at once

    async def run(self) -> None:
        await self._work.keep(self.look, LOOK_S, "channels to tell")

    async def look(self) -> list[asyncio.Task[None]]:
        """Tell every channel that does not know its state, each apart from the others; those at work now."""
        async with reading(self._sessions) as session:
            found = await noticing.untold(session, self._platforms.keys(), datetime.now(UTC))
        for one in found:
            if one.channel.state != "closed" and not await lacking.hears(
                self._sessions, self._platforms[one.workspace.platform], one.channel
            ):
                continue
            self._work.begin((one.channel.id, one.channel.state), partial(self._tell, one))
        return self._work.going()

    async def _tell(self, untold: Untold) -> None:
        platform, channel = self._platforms[untold.workspace.platform], untold.channel
        lease = timedelta(seconds=3 * NETWORK_S)
        async with transaction(self._sessions) as session:
            claim = await noticing.claim(session, channel, datetime.now(UTC), lease)
        if claim is None:
            return
        try:
            async with asyncio.timeout(2 * NETWORK_S):
                ref = await self._post(platform, untold, claim)
            async with transaction(self._sessions) as session:
                await noticing.told(session, claim, ref)
                await backfills.tell(session, channel.id, None, datetime.now(UTC))
            self._work.waits.over((channel.id, claim.state))
        except NotShown as why:
            await self._refused(channel, claim, why)
        except Exception:
            log.exception("telling a channel what it is open for failed; trying again later", channel=channel.name)
            await self._again_later(channel, claim)

    async def _post(self, platform: Messenger, untold: Untold, claim: noticing.Claim) -> str:
        """One that was posted by whoever died before keeping it is found, and not posted again."""
        workspace, channel = untold.workspace.platform_id, untold.channel
        if claim.again and (found := await platform.written(workspace, channel.platform_id, claim.nonce)):
            return found
        with speaking(words.by_default()):
            card = notice(channel, self._days)
        return await platform.write(workspace, channel.platform_id, card, claim.nonce)

    async def _refused(self, channel: Channel, claim: noticing.Claim, why: NotShown) -> None:
        if claim.state == "closed":  # we were thrown out, or the channel is gone: nobody is left to tell
            async with transaction(self._sessions) as session:
                await noticing.told(session, claim, None)
            return
        trouble = why.trouble if isinstance(why, OutOfReach) else "may not write"
        log.warning("people in a channel cannot be told that it is open", channel=channel.name, why=trouble)
        async with transaction(self._sessions) as session:
            await backfills.tell(session, channel.id, trouble, datetime.now(UTC))
        await self._again_later(channel, claim)

    async def _again_later(self, channel: Channel, claim: noticing.Claim) -> None:
        self._work.waits.failed((channel.id, claim.state))
        async with transaction(self._sessions) as session:
            await noticing.let_go(session, claim)


def notice(channel: Channel, days: int) -> Card:
    """What everyone in the channel is told."""
    if channel.state == "closed":
        told = say("This channel was closed for me. Nothing that is written here from now on is kept or used.")
        return Card([Heading(say("I no longer collect messages here")), Text(told), _more()], private=False)
    kept = say(
        "An admin opened this channel for me. From now on I keep what people write here, and use it to understand "
        "what I am asked."
    )
    learned = say("That is all: nothing of it is learned. If that changes, I will say so here; you may answer already.")
    if channel.state == "training":
        learned = say(
            "Personas may also learn to speak from it: only from messages of people who said yes. Whoever says "
            "nothing has not agreed."
        )
    changes = say("What you edit or delete here is changed and erased with me as well.")
    told = "\n\n".join((f"{kept} {_past(days)}", f"{learned} {changes}"))
    parts: list[Part] = [Heading(say("I collect messages here")), Text(told)]
    yes = Button(say("Yes, learn from my messages"), "consent", "yes", "primary")
    no = Button(say("No, do not"), "consent", "no")
    return Card([*parts, Row([yes, no]), _more()], private=False)


def _past(days: int) -> str:
    if days == 0:
        return say("What was written before is not read.")
    return say_count(
        "What was written here in the last {count:,} day is read as well.",
        "What was written here in the last {count:,} days is read as well.",
        days,
    )


def _more() -> Note:
    return Note(
        say(
            "`/yamabiko privacy` tells what is kept and for how long; with `/yamabiko consent` you change your answer "
            "at any time."
        )
    )
