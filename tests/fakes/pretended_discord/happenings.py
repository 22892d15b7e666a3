"""What happens in the pretended Discord, and that the app hears of it.

Owns which event is told when, and to which intents: of a channel that the app cannot see nothing that is said there is
told, while channels themselves are. Knows no transport.
"""

from typing import TYPE_CHECKING

from tests.fakes.clock import Clock
from tests.fakes.pretended_discord.intents import ALWAYS, MEMBERS, MESSAGE_CONTENT, Intent
from tests.fakes.pretended_discord.said import heard_by_bot, shown_emoji, told_message
from tests.fakes.pretended_discord.showing import (
    created_guild,
    of_bot,
    shown_channel,
    shown_guild,
    shown_me,
    shown_member,
    shown_role,
    shown_thread,
    shown_user,
    stamp,
    thread_member,
)
from tests.fakes.pretended_discord.world import WRITTEN, Channel, Guild, Json, Member, Message, Role, Said, User, World

if TYPE_CHECKING:
    from tests.fakes.pretended_discord.gateway import Gateway, Session


class Happenings:
    world: World
    clock: Clock
    gateway: "Gateway"

    # A session begins.

    def welcome(self, session: "Session") -> None:
        world = self.world
        guilds = of_bot(world)
        ready: Json = {"v": 10, "user": shown_me(world), "session_id": session.id, "session_type": "normal"}
        ready |= {"guilds": [{"id": one.id, "unavailable": True} for one in guilds], "resume_gateway_url": self.link}
        ready |= {"application": {"id": world.app.id, "flags": world.app.flags}, "shard": [0, 1]}
        session.tell("READY", ready)
        for guild in guilds:
            if not guild.outage and session.hears(Intent.GUILDS):
                made = created_guild(world, guild, bool(session.intents & MEMBERS))
                session.tell("GUILD_CREATE", made | {"unavailable": False})

    @property
    def link(self) -> str:
        raise NotImplementedError

    def chunk_members(self, session: "Session", asked: Json) -> None:
        """Members by name or by id; everybody only for who has the members intent."""
        guild, wanted = self.world.guilds.get(str(asked.get("guild_id"))), asked.get("user_ids")
        if guild is None:
            return
        ids = [str(one) for one in wanted] if isinstance(wanted, list) else [str(wanted)] if wanted else None
        if ids is None and not asked.get("query") and not session.intents & MEMBERS:
            return
        found = [one for one in guild.members.values() if ids is None or one.user in ids]
        if query := str(asked.get("query") or "").lower():
            found = [one for one in found if self.world.users[one.user].name.lower().startswith(query)]
        data: Json = {"guild_id": guild.id, "members": [shown_member(self.world, one) for one in found]}
        data |= {"chunk_index": 0, "chunk_count": 1}
        data["not_found"] = [one for one in ids or [] if one not in guild.members]
        session.tell("GUILD_MEMBERS_CHUNK", data | ({"nonce": asked["nonce"]} if asked.get("nonce") else {}))

    # Messages.

    def post(self, message: Message) -> Message:
        """Put it where it belongs, and say so; a thread that was put away comes back."""
        channel = self.world.channels[message.channel]
        if channel.thread and channel.thread.archived:
            self.archive(channel, False)
        channel.messages[message.id] = message
        message.versions.append(message.content)
        if channel.thread:
            channel.thread.total += message.kind in WRITTEN
        self._tell_message("MESSAGE_CREATE", message, nonce=True)
        return message

    def change(self, message: Message) -> None:
        if message.only_for is None:
            self._tell_message("MESSAGE_UPDATE", message)

    def _tell_message(self, event: str, message: Message, nonce: bool = False) -> None:
        def told(session: "Session") -> Json:
            full = bool(session.intents & MESSAGE_CONTENT)
            return told_message(self.world, message, full=full, nonce=nonce)

        if heard_by_bot(self.world, message.channel):
            self.gateway.tell(event, self._of(message, Intent.GUILD_MESSAGES, Intent.DM_MESSAGES), told)

    def remove(self, channel: Channel, *messages: Message) -> None:
        """One, or several at a stroke."""
        for message in messages:
            message.deleted = True
            channel.messages.pop(message.id, None)
        if not heard_by_bot(self.world, channel.id) or not messages:
            return
        where = self._where(channel)
        intent = self._of(messages[0], Intent.GUILD_MESSAGES, Intent.DM_MESSAGES)
        if len(messages) == 1:
            self.gateway.tell("MESSAGE_DELETE", intent, {"id": messages[0].id} | where)
        else:
            self.gateway.tell("MESSAGE_DELETE_BULK", intent, {"ids": [one.id for one in messages]} | where)

    def _of(self, message: Message, in_guild: Intent, in_private: Intent) -> Intent:
        return in_guild if self.world.channels[message.channel].guild else in_private

    def _where(self, channel: Channel) -> Json:
        return {"channel_id": channel.id} | ({"guild_id": channel.guild} if channel.guild else {})

    # Reactions.

    def react(self, message: Message, user: str, emoji: str) -> None:
        message.reactions.setdefault(emoji, []).append(user)
        data = self._reaction(message, emoji) | {"user_id": user, "burst": False, "type": 0, "burst_colors": []}
        data["message_author_id"] = message.author
        guild = self.world.channels[message.channel].guild
        if guild:
            data["member"] = shown_member(self.world, self.world.guilds[guild].members[user])
        self._tell_reaction("MESSAGE_REACTION_ADD", message, data)

    def unreact(self, message: Message, user: str, emoji: str) -> None:
        message.reactions[emoji].remove(user)
        if not message.reactions[emoji]:
            del message.reactions[emoji]
        data = self._reaction(message, emoji) | {"user_id": user, "burst": False, "type": 0}
        self._tell_reaction("MESSAGE_REACTION_REMOVE", message, data)

    def clear_reactions(self, message: Message, emoji: str | None = None) -> None:
        """All of them, or those of one kind."""
        if emoji is None:
            message.reactions.clear()
            data = {"message_id": message.id} | self._where(self.world.channels[message.channel])
            self._tell_reaction("MESSAGE_REACTION_REMOVE_ALL", message, data)
        elif message.reactions.pop(emoji, None):
            self._tell_reaction("MESSAGE_REACTION_REMOVE_EMOJI", message, self._reaction(message, emoji))

    def _reaction(self, message: Message, emoji: str) -> Json:
        return {"message_id": message.id, "emoji": shown_emoji(emoji)} | self._where(
            self.world.channels[message.channel]
        )

    def _tell_reaction(self, event: str, message: Message, data: Json) -> None:
        if heard_by_bot(self.world, message.channel):
            self.gateway.tell(event, self._of(message, Intent.GUILD_REACTIONS, Intent.DM_REACTIONS), data)

    # Channels and threads.

    def make_channel(self, channel: Channel) -> None:
        self.world.channels[channel.id] = channel
        self._tell_channel("CHANNEL_CREATE", channel)

    def change_channel(self, channel: Channel, seen_before: bool = True) -> None:
        """`seen_before`: whether the app could see it; of what it sees anew it is told the threads."""
        if channel.thread:
            self._tell_thread("THREAD_UPDATE", channel)
            return
        self._tell_channel("CHANNEL_UPDATE", channel)
        if channel.guild and not seen_before and heard_by_bot(self.world, channel.id):
            threads = self.world.threads_of(self.world.guilds[channel.guild])
            own = [one for one in threads if one.parent == channel.id and heard_by_bot(self.world, one.id)]
            data: Json = {"guild_id": channel.guild, "channel_ids": [channel.id], "members": []}
            data["threads"] = [shown_thread(self.world, one) for one in own]
            self.gateway.tell("THREAD_LIST_SYNC", Intent.GUILDS, data)

    def delete_channel(self, channel: Channel) -> None:
        """Its threads go with it, and nobody is told of them."""
        if channel.thread:
            data = {"id": channel.id, "guild_id": channel.guild, "parent_id": channel.parent, "type": channel.kind}
            if heard_by_bot(self.world, channel.id):
                self.gateway.tell("THREAD_DELETE", Intent.GUILDS, data)
        else:
            self._tell_channel("CHANNEL_DELETE", channel)
        inside = [one for one in self.world.channels.values() if one.thread and one.parent == channel.id]
        for one in [channel, *inside]:
            self.world.channels.pop(one.id, None)
            for message in one.messages.values():
                message.deleted = True

    def make_thread(self, channel: Channel) -> None:
        assert channel.thread is not None
        self.world.channels[channel.id] = channel
        if heard_by_bot(self.world, channel.id):
            self.gateway.tell("THREAD_CREATE", Intent.GUILDS, shown_thread(self.world, channel, new=True))

    def archive(self, channel: Channel, archived: bool = True, locked: bool | None = None) -> None:
        assert channel.thread is not None
        if channel.thread.archived != archived:
            channel.thread.archived, channel.thread.archived_at = archived, self.clock.now()
        if locked is not None:
            channel.thread.locked = locked
        self._tell_thread("THREAD_UPDATE", channel)

    def join_thread(self, channel: Channel, user: str) -> None:
        assert channel.thread is not None
        if user in channel.thread.members:
            return
        seen = heard_by_bot(self.world, channel.id)
        channel.thread.members[user] = self.clock.now()
        if user == self.world.bot.id and not seen:
            self.gateway.tell("THREAD_CREATE", Intent.GUILDS, shown_thread(self.world, channel))
        data: Json = {"id": channel.id, "guild_id": channel.guild, "member_count": len(channel.thread.members)}
        data["added_members"] = [thread_member(channel, user)]
        if heard_by_bot(self.world, channel.id):  # of others only with the members intent
            about_us = user == self.world.bot.id
            self.gateway.tell("THREAD_MEMBERS_UPDATE", Intent.GUILDS if about_us else MEMBERS, data)

    def _tell_channel(self, event: str, channel: Channel) -> None:
        if channel.guild is None or self.world.bot.id in self.world.guilds[channel.guild].members:
            self.gateway.tell(event, Intent.GUILDS, shown_channel(self.world, channel))

    def _tell_thread(self, event: str, channel: Channel) -> None:
        if heard_by_bot(self.world, channel.id):
            self.gateway.tell(event, Intent.GUILDS, shown_thread(self.world, channel))

    # Guilds and people.

    def enter_guild(self, guild: Guild, *, after_outage: bool = False) -> None:
        def told(session: "Session") -> Json:
            made = created_guild(self.world, guild, bool(session.intents & MEMBERS))
            return made | ({"unavailable": False} if after_outage else {})

        self.gateway.tell("GUILD_CREATE", Intent.GUILDS, told)

    def leave_guild(self, guild: Guild) -> None:
        """The app is thrown out, or leaves: its role goes, and its membership."""
        world = self.world
        guild.members.pop(world.bot.id)
        guild.roles = {key: role for key, role in guild.roles.items() if role.bot != world.bot.id}
        world.commands.pop(guild.id, None)
        self.gateway.tell("GUILD_DELETE", Intent.GUILDS, {"id": guild.id})

    def guild_outage(self, guild: Guild, outage: bool = True) -> None:
        """Discord cannot reach the guild for a while, which is no leaving."""
        guild.outage = outage
        if outage:
            self.gateway.tell("GUILD_DELETE", Intent.GUILDS, {"id": guild.id, "unavailable": True})
        else:
            self.enter_guild(guild, after_outage=True)

    def change_guild(self, guild: Guild) -> None:
        self.gateway.tell("GUILD_UPDATE", Intent.GUILDS, shown_guild(guild))

    def change_role(self, guild: Guild, role: Role, event: str = "GUILD_ROLE_UPDATE") -> None:
        self.gateway.tell(event, Intent.GUILDS, {"guild_id": guild.id, "role": shown_role(role)})

    def change_member(self, guild: Guild, member: Member, event: str = "GUILD_MEMBER_UPDATE") -> None:
        """Of itself the app always hears; of others with the members intent."""
        intent = ALWAYS if member.user == self.world.bot.id else MEMBERS
        if self.world.bot.id in guild.members:
            data = shown_member(self.world, member) | {"guild_id": guild.id}
            self.gateway.tell(event, intent, data)

    def lose_member(self, guild: Guild, user: User) -> None:
        guild.members.pop(user.id)
        data = {"guild_id": guild.id, "user": shown_user(user)}
        if self.world.bot.id in guild.members:
            self.gateway.tell("GUILD_MEMBER_REMOVE", MEMBERS, data)

    def show_typing(self, channel: Channel, user: str) -> None:
        data: Json = {"user_id": user, "timestamp": int(self.clock.now())} | self._where(channel)
        if channel.guild:
            data["member"] = shown_member(self.world, self.world.guilds[channel.guild].members[user])
        if heard_by_bot(self.world, channel.id):
            self.gateway.tell("TYPING_START", Intent.GUILD_TYPING if channel.guild else Intent.DM_TYPING, data)

    def pin(self, message: Message, who: str) -> None:
        """Discord says so itself, in the channel."""
        message.pinned = True
        channel = self.world.channels[message.channel]
        self.change(message)
        self.pins_changed(channel)
        told = Message(self.world.snowflake(), channel.id, who, self.clock.now(), kind=Said.PIN)
        told.by_bot = who == self.world.bot.id
        told.reference = {"message_id": message.id} | self._where(channel)
        self.post(told)

    def pins_changed(self, channel: Channel) -> None:
        data: Json = self._where(channel) | {"last_pin_timestamp": stamp(self.clock.now())}
        if heard_by_bot(self.world, channel.id):
            self.gateway.tell("CHANNEL_PINS_UPDATE", Intent.GUILDS if channel.guild else Intent.DM_MESSAGES, data)
