"""What members must hear beside replies: a run they asked for has ended.

Owns which notices there are, how each is said, and that each is sent. Knows no network.

A notice is held by one process while it is sent, and its row ends when the network has taken it. A crash just between
the two sends it a second time a minute later: twice is better than never, and private messages cannot be looked up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.chat.cards import Button, Card, Facts, Part, Row, Text
from bot.chat.hints import in_chat
from bot.chat.platform import Messenger, NotShown
from bot.chat.verbs import training
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.training import RunReport
from db import members, notices
from db.coded import shown
from db.members import ROLES
from db.models import Channel
from db.session import Sessions, reading, transaction
from db.words import say, say_count, speaking

log = structlog.get_logger()

EVERY_S = 1.0
AT_ONCE = 16
PATIENCE_S = 30.0  # less than a notice is held for


class Notices:
    """To members of `platforms`, by name, which may come and go."""

    def __init__(self, sessions: Sessions, platforms: Mapping[str, Messenger]) -> None:
        self._sessions, self._platforms = sessions, platforms

    async def follow(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                await self.deliver()
            except Exception:
                log.exception("looking for notices failed; trying again")
            await asyncio.sleep(EVERY_S)

    async def deliver(self) -> None:
        """Everything that is due now; one who cannot be reached holds up nobody."""
        platforms, now = dict(self._platforms), datetime.now(UTC)
        async with reading(self._sessions) as session:
            if not await notices.waiting(session, platforms, TOLD, now):
                return
        async with transaction(self._sessions) as session:
            due = await notices.claim(session, platforms, TOLD, now, AT_ONCE)
        await asyncio.gather(*(self._one(platforms[one.workspace.platform], one) for one in due))

    async def _one(self, platform: Messenger, due: notices.Due) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                with speaking(members.language_of(due.member)):
                    card = await self._card(due)
                    await platform.write_to(due.workspace.platform_id, due.member.platform_id, card)
        except Exception as error:
            await self._failed(due, error)
            return
        async with transaction(self._sessions) as session:
            await notices.delivered(session, due.notice.id, datetime.now(UTC))

    async def _card(self, due: notices.Due) -> Card:
        async with reading(self._sessions) as session:
            actor = Actor(due.notice.to, await members.role_of(session, due.member.id))
        return await TOLD[due.notice.kind](self._sessions, actor, due.notice.values)

    async def _failed(self, due: notices.Due, error: Exception) -> None:
        async with transaction(self._sessions) as session:
            again = await notices.put_off(session, due.notice.id, datetime.now(UTC))
        why = str(error) if isinstance(error, NotShown) else repr(error)
        event = "a notice could not be delivered; trying again" if again else "a notice was given up"
        log.warning(event, notice=due.notice.id, why=why)


async def _run_ended(sessions: Sessions, actor: Actor, values: Mapping[str, Any]) -> Card:
    run = await training.run_report(sessions, actor, values["run"])
    admin = ROLES.index(actor.role) >= ROLES.index("admin")  # whoever asked may have become a member since
    parts: list[Part] = [Text(_how_it_ended(run))]
    if run.status == "succeeded":
        parts.append(Facts(_figures(run)))
        one = f"{run.persona} {run.adapter}"
        if admin and run.adapter is not None:
            parts.append(
                Row(
                    [
                        Button(say("Promote"), "promote", one, style="primary"),
                        Button(say("Compare"), "compare", one),
                        Button(say("All adapters"), "adapters", run.persona),
                    ]
                )
            )
    elif admin and run.status != "skipped":
        parts.append(Row([Button(say("Train again"), "retrain", run.persona)]))
    return Card(parts)


def _how_it_ended(run: RunReport) -> str:
    facts = {"run": run.id, "persona": run.persona}
    match run.status:
        case "succeeded":
            return say(
                "Run {run} of **{persona}** is done: adapter {number} waits to be promoted.",
                **facts,
                number=run.adapter,
            )
        case "cancelled":
            return say("Run {run} of **{persona}** was cancelled.", **facts)
        case "skipped":
            return say("Run {run} of **{persona}** was skipped: {reason}", **facts, reason=in_chat(run.reason))
        case _:
            return say("Run {run} of **{persona}** failed: {reason}", **facts, reason=in_chat(run.reason))


def _figures(run: RunReport) -> list[tuple[str, str]]:
    facts = [(say("asked for"), run.note)] if run.note else []
    if run.base_loss is not None and run.candidate_loss is not None:
        facts.append((say("loss on held-out text"), f"{run.base_loss:.2f} → {run.candidate_loss:.2f}"))
    if run.finished_at is not None:
        minutes = max(1, round((run.finished_at - run.created_at).total_seconds() / 60))
        facts.append((say("took"), say_count("{count} minute", "{count} minutes", minutes)))
    return facts


async def _unheard(sessions: Sessions, actor: Actor, values: Mapping[str, Any]) -> Card:
    async with reading(sessions) as session:
        channel = await session.get_one(Channel, values["channel"])
    told = say(
        "What people write in **#{channel}** does not reach me: {trouble}.",
        channel=channel.name,
        trouble=shown("trouble", values["trouble"]),
    )
    mended = say(
        "Whoever mentions me is answered all the same. When that is done I notice it by myself, within five minutes; "
        "people in the channel are told then, and nothing is kept before."
    )
    return Card([Text(told), Text(mended)])


TOLD: Mapping[str, Callable[[Sessions, Actor, Mapping[str, Any]], Awaitable[Card]]] = {
    "run_ended": _run_ended,
    "unheard": _unheard,
}
