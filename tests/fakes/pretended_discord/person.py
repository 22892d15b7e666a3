"""What people do in Discord, and what they see of the app's answers.

Owns the person's side of talking: they write, react, start threads, and moderate, where their permissions let them.
Commands, presses and dialogs are beside it. Knows nothing of how the app hears of it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.fakes.pretended_discord.asking import Asking
from tests.fakes.pretended_discord.interactions import Modal
from tests.fakes.pretended_discord.messages import reference_to
from tests.fakes.pretended_discord.permissions import Permission, in_guild, may
from tests.fakes.pretended_discord.pings import mentioned
from tests.fakes.pretended_discord.threads import start_thread
from tests.fakes.pretended_discord.world import Channel, Guild, Kind, Message, Role, Said, User

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

P = Permission


class Person(Asking):
    """`granted`: the names of commands that a server's admins gave them in its settings, whatever the app hints."""

    def __init__(self, discord: "FakeDiscord", user: User) -> None:
        self.discord, self.user = discord, user
        self.granted: set[str] = set()

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def dm_channel(self) -> Channel:
        """The conversation with the bot."""
        return self.discord.world.dm_with(self.id)

    @property
    def modal(self) -> Modal | None:
        """The dialog in front, if one is open."""
        return self.discord.world.modals.get(self.id)

    @property
    def ephemerals(self) -> list[Message]:
        return self.discord.world.ephemerals_of(self.id)

    # Messages.

    async def post(
        self,
        channel: Channel,
        text: str,
        reply_to: Message | None = None,
        thread: Channel | None = None,
        *,
        ping: bool = True,
        files: Iterable[str] = (),
    ) -> Message:
        """`ping`: whether whoever is answered is notified, as the @ beside a reply decides."""
        place, world = thread or channel, self.discord.world
        self._must(place, P.SEND_MESSAGES_IN_THREADS if place.thread else P.SEND_MESSAGES)
        locked = place.thread and place.thread.locked
        assert not locked or may(world, place, self.id, P.MANAGE_THREADS), f"{place.name} is locked"
        assert len(text) <= 2000, "people, too, write no more than 2,000 characters"
        message = Message(world.snowflake(), place.id, self.id, self.discord.clock.now(), text)
        message.attachments = [_file(number, name) for number, name in enumerate(files)]
        if reply_to is not None:
            message.kind, message.reference = Said.REPLY, reference_to(self.discord, reply_to)
        self._note_mentions(place, message, reply_to.author if reply_to and ping else None)
        if place.thread:
            self.discord.join_thread(place, self.id)
        return self.discord.post(message)

    def _note_mentions(self, place: Channel, message: Message, answered: str | None = None) -> None:
        mentioned(self.discord.world, place, self.id, [message.content], None, answered).put_into(message)

    async def mention(
        self, channel: Channel, text: str, reply_to: Message | None = None, thread: Channel | None = None
    ) -> Message:
        return await self.post(channel, f"<@{self.discord.bot_id}> {text}", reply_to, thread)

    async def dm(self, text: str, reply_to: Message | None = None) -> Message:
        return await self.post(self.dm_channel, text, reply_to)

    async def edit(self, message: Message, text: str) -> None:
        assert message.author == self.id, "people edit only what they wrote"
        channel = self._place(message)
        message.content, message.edited = text, self.discord.clock.now()
        message.versions.append(text)
        self._note_mentions(channel, message)
        self.discord.change(message)

    async def delete(self, *messages: Message) -> None:
        """Their own; a moderator anybody's. Several at once, as a moderator's tools do it."""
        channel = self._place(messages[0])
        if len(messages) > 1 or messages[0].author != self.id:
            self._must(channel, P.MANAGE_MESSAGES)
        self.discord.remove(channel, *messages)

    async def pin(self, message: Message) -> None:
        self._must(self._place(message), P.PIN_MESSAGES)
        self.discord.pin(message, self.id)

    async def starts_typing(self, channel: Channel) -> None:
        self._must(channel, P.SEND_MESSAGES)
        self.discord.show_typing(channel, self.id)

    async def react(self, message: Message, emoji: str) -> None:
        assert self.id not in message.reactions.get(emoji, []), "one reaction of a kind"
        anew = [] if emoji in message.reactions else [P.ADD_REACTIONS]
        self._must(self._place(message), P.READ_MESSAGE_HISTORY, *anew)
        self.discord.react(message, self.id, emoji)

    async def unreact(self, message: Message, emoji: str) -> None:
        assert self.id in message.reactions.get(emoji, []), f"{self.user.name} did not react with {emoji}"
        self.discord.unreact(message, self.id, emoji)

    async def clear_reactions(self, message: Message, emoji: str | None = None) -> None:
        """A moderator takes all away, or all of one kind."""
        self._must(self._place(message), P.MANAGE_MESSAGES)
        self.discord.clear_reactions(message, emoji)

    # Channels and threads.

    async def start_thread(
        self, on: Message | Channel, name: str, *, private: bool = False, members: Iterable["Person"] = ()
    ) -> Channel:
        """On a message, or by itself in a channel."""
        parent = self._place(on) if isinstance(on, Message) else on
        self._must(parent, P.CREATE_PRIVATE_THREADS if private else P.CREATE_PUBLIC_THREADS)
        kind = Kind.PRIVATE_THREAD if private else Kind.PUBLIC_THREAD
        of = on if isinstance(on, Message) else None
        made = start_thread(self.discord, parent, name, self.id, kind, of)
        for one in members:
            self.discord.join_thread(made, one.id)
        return made

    async def bring_bot(self, thread: Channel) -> None:
        """Into a private thread, as a mention of it does."""
        self.discord.join_thread(thread, self.discord.bot_id)

    async def archive(self, thread: Channel, archived: bool = True, *, locked: bool | None = None) -> None:
        assert thread.thread, f"{thread.name} is no thread"
        if thread.thread.owner != self.id or locked is not None:
            self._must(thread, P.MANAGE_THREADS)
        self.discord.archive(thread, archived, locked)

    async def delete_channel(self, channel: Channel) -> None:
        """A channel or a thread."""
        self._must(channel, P.MANAGE_THREADS if channel.thread else P.MANAGE_CHANNELS)
        self.discord.delete_channel(channel)

    async def rename(self, channel: Channel, name: str) -> None:
        if not channel.thread or channel.thread.owner != self.id:
            self._must(channel, P.MANAGE_THREADS if channel.thread else P.MANAGE_CHANNELS)
        channel.name = name
        self.discord.change_channel(channel)

    # Guilds.

    async def join(self, guild: Guild, nick: str | None = None) -> None:
        member = self.discord.world.join(guild, self.id, nick)
        self.discord.change_member(guild, member, "GUILD_MEMBER_ADD")

    async def leave(self, guild: Guild) -> None:
        self.discord.lose_member(guild, self.user)

    async def invite_bot(self, guild: Guild, *permissions: str | int) -> None:
        """With these permissions, or the usual ones."""
        self._must_run(guild, P.MANAGE_GUILD)
        self.discord.invite(guild, *permissions)

    async def kick_bot(self, guild: Guild) -> None:
        self._must_run(guild, P.KICK_MEMBERS)
        self.discord.leave_guild(guild)

    async def calls_themselves(self, nick: str | None, guild: Guild | None = None) -> None:
        """A nickname in a guild."""
        where = guild or self.discord.guild
        where.members[self.id].nick = nick
        self.discord.change_member(where, where.members[self.id])

    def give(self, role: Role, guild: Guild | None = None) -> None:
        where = guild or self.discord.guild
        where.members[self.id].roles.add(role.id)
        self.discord.change_member(where, where.members[self.id])

    def _place(self, message: Message) -> Channel:
        sees = not message.deleted and message.only_for in (None, self.id)
        assert sees, f"{self.user.name} does not see this"
        channel = self.discord.world.channels[message.channel]
        self._must(channel)
        return channel

    def _must(self, channel: Channel, *wanted: Permission) -> None:
        world, name = self.discord.world, self.user.name
        where = channel.name or "a conversation of others"
        assert channel.id in world.channels, f"#{where} is gone"
        assert may(world, channel, self.id, P.VIEW_CHANNEL), f"{name} does not see #{where}"
        lacking = [one.name for one in wanted if not may(world, channel, self.id, one)]
        assert not lacking, f"{name} may not do this in #{where}: {lacking}"

    def _must_run(self, guild: Guild, wanted: Permission) -> None:
        assert in_guild(guild, self.id) & wanted, f"{self.user.name} may not do this in {guild.name}: {wanted.name}"


def _file(number: int, name: str) -> dict[str, object]:
    link = f"https://cdn.invalid/{number}/{name}"
    return {"id": str(2000 + number), "filename": name, "size": 1, "url": link, "proxy_url": link}
