"""A Slack of one's own on loopback: the Web API, Socket Mode and signed requests, with people in it.

`async with FakeSlack.running() as slack` gives a workspace that the real SDK connects to: AsyncWebClient with
`base_url=slack.api` and `token=slack.bot_token`, and AsyncSocketModeHandler with `slack.app_token`. It keeps what a
workspace keeps, refuses what Slack refuses, and breaks as a test tells it to. Its parts are in
pretended_slack/: world (the state), web (HTTP), deliveries (what is sent to the app), person (what people do).

    ann = slack.person("Ann", is_admin=True)
    general = slack.channel("general", ann)
    asked = await ann.mention(general, "good morning")
    reply = await slack.until(lambda: slack.bot_posts(general, asked))
    answered = await (await ann.slash("/yamabiko status", general)).until_answered()
    await ann.press(answered.ephemerals[0], "Retrain")
    errors = await ann.submit(ann.modal, {"note": "because"})
    print(slack.transcript(general))
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self

from aiohttp import web

from tests.fakes.clock import Clock
from tests.fakes.pretended_slack.deliveries import Deliveries, Delivery, Pace, signed
from tests.fakes.pretended_slack.happenings import Happenings
from tests.fakes.pretended_slack.limits import Fault, Faults, Limits
from tests.fakes.pretended_slack.manifest import SCOPES, installed
from tests.fakes.pretended_slack.methods import Call
from tests.fakes.pretended_slack.person import Answered, Person
from tests.fakes.pretended_slack.rendering import rendered, transcript
from tests.fakes.pretended_slack.typing import typed
from tests.fakes.pretended_slack.web import Web
from tests.fakes.pretended_slack.world import BOT, BOT_USER, TEAM, Channel, Ephemeral, Json, Message, User, View, World
from tests.fakes.waiting import until

__all__ = ["Answered", "Channel", "Delivery", "Ephemeral", "FakeSlack", "Fault", "Message", "Person", "User", "View"]


class FakeSlack(Happenings):
    """`calls` is every request that came; `scopes` what the app was granted; `down`: nobody answers at all.

    `page_at_most` bounds history's pages; `token_error` is what the bot's token is refused with; `subscriptions` are
    the events the app hears (None: all); `homes_published` every home tab as it was published; `crashes` the fake's own
    mistakes, which fail the test at its end.
    """

    team, bot_user, bot_id = TEAM, BOT_USER, BOT

    def __init__(self, *, limits: bool = True, scale: float = 0.05, pace: Pace | None = None) -> None:
        self.clock = Clock()
        self.world = World(self.clock)
        self.limits = Limits(self.clock, limits, scale)
        self.faults = Faults()
        self.deliveries = Deliveries(pace or Pace())
        self.calls: list[Call] = []
        self.scopes: set[str] = set(SCOPES)
        self.bot_token = "xoxb-1-test"
        self.app_token = "xapp-1-test"
        self.signing_secret = "signing-secret"
        self.token_error: str | None = None
        self.app_token_error: str | None = None
        self.subscriptions: set[str] | None = None
        self.commands: dict[str, Json] | None = None
        self.shortcuts: dict[str, Json] | None = None
        self.home_tab = self.messages_tab = self.interactive = True
        self.homes_published: list[View] = []
        self.crashes: list[Exception] = []
        self.page_at_most = 1000
        self.down = False
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def running(
        cls, *, limits: bool = True, scale: float = 0.05, pace: Pace | None = None, port: int = 0
    ) -> AsyncGenerator[Self]:
        """`scale` shortens the minute of the rate limits; `pace` the waits for acknowledgements: where a test loses
        some, Slack's own minutes between redeliveries are too long for it."""
        slack = cls(limits=limits, scale=scale, pace=pace)
        runner = web.AppRunner(Web(slack).application(), shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        assert site._server is not None
        slack.port = site._server.sockets[0].getsockname()[1]
        try:
            yield slack
        finally:
            await slack.deliveries.close()
            await runner.cleanup()
        if slack.crashes:
            raise AssertionError("the pretended Slack broke at a request") from slack.crashes[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.url}/api/"

    def person(self, name: str, *, team: str = TEAM, **more: Any) -> Person:
        """Somebody new; of another team: a guest through Slack Connect. `more`: locale, tz, is_admin, is_owner."""
        user = User(self.world.number("U"), name, team, **more)
        self.world.users[user.id] = user
        return Person(self, user)

    def robot(self, name: str) -> Person:
        """Another app of the workspace, which can write, too."""
        return self.person(name, is_bot=True)

    def channel(
        self,
        name: str,
        *people: Person,
        bot: bool = True,
        private: bool = False,
        archived: bool = False,
        ext_shared: bool = False,
    ) -> Channel:
        """A conversation with these people in it; nobody is told that they joined."""
        kind = "group" if private else "channel"
        made = Channel(self.world.number("C"), name, kind, {one.id for one in people})
        made.archived, made.ext_shared = archived, ext_shared
        if bot:
            made.members.add(BOT_USER)
        self.world.channels[made.id] = made
        return made

    def fill(self, channel: Channel, author: Person, texts: Iterable[str], apart: float = 60.0) -> list[Message]:
        """Messages of the past, so many seconds apart, which nobody is told of."""
        wanted = list(texts)
        start = self.clock.now() - apart * (len(wanted) + 1)
        made = []
        for number, text in enumerate(wanted):
            at = start + apart * number
            while (ts := f"{at:.6f}") in channel.messages:
                at += 0.000001
            channel.messages[ts] = Message(ts, channel.id, author.id, typed(text), team=author.user.team)
            made.append(channel.messages[ts])
        channel.messages = dict(sorted(channel.messages.items()))
        return made

    def install(self, manifest: Json) -> None:
        """Grant and subscribe to exactly what the app's manifest asks for; raises if Slack would not take it."""
        app = installed(manifest)
        self.scopes, self.subscriptions = app.scopes, app.events
        self.commands, self.shortcuts = app.commands, app.shortcuts
        self.home_tab, self.messages_tab, self.interactive = app.home_tab, app.messages_tab, app.interactive

    def fault(self, method: str, times: int = 1, **what: Any) -> Fault:
        """See Fault. `method` may be "*", or "response_url"."""
        made = Fault(method, times, **what)
        self.faults.waiting.append(made)
        return made

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    # What goes wrong with connections and deliveries.

    def duplicate_events(self, count: int) -> None:
        """The next so many events come twice, under the same event_id."""
        self.deliveries.duplicates += count

    def lose_acks(self, count: int) -> None:
        """The next so many acknowledgements are not heard."""
        self.deliveries.dropped_acks += count

    def delay_deliveries(self, seconds: float) -> None:
        self.deliveries.delay = seconds

    async def disconnect(self, reason: str | None = None, grace: float = 0.2) -> None:
        """Hang up on every socket: without a word (None), or after "warning" or "refresh_requested"."""
        sockets = self.deliveries.sockets
        if reason is None:
            await sockets.hang_up(abruptly=True)
        else:
            await asyncio.gather(*(sockets.dismiss(one, reason, grace) for one in list(sockets.open)))

    @asynccontextmanager
    async def refusing_connections(self) -> AsyncGenerator[None]:
        """No socket is let in meanwhile."""
        self.deliveries.sockets.refusing = True
        try:
            yield
        finally:
            self.deliveries.sockets.refusing = False

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Nothing answers meanwhile, and whoever was connected no longer is."""
        self.down = True
        await self.deliveries.sockets.hang_up(abruptly=True)
        try:
            yield
        finally:
            self.down = False

    def deliver_to(self, url: str, secret: str | None = None) -> None:
        """Send requests to this address from now on, in place of envelopes; `secret` signs them."""
        self.deliveries.url = url
        self.deliveries.secret = self.signing_secret if secret is None else secret

    async def verify_url(self) -> bool:
        """Ask the app, as Slack does when its address is entered, to say a word back."""
        return await self.deliveries.challenge()

    def sign(self, body: str, at: float | None = None) -> dict[str, str]:
        """Headers for a request that a test makes itself."""
        return signed(self.signing_secret, body, at)

    # Waiting and looking.

    async def until(self, predicate: Callable[[], Any], seconds: float = 5.0) -> Any:
        """What the predicate returns once it returns something; looks every hundredth of a second."""
        return await until(predicate, seconds, self._everything)

    def _everything(self) -> str:
        return "\n".join(self.transcript(one) for one in self.world.channels.values() if one.messages)

    async def connected(self, count: int = 1) -> None:
        await self.until(lambda: len(self.deliveries.sockets.ready()) >= count)

    async def settled(self, seconds: float = 10.0) -> None:
        """Returns when no event is on its way any more."""
        try:
            async with asyncio.timeout(seconds):
                await self.deliveries.settled()
        except TimeoutError:
            waiting = [(one.name, one.attempts, one.reasons) for one in self.deliveries.all if not one.ack]
            raise AssertionError(f"events are still on their way after {seconds} s: {waiting}") from None

    def sent(self, name: str) -> list[Delivery]:
        """What was sent to the app under this name: an event's type, a command, or an interaction's type."""
        return [one for one in self.deliveries.all if one.name == name]

    def bot_posts(self, channel: Channel, thread: Message | None = None) -> list[Message]:
        found = channel.messages.values() if thread is None else channel.thread(thread.ts)
        return [one for one in found if one.by_bot]

    def transcript(self, channel: Channel) -> str:
        """The channel as one would read it, buttons as [label], with what only one person sees."""
        return transcript(self.world, channel)

    def rendered(self, view: View | Message | Ephemeral) -> str:
        return rendered(view)
