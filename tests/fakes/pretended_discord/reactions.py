"""channels/…/reactions: adding, removing, and who reacted.

Owns what the app may do with reactions. How they are told stands in happenings.
"""

import re
from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_discord.messages import must_be_open
from tests.fakes.pretended_discord.permissions import Permission, may
from tests.fakes.pretended_discord.refusals import Refused, missing_permissions, unknown
from tests.fakes.pretended_discord.routes import Bucket, Call, channel_of, limit_of, message_of, route, snowflake_of
from tests.fakes.pretended_discord.showing import shown_user
from tests.fakes.pretended_discord.world import Message

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

P = Permission
KINDS_AT_MOST = 20
ALL = "/channels/{channel}/messages/{message}/reactions"
KIND = f"{ALL}/{{emoji}}"
REACTING = Bucket("reaction", 1, 0.25)


def emoji_of(call: Call) -> str:
    """Unicode, or name:id."""
    emoji = call["emoji"]
    if re.fullmatch(r"\w+:\d+", emoji) or not emoji.isascii():
        return emoji
    raise unknown("Emoji")


def _message(discord: "FakeDiscord", call: Call, *wanted: Permission) -> Message:
    channel = channel_of(discord.world, call["channel"], *wanted)
    return message_of(discord.world, channel, call["message"])


@route("PUT", f"{KIND}/@me", bucket=REACTING)
def react(discord: "FakeDiscord", call: Call) -> None:
    message, emoji, me = _message(discord, call, P.READ_MESSAGE_HISTORY), emoji_of(call), discord.world.bot.id
    channel = discord.world.channels[message.channel]
    must_be_open(channel)
    if emoji not in message.reactions:
        if not may(discord.world, channel, me, P.ADD_REACTIONS):
            raise missing_permissions()
        if len(message.reactions) >= KINDS_AT_MOST:
            raise Refused(400, 30010, f"Maximum number of reactions reached ({KINDS_AT_MOST})")
    if me not in message.reactions.get(emoji, []):
        discord.react(message, me, emoji)


@route("DELETE", f"{KIND}/@me", bucket=REACTING)
def unreact(discord: "FakeDiscord", call: Call) -> None:
    _take_away(discord, _message(discord, call), discord.world.bot.id, emoji_of(call))


@route("DELETE", f"{KIND}/{{user}}", bucket=REACTING)
def unreact_for(discord: "FakeDiscord", call: Call) -> None:
    _take_away(discord, _message(discord, call, P.MANAGE_MESSAGES), call["user"], emoji_of(call))


def _take_away(discord: "FakeDiscord", message: Message, user: str, emoji: str) -> None:
    must_be_open(discord.world.channels[message.channel])
    if user in message.reactions.get(emoji, []):
        discord.unreact(message, user, emoji)


@route("DELETE", ALL)
def clear(discord: "FakeDiscord", call: Call) -> None:
    discord.clear_reactions(_message(discord, call, P.MANAGE_MESSAGES))


@route("DELETE", KIND)
def clear_kind(discord: "FakeDiscord", call: Call) -> None:
    discord.clear_reactions(_message(discord, call, P.MANAGE_MESSAGES), emoji_of(call))


@route("GET", KIND)
def who(discord: "FakeDiscord", call: Call) -> Any:
    message, after = _message(discord, call), snowflake_of(call, "after") or 0
    found = sorted((one for one in message.reactions.get(emoji_of(call), []) if int(one) > after), key=int)
    return [shown_user(discord.world.users[one]) for one in found[: limit_of(call, 25, 100)]]
