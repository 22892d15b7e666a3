"""A bot in a pretended Slack whose desk says what a test wants.

Owns the connection of the real SDK, a desk that is a script, and the cards that tests press. Knows no rows.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Card, Text, told
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
from tests.fakes.script import BUTTONS, ScriptedDesk
from tests.fakes.slack import Channel, Ephemeral, FakeSlack, Message, Person


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
