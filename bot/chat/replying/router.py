"""Where a mention enters: it becomes a reply row, once.

Owns who may be answered and by which persona. Knows no network and no model.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import texts
from bot.chat.events import Known, MemberSeen, Mention, Reworded
from bot.chat.hints import here
from bot.chat.platform import Platform
from bot.chat.replying.allowance import Allowance, refusal
from db import calling, channels, members, personas, questions, replies, surroundings, workspaces
from db.models import Channel, Member, Persona, Reply, Workspace
from db.names import plain
from db.redact import redact
from db.session import Sessions, reading, transaction
from db.words import listed, say, speaking

_HELP = ("help", "help!", "?", "ヘルプ", "使い方")  # said to the bot, these ask about it, and no model knows
_MENTION = re.compile(r"<@member:([^>\s]+)>")


class NotAnswered(Exception):
    """This mention gets no reply; the message tells the asker why."""


class Router:
    def __init__(self, sessions: Sessions, wake: Callable[[], None], allowance: Allowance | None = None) -> None:
        """`wake` is called when there is something to answer."""
        self._sessions, self._wake = sessions, wake
        self._allowance = allowance or Allowance()

    async def on_mention(self, platform: Platform, mention: Mention) -> int | None:
        """Keep the mention to be answered; its row, or None when it was refused or kept before.

        When this returns, nothing is lost any more and the network may be told so.
        """
        if mention.foreign:
            with speaking(mention.author.locale):
                await platform.tell(mention.where, say(texts.STRANGER))
            return None
        try:
            reply = await self._taken(mention)
        except NotAnswered as refusal:
            await platform.tell(mention.where, str(refusal))
            return None
        if reply is None:
            return None
        self._wake()
        return reply.id

    async def on_known(self, known: Known) -> None:
        """Take over what people and channels are called."""
        async with transaction(self._sessions) as session:
            people = [(one.id, one.name, one.locale) for one in known.members]
            places = [(one.id, one.name) for one in known.channels]
            await calling.learn(session, known.workspace.platform, known.workspace.id, people, places)

    async def on_reworded(self, event: Reworded) -> None:
        """What was asked is kept as it stands now. Nobody is answered anew."""
        seen = event.workspace
        async with reading(self._sessions) as session:  # most of what is edited was no question
            channel = await channels.numbered(session, seen.platform, seen.id, event.channel)
            if channel is None or not await replies.is_kept(session, channel, event.id):
                return
        async with transaction(self._sessions) as session:
            rows = await surroundings.rows_of(session, channel, set(_MENTION.findall(event.text)))
            text = _MENTION.sub(lambda one: f"<@member:{rows[one[1]]}>" if one[1] in rows else "@someone", event.text)
            await questions.reword(session, channel, event.id, redact(text).text)

    async def _taken(self, mention: Mention) -> Reply | None:
        try:
            async with transaction(self._sessions) as session:
                return await take(session, mention, self._allowance)
        except IntegrityError:  # two came at the same moment; what the other wrote is there now
            async with transaction(self._sessions) as session:
                return await take(session, mention, self._allowance)


async def take(session: AsyncSession, mention: Mention, allowance: Allowance) -> Reply | None:
    """The mention's reply row, None when it was taken before. Raises NotAnswered."""
    now = datetime.now(UTC)
    seen = mention.workspace
    workspace = await workspaces.ensure(session, seen.platform, seen.id, seen.name, now)
    channel = await channels.ensure(session, workspace, mention.channel.id, mention.channel.name, now)
    people = await _people(session, workspace, mention, now)
    asker, text = people[mention.author.id], _by_row(mention.text, people)
    with speaking(members.language_of(asker)):
        try:
            return await _enqueued(session, replace(mention, text=text), channel, asker, allowance, now)
        except (NotAnswered, personas.NoSuchPersona) as refusal:  # worded while the asker's language is spoken
            raise NotAnswered(here(seen.platform, str(refusal))) from refusal


async def _people(session: AsyncSession, workspace: Workspace, mention: Mention, now: datetime) -> dict[str, Member]:
    """The asker and everybody mentioned, by the network's id."""
    seen = {one: MemberSeen(one, "") for one in _MENTION.findall(mention.text)}
    seen |= {one.id: one for one in (*mention.people, mention.author)}
    named = [(one.id, one.name) for one in seen.values()]
    locales = {one.id: one.locale for one in seen.values() if one.locale}
    return await members.ensure(session, workspace, named, now, locales)


def _by_row(text: str, people: Mapping[str, Member]) -> str:
    return _MENTION.sub(lambda found: f"<@member:{people[found[1]].id}>", text)


async def _enqueued(
    session: AsyncSession, mention: Mention, channel: Channel, asker: Member, allowance: Allowance, now: datetime
) -> Reply | None:
    if mention.workspace.platform != "console" and plain(mention.text).casefold() in _HELP:
        raise NotAnswered(say(texts.HELP))
    why = await refusal(session, allowance, channel, asker, now)
    if await replies.is_kept(session, channel.id, mention.id):
        return None  # what was taken is not refused when it comes again, be it at the same moment
    if await members.is_blocked(session, asker.id):
        raise NotAnswered(say(texts.BLOCKED))
    if why:
        raise NotAnswered(why)
    persona = await _persona(session, mention, channel)
    return await replies.enqueue(
        session,
        Reply(
            channel_id=channel.id,
            persona_id=persona.id,
            asker_id=asker.id,
            platform_message_id=mention.id,
            thread=mention.thread,
            asked=redact(mention.text).text,
            created_at=now,
        ),
    )


async def _persona(session: AsyncSession, mention: Mention, channel: Channel) -> Persona:
    if mention.persona is not None:
        return await personas.named(session, mention.persona)
    every = await personas.every(session)
    for persona in every:
        if persona.id == channel.persona_id:
            return persona
    if len(every) == 1:
        return every[0]
    if not every:
        raise NotAnswered(say(texts.NO_PERSONA))
    names = listed(persona.name for persona in every)
    at_the_shell = mention.workspace.platform == "console"
    raise NotAnswered(texts.choose_persona(names) if at_the_shell else texts.choose_persona_in_chat(names))
