"""One reply on its way into Slack: streamed, edited as it grows, or posted when it is whole.

Owns which of these it is, and what stands under the whole. The order of posting and remembering is that
of bot.chat.replying.posting.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.chat import texts
from bot.chat.events import Thread
from bot.chat.platform import Draft, NotShown, Unasked
from bot.chat.replying.posting import Gone, grow, joined, nonce_of, refs_of
from bot.platforms.slack.errors import NEVER, TOO_LONG, UNASKED, UNCERTAIN, wait_of
from bot.platforms.slack.saying import LIMIT, content, ending, fallback, split
from bot.platforms.slack.streams import Streams
from bot.platforms.slack.thinking import Thinking
from bot.platforms.slack.wire import Wire, why
from db.words import say

log = structlog.get_logger()

PACE_S = 0.9  # between two changes
STREAM_S = 240.0  # Slack ends a stream after five minutes
SPARE = 8  # turns a minute that changes on the way leave for what must be said
REPLY = "yamabiko_reply"
_CLOSING = re.compile(r"\n`{3,}\s*\Z")  # it may be no more than where the text stands now


class StoppedByReader(Exception):
    """Someone has read enough, and pressed stop."""


@dataclass
class _Live:
    """A stream: what was said in it, what it should say by now, and since when it is one."""

    ts: str
    sent: str
    wanted: str
    since: float


class Showing:
    """A network of posts (bot.chat.replying.posting) for one draft alone."""

    def __init__(self, wire: Wire, streams: Streams, to: Thread, draft: Draft) -> None:
        self._wire, self._streams, self._to, self._draft = wire, streams, to, draft
        self._thread = to.thread or to.message
        self._thinking = Thinking(wire, to, self._thread)
        self._refs = refs_of(draft.shown)
        self._live: _Live | None = None
        self._whole: list[str] | None = None  # the posts that it ends as
        self._complete: str | None = None  # the post under which everything stands that should

    async def show(self) -> str:
        with self._streams.showing():
            try:
                if self._draft.shown is None and not self._streams.crowded:
                    self._thinking.begin()
                return await self._shown()
            finally:
                await self._thinking.end()
                if self._live is not None:
                    self._streams.let_go(self._to.channel, self._live.ts)

    async def _shown(self) -> str:
        async with aclosing(self._heard()) as pieces:
            draft = replace(self._draft, pieces=pieces)
            try:
                ref = await grow(self, self._to, draft, split=split, pace_s=PACE_S, may_grow=self._may_grow)
            except StoppedByReader:
                return joined(self._refs)
        await self._finish()
        return ref

    async def _heard(self) -> AsyncGenerator[str]:
        text = ""
        async for piece in self._draft.pieces:
            text += piece
            yield piece
        self._whole = split(text if text.strip() else texts.EMPTY)

    def _may_grow(self) -> bool:
        if self._live is not None:
            return self._wire.pace.has_room("chat.appendStream", SPARE)
        if self._streams.crowded:
            return False
        if self._refs:
            return self._wire.pace.has_room("chat.update", SPARE)
        return self._wire.pace.may_post(self._to.channel)

    def _is_last(self, place: int) -> bool:
        return self._whole is not None and place == len(self._whole) - 1

    def _ending(self, place: int) -> list[dict[str, Any]]:
        if not self._is_last(place):
            return []
        return ending(self._draft.kind, self._to.persona, self._draft.actions)

    # --- What bot.chat.replying.posting asks for.

    async def post(self, to: Thread, text: str, nonce: str) -> str:
        place = len(self._refs)
        if self._live is not None:
            with suppress(Gone):
                await self._stop(self._live.ts, self._live.wanted)
        await self._thinking.end()
        ref = await self._start(text) if self._whole is None and self._streams.may_start() else None
        if ref is None:
            args = {"channel": to.channel, "thread_ts": self._thread, "unfurl_links": False, "unfurl_media": False}
            answer = await self._said("chat.postMessage", text, place, **args)
            ref = str(answer["ts"])
            await self._only_in_its_thread(answer, ref)
            if self._is_last(place):
                self._complete = ref
        self._refs.append(ref)
        return ref

    async def edit(self, to: Thread, ref: str, text: str) -> None:
        if self._live is None or self._live.ts != ref:
            await self._update(ref, text)
        elif self._whole is not None:
            await self._stop(ref, text)
        else:
            await self._append(text)

    async def remove(self, to: Thread, ref: str) -> None:
        await erase(self._wire, to.channel, ref)

    # --- Streams.

    async def _start(self, text: str) -> str | None:
        """The new stream; None where Slack will not have one."""
        begun = _without_closing(text)
        who: dict[str, Any] = {"recipient_team_id": self._to.workspace, "recipient_user_id": self._to.asker}
        with self._streams.starting(self._to.channel, self._thread):
            try:
                answer = await self._wire.client.chat_startStream(
                    channel=self._to.channel, thread_ts=self._thread, markdown_text=begun, **who
                )
            except SlackApiError as error:
                if why(error) in UNCERTAIN:
                    raise
                log.info("Slack has no stream for a reply; it is posted", why=why(error))
                if wait_of(error) is None and why(error) not in NEVER:  # those are of this place, or of this asker
                    self._streams.turned_off()
                return None
            ts = str(answer["ts"])
            self._streams.hold(self._to.channel, ts)
        self._live = _Live(ts, begun, text, self._streams.clock())
        return ts

    async def _append(self, text: str) -> None:
        live = self._live
        assert live is not None, "only a stream is added to"
        live.wanted, said = text, _without_closing(text)
        if not said.startswith(live.sent) or self._streams.clock() - live.since > STREAM_S:
            return await self._stop(live.ts, text)
        if said == live.sent:
            return None
        try:
            await self._call("chat.appendStream", ts=live.ts, markdown_text=said[len(live.sent) :])
            live.sent = said
        except (SlackApiError, Gone) as error:
            await self._broken(error, live.ts, text)

    async def _stop(self, ts: str, text: str) -> None:
        """The stream becomes a post like any other that says `text`."""
        live, place = self._live, self._refs.index(ts)
        assert live is not None, "only a stream is stopped"
        fits = text.startswith(live.sent)
        args: dict[str, Any] = {"ts": ts, "metadata": self._name(place)}
        if fits and (rest := text[len(live.sent) :]):
            args["markdown_text"] = rest
        if fits and (blocks := self._ending(place)):
            args["blocks"] = blocks
        try:
            answer = await self._call("chat.stopStream", **args)
        except (SlackApiError, Gone) as error:
            return await self._broken(error, ts, text)
        self._let_go()
        await self._only_in_its_thread(answer, ts)
        if not fits:
            await self._update(ts, text)
        elif self._is_last(place):
            self._complete = ts
        return None

    async def _broken(self, error: SlackApiError | Gone, ts: str, text: str) -> None:
        """The stream has ended without us: what is left to say is said by editing, unless the reader has enough."""
        reason, live = why(error), self._live
        assert live is not None, "only a stream breaks"
        if reason == "stopped_by_user":
            self._let_go()
            self._whole = [*[""] * (len(self._refs) - 1), live.sent]
            with suppress(SlackApiError, NotShown, Gone):
                await self._update(ts, live.sent)
            raise StoppedByReader from error
        if reason not in ("message_not_in_streaming_state", "invalid_blocks"):
            if isinstance(error, Gone):
                self._let_go()
            raise error
        self._let_go()
        await self._update(ts, text)

    def _let_go(self) -> None:
        assert self._live is not None, "it was held"
        self._streams.let_go(self._to.channel, self._live.ts)
        self._live = None

    # --- Posts.

    async def _only_in_its_thread(self, answer: dict[str, Any], ts: str) -> None:
        """Where the question was deleted, Slack posts into the open channel and does not say so: nobody asked there."""
        message: dict[str, Any] = answer.get("message") or {}
        if not message or message.get("thread_ts"):
            return
        with suppress(Gone):
            await erase(self._wire, self._to.channel, ts)
        raise Unasked(say(NEVER[UNASKED]))

    async def _update(self, ts: str, text: str) -> None:
        place = self._refs.index(ts)
        await self._said("chat.update", text, place, channel=self._to.channel, ts=ts)
        if self._is_last(place):
            self._complete = ts

    async def _finish(self) -> None:
        """Under the last post stands what belongs there, also where the text itself was said already."""
        last = next((ref for ref in reversed(self._refs) if ref), None)
        if self._whole is None or last is None or last == self._complete:
            return
        if self._live is not None:
            with suppress(Gone):
                await self._stop(last, self._whole[-1])
        elif self._ending(len(self._whole) - 1):
            try:
                await self._update(last, self._whole[-1])
            except (SlackApiError, NotShown, Gone) as error:
                log.info("nothing could be set under a reply", why=why(error) or repr(error))

    async def _said(self, method: str, text: str, place: int, **args: Any) -> dict[str, Any]:
        """Post or edit; where Slack finds the blocks wrong or all of it too long, in plainer and shorter words."""
        begun = text[: LIMIT // 2] + "…"
        plain = {"text": fallback(text), "blocks": []}
        args = {**args, "metadata": self._name(place)}
        refusal: Exception | None = None
        for shape in (content(text, self._ending(place)), plain, {**plain, "text": fallback(begun)}):
            try:
                return await self._settled(method, **args, **shape)
            except (SlackApiError, NotShown) as error:
                if why(error) not in ("invalid_blocks", *TOO_LONG):
                    raise
                refusal = error
        assert refusal is not None, "some shape was refused"
        raise refusal

    async def _settled(self, method: str, **args: Any) -> dict[str, Any]:
        try:
            return await self._wire.call(method, self._draft.ours, **args)
        except SlackApiError as error:
            if why(error) != "streaming_state_conflict":
                raise
        with suppress(SlackApiError):
            await self._call("chat.stopStream", ts=args["ts"])  # a stream that a crash left open takes no edits
        return await self._wire.call(method, self._draft.ours, **args)

    def _name(self, place: int) -> dict[str, Any]:
        return {"event_type": REPLY, "event_payload": {"nonce": nonce_of(self._draft.nonce, place)}}

    async def _call(self, method: str, **args: Any) -> dict[str, Any]:
        return await self._wire.call(method, self._draft.ours, channel=self._to.channel, **args)


async def erase(wire: Wire, channel: str, ts: str) -> None:
    """Take a post away, also one that is still a stream. Raises Gone, NotShown, SlackApiError."""
    try:
        await wire.call("chat.delete", channel=channel, ts=ts)
    except Gone as error:
        if why(error) != "cant_delete_message":
            raise
        with suppress(SlackApiError, Gone):
            await wire.call("chat.stopStream", channel=channel, ts=ts)
            await asyncio.sleep(0)
            await wire.call("chat.delete", channel=channel, ts=ts)


def _without_closing(text: str) -> str:
    """A code block at the end is left open: more of it may come, and what was said in a stream stays."""
    return _CLOSING.sub("", text)
