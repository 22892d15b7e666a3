"""A reply row becomes an answer on a platform.

Owns the road from engine to platform, and when it is too late. Engine errors become sentences here and nowhere
else. Knows no network and no model; the context stands in bot.chat.replying.context.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.chat import texts
from bot.chat.events import Thread
from bot.chat.platform import Kind, NotShown, Platform, Unasked
from bot.chat.replying.blocklist import Blocklist
from bot.chat.replying.context import Context, Reach, gathered, seen_in_thread
from bot.chat.replying.hand import Hand, place_of
from bot.chat.replying.outgoing import quiet, safe, safe_text
from bot.generation.engine import EngineBusy, EngineUnavailable, Finish, Piece, Reason, Request, Sampling, Waiting
from bot.live_adapters import LiveAdapters
from bot.prepare import BaseNotReady
from db import replies
from db.candidates import Said
from db.models import Persona, Reply
from db.session import Sessions
from db.words import say, speaking

log = structlog.get_logger()

LIVELY = 0.8  # the temperature of other answers where the persona's own is 0, which knows but one


@dataclass(frozen=True, slots=True)
class Limits:
    context_replies: int = 6
    context_messages: int = 12
    context_days: int = 30
    reply_seconds: float = 120
    network_seconds: float = 60  # a network that never returns must not hold a row for ever
    patience: timedelta = timedelta(minutes=15)  # after which a mention is apologised for
    attempts: int = 10  # and so it is when that many have failed: one row must not bring us down for ever
    apologies: int = 5  # tried beyond those; then a row whose network stays away is given up
    told_from_place: int = 3  # in the engine's queue; who stands before it is answered soon
    opening_seconds: float = 3  # a base that is not open by then is told of
    telling_seconds: float = 5  # a place that cannot be told by then is not worth waiting for


@dataclass(frozen=True, slots=True)
class Others:
    """Other answers to a question, and what they were given."""

    said: list[Said]
    context: Context


class NoOthers(Exception):
    """No other answer can be given now; the message says why."""


class Replier:
    def __init__(
        self, sessions: Sessions, live: LiveAdapters, limits: Limits, blocked: Blocklist | None = None
    ) -> None:
        self._sessions, self._live, self.limits = sessions, live, limits
        self._blocked = blocked or Blocklist()

    async def answer(self, platform: Platform, hand: Hand) -> None:
        """Speak, and keep what was said; what went wrong is told in the answer's place, and kept.

        Raises ReplyLost, and what network and database raise: the row is taken again when its lease lapses.
        """
        with speaking(hand.language):
            await self._answer(platform, hand)

    async def _answer(self, platform: Platform, hand: Hand) -> None:
        if self._is_hopeless(hand.reply):
            log.warning("reply given up: it could never be shown", reply=hand.reply.id)
            return await hand.fail(say(texts.NEVER_SHOWN))
        try:
            async with asyncio.timeout(self.limits.network_seconds):
                await hand.look(platform)
            if self._is_late(hand.reply):
                await self._show(platform, hand, _saying(say(texts.TOO_LATE)), "sentence")
                await hand.apologise(say(texts.TOO_LATE))
            elif why := await self._why_not(platform, hand):
                await self._show(platform, hand, _saying(why), "sentence")
                await (hand.apologise(why) if why == say(texts.TOO_LATE) else self._fail(hand, why))
        except Unasked:
            await hand.unask()
        except NotShown as refusal:
            await self._fail(hand, str(refusal))

    def _is_hopeless(self, reply: Reply) -> bool:
        """Not while our patience lasts: a network that is away for some minutes loses no question."""
        return self._is_old(reply) and reply.attempt > self.limits.attempts + self.limits.apologies

    def _is_late(self, reply: Reply) -> bool:
        return self._is_old(reply) or reply.attempt > self.limits.attempts

    def _is_old(self, reply: Reply) -> bool:
        return datetime.now(UTC) - reply.created_at > self.limits.patience

    async def _why_not(self, platform: Platform, hand: Hand) -> str | None:
        """None when it was answered, else the sentence that says why not."""
        try:
            context = await self._context(platform, hand.to, hand.reply)
            await self._open(platform, hand, context.persona)
            await self._speak(platform, hand, context)
        except EngineBusy:
            return say(texts.BUSY)
        except _Unsaid as error:
            return say(texts.TOO_LATE if error.reason == "deadline" else texts.NOTHING_TO_SAY)
        except (EngineUnavailable, BaseNotReady) as error:
            return str(error)
        return None

    async def _open(self, platform: Platform, hand: Hand, persona: Persona) -> None:
        """A base that cannot be opened is told before anything shows, and one that takes its time is told of."""
        opening = asyncio.create_task(self._opened(persona))
        try:
            await asyncio.wait([opening], timeout=self.limits.opening_seconds)
            if not opening.done():
                await self._tell(platform, hand, say(texts.WAKING))
            await opening
        finally:
            opening.cancel()

    async def _opened(self, persona: Persona) -> None:
        async with self._live.base(persona):
            pass

    async def _speak(self, platform: Platform, hand: Hand, context: Context) -> None:
        async def waits(place: int) -> None:
            if place >= self.limits.told_from_place:
                await self._tell(platform, hand, texts.waiting(place))

        spoken = _Spoken(self._live, self._blocked, waits)
        async with (
            aclosing(spoken.listen(context.persona, self._request(context))) as said,
            aclosing(safe(said, self._blocked)) as pieces,
        ):
            await self._show(platform, hand, pieces, "answer")
        await hand.finish(spoken.answer(), spoken.adapter_id, context.given, context.messages)

    def _request(self, context: Context) -> Request:
        return Request(
            turns=context.turns,
            sampling=sampling_of(context.persona.sampling),
            shape=context.persona.shape,
            deadline_s=self.limits.reply_seconds,
        )

    async def others(self, platform: Platform, placed: replies.Placed, count: int, seed: int) -> Others:
        """`count` more answers to the same question, given what a new one would be given; nothing is shown or kept.

        Raises NoOthers.
        """
        try:
            context = await self._context(platform, place_of(placed), placed.reply)
            request = replace(self._request(context), candidates=count)
            drawn = replace(request.sampling, seed=seed, temperature=request.sampling.temperature or LIVELY)
            spoken = await self._spoken(context.persona, replace(request, sampling=drawn))
        except EngineBusy as error:
            raise NoOthers(say(texts.BUSY)) from error
        except (EngineUnavailable, BaseNotReady) as error:
            raise NoOthers(str(error)) from error
        return Others(spoken, context)

    async def _spoken(self, persona: Persona, request: Request) -> list[Said]:
        said = [""] * request.candidates
        async with (
            self._live.voice(persona) as voice,
            aclosing(voice.engine.generate(replace(request, adapter=voice.adapter))) as pieces,
        ):
            async for piece in pieces:
                if isinstance(piece, Piece):
                    said[piece.candidate] += piece.text
            return [Said(self._blocked.mask(text), voice.adapter_id) for text in said]

    def safe(self, text: str) -> str:
        """What was kept, as it may leave the house."""
        return safe_text(text, self._blocked)

    async def _tell(self, platform: Platform, hand: Hand, sentence: str) -> None:
        """Once, to the asker alone. A kindness: that it fails is no reason to fail the answer."""
        if hand.reply.attempt > 1:
            return
        await hand.ours()
        try:
            async with asyncio.timeout(self.limits.telling_seconds):
                await platform.tell(hand.to, sentence)
        except Exception as error:
            log.info("the asker could not be told that it takes a while", reply=hand.reply.id, why=repr(error))

    async def _show(self, platform: Platform, hand: Hand, pieces: AsyncGenerator[str], kind: Kind) -> None:
        async with asyncio.timeout(self.limits.reply_seconds + self.limits.network_seconds):
            await hand.show(platform, pieces, kind)

    async def _fail(self, hand: Hand, why: str) -> None:
        await hand.fail(why)
        log.info("reply failed", reply=hand.reply.id, why=why)  # no warning: it was told, or there is nobody to tell

    async def _context(self, platform: Platform, to: Thread, reply: Reply) -> Context:
        limits, seen = self.limits, await seen_in_thread(self._sessions, platform, to, reply)
        reach = Reach(limits.context_replies, limits.context_messages, limits.context_days)
        return await gathered(self._sessions, reply, reach, seen)


async def _saying(sentence: str) -> AsyncGenerator[str]:
    yield quiet(sentence)  # an engine's reason may quote anything


class _Unsaid(Exception):
    """The engine ended without a word: no time was left for it in the queue, or the model had none."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class _Spoken:
    """Gathers an answer while it is passed on. `waits` hears the first place in the queue, if there is one."""

    def __init__(self, live: LiveAdapters, blocked: Blocklist, waits: Callable[[int], Awaitable[None]]) -> None:
        self._live, self._blocked, self._waits = live, blocked, waits
        self._waited = False
        self._text: list[str] = []
        self._finish: Finish | None = None
        self._begun = False
        self.adapter_id: int | None = None

    async def listen(self, persona: Persona, request: Request) -> AsyncGenerator[str]:
        # Who speaks is asked for in the moment of speaking: a platform may wait before it takes the first
        # piece, and what was live before that may be put away by then. Raises _Unsaid: nothing was shown then.
        async with (
            self._live.voice(persona) as voice,
            aclosing(voice.engine.generate(replace(request, adapter=voice.adapter))) as pieces,
        ):
            self.adapter_id = voice.adapter_id
            async for piece in pieces:
                if isinstance(piece, Waiting):
                    if not self._waited:
                        self._waited = True
                        await self._waits(piece.place)
                    continue
                self._finish = piece.finish or self._finish
                if said := self._heard(piece.text):
                    yield said
        if self._finish is not None and not self._begun:
            raise _Unsaid(self._finish.reason)

    def _heard(self, text: str) -> str:
        """What may be passed on: blanks before the first word wait for it, since it may never come."""
        self._text.append(text)
        if self._begun:
            return text
        whole = "".join(self._text)
        self._begun = bool(whole.strip())
        return whole if self._begun else ""

    def answer(self) -> replies.Answer:
        finish, text = self._finish, self._blocked.mask("".join(self._text))  # calls are broken only for networks
        if finish is None:  # an engine ends every candidate with its finish: it was the network that heard enough
            return replies.Answer(text, "stopped")
        return replies.Answer(
            text=text,
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
