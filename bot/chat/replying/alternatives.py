"""Other answers to a question: drawn, offered to the one who pressed, and said in the place of the first.

Owns the order of showing and keeping a choice. Who may do what is for the verbs to say. Knows no network.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress
from weakref import WeakValueDictionary

import structlog

from bot.chat.cards import Button, Card, Growing, Line, Note, Part, Row, Text, told
from bot.chat.platform import Draft, NotShown, Platform
from bot.chat.replying.hand import name_of, place_of
from bot.chat.replying.reply import Replier
from bot.chat.replying.reply_buttons import buttons
from bot.chat.verbs import replies as verbs
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.replies import MOST, Answers, NotChangeable, no_such_answer
from db import candidates, members, replies
from db.models import ReplyCandidate
from db.session import Sessions, reading, transaction
from db.words import say, speaking

log = structlog.get_logger()

AT_ONCE = 3
LONGEST = 1200  # characters of an answer that its choice shows; all of it is said


class Alternatives:
    """`platforms`, by name, may come and go. What is under way is known to this process alone; the rest is rows."""

    def __init__(self, sessions: Sessions, replier: Replier, platforms: Mapping[str, Platform]) -> None:
        self._sessions, self._replier, self._platforms = sessions, replier, platforms
        self._drawing: set[int] = set()
        self._choosing: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def offer(self, actor: Actor, reply_id: int, *, more: bool = False) -> Card | Growing:
        """The answers there are, `more` or the first others after a while.

        Raises NoSuchReply, NotChangeable, NotAllowed; what grows raises NoOthers too.
        """
        found = await verbs.answers(self._sessions, actor, reply_id)
        if len(found.kept) >= MOST or (found.kept and not more):
            return self._card(found)
        return Growing(self._grown(actor, found))

    async def _grown(self, actor: Actor, found: Answers) -> AsyncGenerator[Card]:
        yield told(say("I am thinking of other answers…"))
        yield await self._drawn(actor, found)

    async def _drawn(self, actor: Actor, found: Answers) -> Card:
        reply, platform = found.placed.reply, self._platform(found)
        if reply.id in self._drawing:
            raise NotChangeable(say("I am thinking of other answers already; a moment, please."))
        self._drawing.add(reply.id)
        try:
            others = await self._replier.others(platform, found.placed, AT_ONCE, random.randrange(2**31))
            context = others.context
            kept = await verbs.keep_answers(
                self._sessions, actor, reply.id, others.said, context.given, context.messages
            )
        finally:
            self._drawing.discard(reply.id)
        if len(kept) <= max(len(found.kept), 1):
            raise NotChangeable(say("I have no other answer to that."))
        return self._card(Answers(found.placed, kept))

    def _card(self, found: Answers) -> Card:
        parts: list[Part] = []
        for one in found.kept:
            parts += [*self._offered(found.placed.reply.id, one, said=_is_said(found, one)), Line()]
        if len(found.kept) < MOST:
            parts.append(Row([Button(say("Other ones"), "another", f"{found.placed.reply.id} more")]))
        return Card([*parts, Note(say("Only you see these; what you choose takes the place of the answer."))])

    def _offered(self, reply_id: int, one: ReplyCandidate, *, said: bool) -> Sequence[Part]:
        text = self._replier.safe(one.text)
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        if said:
            return Text(text), Note(say("This is what I said."))
        return Text(text), Row([Button(say("Say this one"), "choose", f"{reply_id} {one.number}")])

    async def choose(self, actor: Actor, reply_id: int, number: int) -> Card:
        """Say this answer in the place of the present one: the posts change first, then the row.

        Whoever comes between, a crash too, leaves both as a further choice would find them. Raises NoSuchReply,
        NotChangeable, NotAllowed.
        """
        async with self._choosing.setdefault(reply_id, asyncio.Lock()):
            found = await verbs.answers(self._sessions, actor, reply_id)
            chosen = next((one for one in found.kept if one.number == number), None)
            if chosen is None:
                raise no_such_answer()
            showing = _Showing(self._sessions, self._platform(found), found.placed)
            ref = await showing.changed(self._replier.safe(chosen.text), self._replier.limits.network_seconds)
            try:
                await verbs.choose_answer(self._sessions, actor, reply_id, number, ref)
            except NotChangeable:
                await showing.taken_away()
                raise
            return self._card(await verbs.answers(self._sessions, actor, reply_id))

    def _platform(self, found: Answers) -> Platform:
        platform = self._platforms.get(found.placed.workspace.platform)
        if platform is None or found.placed.reply.shown_ref is None:
            raise NotChangeable(say("This reply cannot be reached where it stands."))
        return platform


class _Showing:
    """A reply that was ended is shown anew in its posts, as long as nobody deletes it."""

    def __init__(self, sessions: Sessions, platform: Platform, placed: replies.Placed) -> None:
        self._sessions, self._platform, self._placed = sessions, platform, placed
        self._to, self._standing = place_of(placed), placed.reply.shown_ref

    async def changed(self, text: str, seconds: float) -> str | None:
        """The reference of all that stands then. Raises NotChangeable."""
        reply = self._placed.reply
        with speaking(members.language_of(self._placed.asker)):  # everyone sees the buttons
            under = buttons(reply.id)
        draft = Draft(name_of(reply), _whole(text), "answer", reply.shown_ref, self._ours, self._stands, under)
        try:
            async with asyncio.timeout(seconds):
                self._standing = await self._platform.show(self._to, draft)
        except replies.ReplyLost as error:
            await self.taken_away()
            raise NotChangeable(say("This reply is not there any more.")) from error
        except NotShown as error:
            raise NotChangeable(str(error)) from error
        except Exception as error:
            log.warning("another answer could not be shown", reply=reply.id, exc_info=error)
            raise NotChangeable(say("The network did not take this answer; choose it again in a moment.")) from error
        return self._standing

    async def taken_away(self) -> None:
        """It was deleted meanwhile: whoever took it away may have been too early for what came last."""
        with suppress(Exception):
            if self._standing is not None:
                await self._platform.remove(self._to, self._standing)

    async def _ours(self) -> None:
        async with reading(self._sessions) as session:
            if (await replies.placed(session, self._placed.reply.id)).reply.status != "done":
                raise replies.ReplyLost(f"Reply {self._placed.reply.id} was deleted.")

    async def _stands(self, ref: str) -> None:
        self._standing = ref
        async with transaction(self._sessions) as session:
            if not await candidates.shown(session, self._placed.reply.id, ref):
                raise replies.ReplyLost(f"Reply {self._placed.reply.id} was deleted.")


async def _whole(text: str) -> AsyncIterator[str]:
    yield text


def _is_said(found: Answers, one: ReplyCandidate) -> bool:
    return one.text.strip() == (found.placed.reply.text or "").strip()
