"""A Discord of one's own on loopback: the REST API and the gateway, with people in it.

`async with FakeDiscord.running() as discord` gives guilds that the real discord.py connects to: its Route.BASE has
to be `discord.api`, its DEFAULT_GATEWAY `discord.link` (pretended_discord.app.pointed_at does both), its token
`discord.token`. It keeps what Discord keeps, refuses what Discord refuses, and breaks as a test tells it to. Its parts
are in pretended_discord/: world (the state), web (HTTP), gateway (what is told to the app), happenings (when), person
and asking (what people do).

    ann = discord.person("Ann", is_admin=True)
    general = discord.channel("general")
    asked = await ann.mention(general, "good morning")
    reply = await discord.until(lambda: discord.bot_posts(general))
    answered = await (await ann.slash("yamabiko status", general)).until_answered()
    await ann.press(answered.ephemerals[0], "Retrain")
    result = await ann.submit(ann.modal, {"Note": "because"})
    print(discord.transcript(general))
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self

from aiohttp import web

from tests.fakes.clock import Clock
from tests.fakes.pretended_discord.answered import Answered
from tests.fakes.pretended_discord.asking import Choice
from tests.fakes.pretended_discord.gateway import Gateway
from tests.fakes.pretended_discord.happenings import Happenings
from tests.fakes.pretended_discord.intents import ALWAYS
from tests.fakes.pretended_discord.interactions import Modal
from tests.fakes.pretended_discord.limits import Fault, Faults, Limits
from tests.fakes.pretended_discord.permissions import EVERYONE, Permission, bits, may
from tests.fakes.pretended_discord.person import Person
from tests.fakes.pretended_discord.rendering import rendered, transcript
from tests.fakes.pretended_discord.routes import Call
from tests.fakes.pretended_discord.troubles import Troubles
from tests.fakes.pretended_discord.web import PREFIX, Web
from tests.fakes.pretended_discord.world import (
    WRITTEN,
    Channel,
    Guild,
    Json,
    Kind,
    Message,
    Role,
    User,
    World,
)
from tests.fakes.waiting import until

__all__ = [
    "Answered",
    "Channel",
    "Choice",
    "FakeDiscord",
    "Fault",
    "Guild",
    "Kind",
    "Message",
    "Modal",
    "Person",
    "Role",
]

PERMISSIONS = EVERYONE


class FakeDiscord(Happenings, Troubles):
    """`guild` is the one that stands from the beginning, with the app in it; `calls` every request that came, and
    `strangers` those to no known address; `down`: everything answers 503 and the gateway lets nobody in.

    `unreachable`: nobody gets through at all. `patience`: how many seconds an interaction waits for its first answer.
    `invalid_requests` counts what Discord bans an address for. `crashes` are the fake's own mistakes, which fail the
    test at its end.
    """

    def __init__(self, *, limits: bool = True, scale: float = 0.05, message_content: bool = False) -> None:
        self.clock = Clock()
        self.world = World(self.clock)
        self.world.app.message_content = message_content
        self.limits = Limits(self.clock, limits, scale)
        self.faults = Faults()
        self.gateway = Gateway(self)
        self.calls: list[Call] = []
        self.strangers: list[str] = []
        self.crashes: list[Exception] = []
        self.patience = 3.0
        self.invalid_requests = 0
        self.down = self.unreachable = False
        self.port = 0
        self.guild = self.new_guild("Town")

    @classmethod
    @asynccontextmanager
    async def running(
        cls, *, limits: bool = True, scale: float = 0.05, message_content: bool = False, port: int = 0
    ) -> AsyncGenerator[Self]:
        """`scale` shortens the windows of the rate limits; `message_content`: what the portal grants at first."""
        discord = cls(limits=limits, scale=scale, message_content=message_content)
        runner = web.AppRunner(Web(discord).application(), shutdown_timeout=1.0, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        assert site._server is not None
        discord.port = site._server.sockets[0].getsockname()[1]
        try:
            yield discord
        finally:
            await discord.gateway.close()
            await runner.cleanup()
        if discord.crashes:
            raise AssertionError("the pretended Discord broke at a request") from discord.crashes[0]

    @property
    def api(self) -> str:
        """What Route.BASE has to be."""
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    @property
    def link(self) -> str:
        """What DEFAULT_GATEWAY has to be: the API's host and port, and this path."""
        return f"ws://127.0.0.1:{self.port}/gateway"

    @property
    def token(self) -> str:
        return self.world.app.token

    @property
    def bot_id(self) -> str:
        return self.world.bot.id

    @property
    def app(self) -> Any:
        """The application, as the portal keeps it: message_content, members, presences, public, team, …"""
        return self.world.app

    # People and places.

    def new_guild(self, name: str, owner: Person | None = None, *, bot: bool = True, locale: str = "en-US") -> Guild:
        """With the app in it, unless it has yet to be invited."""
        made = self.world.add_guild(name, owner.id if owner else self.world.app.owner, locale)
        if bot:
            self.invite(made)
        return made

    def invite(self, guild: Guild, *permissions: str | int) -> None:
        """Let the app in, with these permissions of its own or the usual ones."""
        self.world.let_in(guild, bits(*permissions) if permissions else PERMISSIONS)
        self.enter_guild(guild)

    def grant_only(self, *permissions: str | int) -> None:
        """The app may do just this in the first guild; what everybody may elsewhere, people may here by a role."""
        everyone, people = self.guild.everyone, self.role("people", EVERYONE)
        everyone.permissions = 0
        for member in self.guild.members.values():
            if member.user != self.bot_id:
                member.roles.add(people.id)
        for role in self.guild.roles.values():
            role.permissions = bits(*permissions) if role.bot else role.permissions

    def person(
        self,
        name: str,
        *guilds: Guild,
        is_admin: bool = False,
        is_owner: bool = False,
        nick: str | None = None,
        **more: Any,
    ) -> Person:
        """Somebody new, in these guilds or in the first one. `more`: global_name, locale, takes_dms."""
        handle = name.lower().replace(" ", ".")
        user = User(self.world.snowflake(), handle, more.pop("global_name", name), **more)
        self.world.users[user.id] = user
        for guild in guilds or (self.guild,):
            member = self.world.join(guild, user.id, nick)
            member.roles.update(one.id for one in guild.roles.values() if one.name == "people")
            if is_admin:
                member.roles.add(self._admins(guild).id)
            if is_owner:
                guild.owner = user.id
            self.change_member(guild, member, "GUILD_MEMBER_ADD")
        return Person(self, user)

    def _admins(self, guild: Guild) -> Role:
        known = next((one for one in guild.roles.values() if one.name == "admins"), None)
        return known or self.role("admins", "administrator", guild=guild)

    def robot(self, name: str) -> Person:
        """Another app of the guild, which can write, too."""
        return self.person(name, is_bot=True, global_name=None)

    def role(self, name: str, *permissions: str | int, guild: Guild | None = None, mentionable: bool = False) -> Role:
        where = guild or self.guild
        made = self.world.role(where, name, *permissions, mentionable=mentionable)
        self.change_role(where, made, "GUILD_ROLE_CREATE")
        return made

    def bot_role(self, guild: Guild | None = None) -> Role:
        """The role that the app got when it was invited."""
        return next(one for one in (guild or self.guild).roles.values() if one.bot == self.bot_id)

    def permit(self, role: Role, *permissions: str | int, guild: Guild | None = None) -> None:
        """Everything that a role may do from now on; of the app's own role and everyone's too."""
        role.permissions = bits(*permissions)
        self.change_role(guild or self.guild, role)

    def channel(
        self,
        name: str,
        *people: Person,
        guild: Guild | None = None,
        kind: Kind = Kind.TEXT,
        private: bool = False,
        bot: bool = True,
        parent: Channel | None = None,
    ) -> Channel:
        """A channel that everybody sees; a private one only these people and, unless `bot` is false, the app."""
        where = guild or self.guild
        made = Channel(self.world.snowflake(), name, kind, where.id, parent.id if parent else None)
        made.position = len(self.world.channels_of(where))
        see = int(Permission.VIEW_CHANNEL)
        if private:
            made.overwrites[where.id] = (0, see)
            made.overwrites |= {one.id: (see, 0) for one in people}
        if private and bot:
            made.overwrites[self.bot_id] = (see, 0)
        elif not bot:
            made.overwrites[self.bot_id] = (0, see)
        self.make_channel(made)
        return made

    def overwrite(
        self, channel: Channel, who: "Person | Role | str", allow: Iterable[str] = (), deny: Iterable[str] = ()
    ) -> None:
        """What somebody may do there, or not: a person, a role, "bot" or "everyone"."""
        seen = may(self.world, channel, self.bot_id, Permission.VIEW_CHANNEL)
        named = {"bot": self.bot_id, "everyone": channel.guild}
        one = named[who] if isinstance(who, str) else who.id
        assert one is not None
        channel.overwrites[one] = (bits(*allow), bits(*deny))
        self.change_channel(channel, seen)

    def fill(
        self, channel: Channel, author: Person, texts: Iterable[str], apart: float = 60.0, end: float | None = None
    ) -> list[Message]:
        """Messages of the past, so many seconds apart, which nobody is told of; the last before `end`, or now."""
        wanted = list(texts)
        start = (self.clock.now() if end is None else end) - apart * (len(wanted) + 1)
        made = []
        for number, text in enumerate(wanted):
            at = start + apart * number
            message = Message(self.world.snowflake(at), channel.id, author.id, at, text, versions=[text])
            channel.messages[message.id] = message
            made.append(message)
        channel.messages = dict(sorted(channel.messages.items(), key=lambda one: int(one[0])))
        return made

    # Waiting and looking.

    def called(self, route: str) -> list[Call]:
        """By its template: "POST /channels/{channel}/messages"."""
        return [call for call in self.calls if call.route == route]

    def tell_interaction(self, data: Json) -> None:
        """Whatever was subscribed to; where the portal names an endpoint, nothing goes over the gateway."""
        if self.app.endpoint is None:
            self.gateway.tell("INTERACTION_CREATE", ALWAYS, data)

    async def until(self, predicate: Callable[[], Any], seconds: float = 5.0) -> Any:
        """What the predicate returns once it returns something; looks every hundredth of a second."""
        return await until(predicate, seconds, self._everything)

    def _everything(self) -> str:
        return "\n".join(self.transcript(one) for one in self.world.channels.values() if one.messages)

    async def connected(self, count: int = 1, seconds: float = 5.0) -> None:
        """Returns when so many sessions listen."""
        await self.until(lambda: len(self.gateway.listening) >= count, seconds)

    async def settled(self, seconds: float = 5.0) -> None:
        """Returns when every event has been sent to whoever listens."""
        await self.until(self.gateway.drained, seconds)

    def bot_posts(self, channel: Channel) -> list[Message]:
        return [one for one in channel.messages.values() if one.by_bot and one.kind in WRITTEN]

    def transcript(self, channel: Channel) -> str:
        """The channel as one would read it, buttons as [label], with what only one person sees."""
        return transcript(self.world, channel)

    def rendered(self, what: Message | Modal) -> str:
        return rendered(self.world, what)
