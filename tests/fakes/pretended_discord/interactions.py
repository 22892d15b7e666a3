"""What people ask of the app by commands, presses and dialogs, and the fifteen minutes in which it may answer.

Owns an interaction's life: three seconds for the first answer, one first answer, a token. How answers come in stands
in callbacks and followups.
"""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.pretended_discord.modals import Held
from tests.fakes.pretended_discord.permissions import permissions
from tests.fakes.pretended_discord.refusals import Refused, unknown
from tests.fakes.pretended_discord.said import shown_message
from tests.fakes.pretended_discord.showing import shown_channel, shown_member, shown_user
from tests.fakes.pretended_discord.world import Channel, Json, Message, World

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

PING, COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 1, 2, 3, 4, 5
PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
ALLOWED = {
    COMMAND: (MESSAGE, DEFERRED, MODAL),
    COMPONENT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    SUBMIT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE),
}
TOKEN_S = 900.0


@dataclass(eq=False)
class Modal:
    """A dialog in front of one person; `held` is what stands in its fields, by custom_id."""

    user: str
    title: str
    custom_id: str
    components: list[Json]
    opened_by: "Interaction"
    held: Held
    open: bool = True


@dataclass(eq=False)
class Interaction:
    """`response` is the type of the first answer, None until it came; `original` what that showed or changed;
    `followups` everything said after; `late`: whoever asked was told that nobody answered."""

    id: str
    token: str
    kind: int
    user: str
    channel: Channel
    data: Json
    made: float
    message: Message | None = None
    command: Json | None = None
    modal: Modal | None = None
    response: int | None = None
    took: float | None = None
    late: bool = False
    ephemeral: bool = False
    original: Message | None = None
    followups: list[Message] = field(default_factory=list[Message])
    choices: list[Json] | None = None
    opened: Modal | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def messages(self) -> list[Message]:
        """What was said because of it: the first answer, and what followed."""
        first = [self.original] if self.original and self.original is not self.message else []
        return [*first, *(one for one in self.followups if one not in first)]

    def metadata(self, world: World) -> Json:
        """As it stands on the messages that answer it."""
        owners = {"0": self.channel.guild or "0"}
        body: Json = {"id": self.id, "type": self.kind, "user": shown_user(world.users[self.user])}
        body["authorizing_integration_owners"] = owners
        if self.command:
            body |= {"command_type": self.command["type"], "name": self.data.get("name")}
        if self.kind == COMPONENT and self.message:
            body["interacted_message_id"] = self.message.id
        if self.kind == SUBMIT and self.modal:
            body["triggering_interaction_metadata"] = self.modal.opened_by.metadata(world)
        return body


def payload(world: World, one: Interaction, filesize: int = 10_485_760) -> Json:
    """As INTERACTION_CREATE brings it."""
    user, channel, guild = world.users[one.user], one.channel, world.guilds.get(one.channel.guild or "")
    body: Json = {"id": one.id, "application_id": world.app.id, "type": one.kind, "token": one.token, "version": 1}
    body |= {"channel_id": channel.id, "locale": user.locale, "data": one.data, "entitlements": []}
    body |= {"entitlement_sku_ids": [], "attachment_size_limit": filesize}
    body["app_permissions"] = str(permissions(world, channel, world.bot.id))
    body["channel"] = shown_channel(world, channel)
    if guild:
        held = permissions(world, channel, user.id)
        body |= {"guild_id": guild.id, "guild_locale": guild.locale, "context": 0}
        body["guild"] = {"id": guild.id, "locale": guild.locale, "features": ["COMMUNITY"]}
        body["member"] = shown_member(world, guild.members[user.id], held=held)
        body["channel"]["permissions"] = str(held)
    else:
        body |= {"user": shown_user(user), "context": 1}
    body["authorizing_integration_owners"] = {"0": guild.id if guild else "0"}
    if one.message:
        body["message"] = shown_message(world, one.message, full=True)
    return body


def waiting(discord: "FakeDiscord", interaction: str, token: str) -> Interaction:
    """The one that is to be answered for the first time."""
    found = discord.world.interactions.get(token)
    if found is None or found.id != interaction:
        raise unknown("interaction")
    if found.response is not None:
        raise Refused(400, 40060, "Interaction has already been acknowledged.")
    if found.late or discord.clock.now() - found.made > discord.patience:
        raise unknown("interaction")
    return found


def lasting(discord: "FakeDiscord", app: str, token: str) -> Interaction:
    """The one that this token still speaks for."""
    found = discord.world.interactions.get(token)
    if found is None or app != discord.world.app.id or found.response is None:
        raise unknown("Webhook")
    if discord.clock.now() - found.made > TOKEN_S:
        raise Refused(401, 50027, "Invalid Webhook Token")
    return found


async def asked(discord: "FakeDiscord", one: Interaction) -> Interaction:
    """Tell the app, and return when it answered or the three seconds are over."""
    discord.world.interactions[one.token] = one
    discord.tell_interaction(payload(discord.world, one))
    try:
        async with asyncio.timeout(discord.patience):
            await one.answered.wait()
    except TimeoutError:
        one.late = one.response is None
    return one
