"""A bot in a pretended Slack whose desk says what a test wants.

Owns the connection of the real SDK, a desk that is a script, and the cards that tests press. Knows no rows.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Answer, Button, Card, Field, Form, Row, Text, told
from bot.chat.commands.asked import Call
from bot.chat.desk import Desk
from bot.chat.events import Event, WorkspaceSeen
from bot.platforms.slack.hearing import acknowledge_the_rest, app_of
from bot.platforms.slack.interactions import Interactions
from bot.platforms.slack.pace import Pace
from bot.platforms.slack.payloads import Me
from bot.platforms.slack.places import message
from bot.platforms.slack.thumbs import Thumbs
from bot.platforms.slack.wire import Wire
from bot.platforms.slack.writing import Writing
from tests.fakes.slack import Channel, Ephemeral, FakeSlack, Message, Person

ASK = Form("Ask about this", "ask_about", "Ask", [Field("question", "What?", "text", required=True)], "v1")
BUTTONS = Row([Button("Yes", "consent", "yes", "primary"), Button("No", "consent", "no")])

Says = Answer | BaseException | None


@dataclass
class ScriptedDesk:
    """`answers` by what is asked: a command's line, "press VALUE", "form VALUE"; raised where they are errors.

    `slow` is how long each takes; `heard` what was asked, by whom and where.
    """

    answers: dict[str, Says] = field(default_factory=dict[str, Says])
    slow: float = 0.0
    spoken: str = "en"
    heard: list[tuple[str, Call]] = field(default_factory=list[tuple[str, Call]])
    given: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])

    async def line(self, call: Call, line: str) -> Answer | None:
        return await self._say(line, call)

    async def press(self, call: Call, press: str, value: str) -> Answer | None:
        return await self._say(f"{press} {value}".strip(), call)

    async def submit(self, call: Call, form: str, value: str, given: Mapping[str, str]) -> Answer | None:
        self.given.append(given)
        return await self._say(f"{form} {value}".strip(), call)

    async def language(self, call: Call) -> str:
        return self.spoken

    async def _say(self, asked: str, call: Call) -> Answer | None:
        self.heard.append((asked, call))
        await asyncio.sleep(self.slow)
        answer = self.answers.get(asked, told(f"you asked {asked}"))
        if isinstance(answer, BaseException):
            raise answer
        return answer


@dataclass
class Bot:
    """`events` is what was handed over, `pages` who was shown the page `page`."""

    desk: ScriptedDesk
    writing: Writing
    events: list[Event] = field(default_factory=list[Event])
    page: Card = field(default_factory=lambda: told("your page"))
    pages: list[str] = field(default_factory=list[str])

    async def on_event(self, event: Event) -> None:
        self.events.append(event)

    async def look(self, call: Call) -> None:
        self.pages.append(call.member.id)
        await self.writing.publish(call.member.id, self.page)


@asynccontextmanager
async def connected(slack: FakeSlack, *, named: Callable[[Call], Awaitable[Call]] | None = None) -> AsyncGenerator[Bot]:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api)
    bot = Bot(ScriptedDesk(), Writing(Wire(client, Pace(scale=0.05))))
    me = Me(slack.bot_user, slack.bot_id, WorkspaceSeen("slack", slack.team, "Harbour"))
    app = app_of(AsyncWebClient(base_url=slack.api), slack.bot_token, me, [Thumbs(me, bot.on_event).hear])
    more = {"named": named} if named else {}
    interactions = Interactions(client, cast(Desk, bot.desk), bot.on_event, bot.look, **more)
    interactions.listen(app)
    acknowledge_the_rest(app)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    await slack.connected()
    try:
        yield bot
    finally:
        await handler.close_async()
        await interactions.aclose()


def shown(slack: FakeSlack, who: Person) -> str:
    """The newest thing that only this person sees."""
    return slack.rendered(who.ephemerals[-1])


async def pressed_card(slack: FakeSlack, who: Person, channel: Channel, bot: Bot) -> Ephemeral:
    bot.desk.answers["consent"] = Card([Text("Do you agree?"), BUTTONS])
    await who.slash("/yamabiko consent", channel)
    await slack.until(lambda: who.ephemerals)
    return who.ephemerals[-1]


async def bot_says(slack: FakeSlack, channel: Channel, card: Card, thread: str | None = None) -> Message:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api)
    posted = await client.chat_postMessage(channel=channel.id, thread_ts=thread, **message(card))
    return channel.messages[str(posted["ts"])]
