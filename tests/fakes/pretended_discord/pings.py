"""Whom a message would notify.

Owns the search for mentions and what allowed_mentions leaves of them. A person's message notifies everybody it names;
an app's, without allowed_mentions, too.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.pretended_discord.permissions import Permission, may
from tests.fakes.pretended_discord.refusals import complaint
from tests.fakes.pretended_discord.world import Channel, Json, Message, World

if TYPE_CHECKING:
    from collections.abc import Iterable

USER, ROLE, EVERYBODY = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(?:everyone|here)\b")


@dataclass
class Mentioned:
    """`pings` as they stand in the text; a person who is answered counts as named."""

    users: list[str] = field(default_factory=list[str])
    roles: list[str] = field(default_factory=list[str])
    everybody: bool = False
    pings: list[str] = field(default_factory=list[str])
    answered: str | None = None

    def put_into(self, message: Message) -> None:
        """An edit takes nothing back from whoever was notified, the person who is answered among them."""
        message.answered = message.answered or self.answered
        kept = [message.answered] if message.answered and message.answered not in self.users else []
        message.mentions = [*self.users, *kept]
        message.mention_roles, message.mention_everyone = self.roles, self.everybody
        message.pings += [one for one in self.pings if one not in message.pings]


def mentioned(
    world: World, channel: Channel, author: str, texts: "Iterable[str]", allowed: Json | None, answered: str | None
) -> Mentioned:
    """`allowed`: allowed_mentions, None where nothing was said; `answered`: whose message this replies to."""
    text, found = "\n".join(texts), Mentioned()
    parse = ["users", "roles", "everyone"] if allowed is None else allowed.get("parse") or []
    users = None if "users" in parse else set(map(str, (allowed or {}).get("users") or []))
    roles = None if "roles" in parse else set(map(str, (allowed or {}).get("roles") or []))
    for one in dict.fromkeys(USER.findall(text)):
        if one in world.users and (users is None or one in users):
            found.users.append(one)
            found.pings.append(f"<@{one}>")
    guild = world.guilds.get(channel.guild or "")
    everyone = bool(guild and may(world, channel, author, Permission.MENTION_EVERYONE))
    for one in dict.fromkeys(ROLE.findall(text)):
        role = guild.roles.get(one) if guild else None
        if role and (role.mentionable or everyone) and (roles is None or one in roles):
            found.roles.append(one)
            found.pings.append(f"<@&{one}>")
    if "everyone" in parse and everyone and (loud := EVERYBODY.findall(text)):
        found.everybody = True
        found.pings += dict.fromkeys(loud)
    if answered and answered != author and _replied(allowed):
        found.answered = answered
        if answered not in found.users:
            found.pings.append(f"<@{answered}>")
    return found


def _replied(allowed: Json | None) -> bool:
    """Whoever is answered is notified, unless it is said otherwise; with allowed_mentions it has to be said."""
    return True if allowed is None else bool(allowed.get("replied_user", False))


def check_allowed(allowed: object) -> Json | None:
    if allowed is None:
        return None
    if not isinstance(allowed, dict):
        raise complaint("allowed_mentions", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    parse = allowed.get("parse") or []
    for one in parse:
        if one not in ("users", "roles", "everyone"):
            raise complaint("allowed_mentions.parse.0", "BASE_TYPE_CHOICES", "Value must be a kind of mention.")
    for key in ("users", "roles"):
        if key in parse and allowed.get(key):
            said = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            raise complaint("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", said)
        if len(allowed.get(key) or []) > 100:
            raise complaint(f"allowed_mentions.{key}", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    return allowed
