"""A reply row becomes an answer on a platform.

Owns the context a reply is given, the road from engine to platform, and what the row keeps of it. Engine
errors become sentences here and nowhere else. Knows no network and no model.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import texts
from bot.chat.events import Mention
from bot.chat.platform import Platform
from bot.generation.engine import EngineBusy, EngineUnavailable, Finish, Request, Sampling, Waiting
from bot.live_adapters import LiveAdapters
from bot.prepare import BaseNotReady
from db import members, replies
from db.models import Persona, Reply
from db.session import Sessions, reading, transaction
from db.transcript import Line, Turn, mentioned, turns

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limits:
    context_replies: int = 6
    context_days: int = 30
    reply_seconds: float = 120


@dataclass(frozen=True, slots=True)
class _Context:
    persona: Persona
    turns: list[Turn]
    given: list[int]  # earlier replies, for lineage


class Replier:
    def __init__(self, sessions: Sessions, live: LiveAdapters, limits: Limits, instance: str) -> None:
        self._sessions, self._live, self._limits, self._instance = sessions, live, limits, instance

    async def answer(self, platform: Platform, mention: Mention, reply_id: int) -> None:
        """Claim the row, speak, and keep what was said; a failure is told to the asker and kept."""
        async with transaction(self._sessions) as session:
            reply = await replies.claim(session, reply_id, self._instance, datetime.now(UTC))
        if reply is None:
            return
        try:
            context = await self._context(reply)
            async with self._live.base(context.persona):
                pass  # a base that cannot be opened is told before anything shows
            await self._speak(platform, mention, reply, context)
        except EngineBusy:
            await self._give_up(platform, mention, reply, texts.BUSY)
        except (EngineUnavailable, BaseNotReady) as error:
            await self._give_up(platform, mention, reply, str(error))

    async def _speak(self, platform: Platform, mention: Mention, reply: Reply, context: _Context) -> None:
        spoken = _Spoken(self._live)
        request = Request(
            turns=context.turns,
            sampling=sampling_of(context.persona.sampling),
            shape=context.persona.shape,
            deadline_s=self._limits.reply_seconds,
        )
        async with aclosing(spoken.listen(context.persona, request)) as pieces:
            ref = await platform.show(mention, pieces, nonce=f"reply-{reply.id}")
        async with transaction(self._sessions) as session:
            await replies.shown(session, reply.id, ref)
            now = datetime.now(UTC)
            await replies.finish(session, reply.id, spoken.answer(), spoken.adapter_id, context.given, now)

    async def _give_up(self, platform: Platform, mention: Mention, reply: Reply, why: str) -> None:
        await platform.tell(mention, why)
        async with transaction(self._sessions) as session:
            await replies.fail(session, reply.id, why, datetime.now(UTC))
        log.warning("reply failed", reply=reply.id, why=why)

    async def _context(self, reply: Reply) -> _Context:
        since = datetime.now(UTC) - timedelta(days=self._limits.context_days)
        async with reading(self._sessions) as session:
            persona = await session.get_one(Persona, reply.persona_id)
            if persona.shape == "text":
                return _Context(persona, [{"role": "user", "content": reply.asked}], [])
            before = await replies.earlier(session, reply, self._limits.context_replies, since)
            return await _conversation(session, persona, before, reply)


async def _conversation(session: AsyncSession, persona: Persona, before: list[Reply], reply: Reply) -> _Context:
    lines: list[Line] = []
    for earlier in before:
        lines += [Line(earlier.asker_id, earlier.asked), Line(None, earlier.text or texts.EMPTY)]
    lines.append(Line(reply.asker_id, reply.asked))
    people = {line.author for line in lines if line.author is not None}
    people |= {member for line in lines for member in mentioned(line.text)}
    names = await members.names(session, people)
    given = turns(lines, None, names, persona.system_prompt)
    return _Context(persona, given, [earlier.id for earlier in before])


class _Spoken:
    """Gathers an answer while it is passed on."""

    def __init__(self, live: LiveAdapters) -> None:
        self._live = live
        self._text: list[str] = []
        self._finish: Finish | None = None
        self.adapter_id: int | None = None

    async def listen(self, persona: Persona, request: Request) -> AsyncGenerator[str]:
        # Who speaks is asked for in the moment of speaking: a platform may wait before it takes the first
        # piece, and what was live before that may be put away by then.
        async with (
            self._live.voice(persona) as voice,
            aclosing(voice.engine.generate(replace(request, adapter=voice.adapter))) as pieces,
        ):
            self.adapter_id = voice.adapter_id
            async for piece in pieces:
                if isinstance(piece, Waiting):
                    continue
                self._finish = piece.finish or self._finish
                if piece.text:
                    self._text.append(piece.text)
                    yield piece.text

    def answer(self) -> replies.Answer:
        finish = self._finish
        assert finish is not None, "an engine ends every candidate with its finish"
        return replies.Answer(
            text="".join(self._text),
            finish=finish.reason,
            prompt_tokens=finish.prompt_tokens,
            completion_tokens=finish.completion_tokens,
            first_token_s=finish.first_token_s,
            total_s=finish.total_s,
        )


def sampling_of(wished: Mapping[str, Any]) -> Sampling:
    """A persona's sampling as the engine takes it; stop strings come from rows as a list."""
    values: dict[str, Any] = {**wished, "stop": tuple(wished.get("stop", ()))}
    return Sampling(**values)
