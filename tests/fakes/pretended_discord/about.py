"""Who the app is, where it is, and who is there: users, application, guilds, channels.

Owns what is read about places and people, and the little that an app changes of them. Messages and threads are beside
it.
"""

from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_discord.permissions import Permission
from tests.fakes.pretended_discord.refusals import Complaints, complaint, missing_access, unknown
from tests.fakes.pretended_discord.routes import Call, channel_of, guild_of, limit_of, route, snowflake_of
from tests.fakes.pretended_discord.showing import (
    listed_guild,
    of_bot,
    shown_application,
    shown_channel,
    shown_guild,
    shown_me,
    shown_member,
    shown_role,
    shown_user,
)
from tests.fakes.pretended_discord.world import Json, Member

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

P = Permission


@route("GET", "/gateway", open=True)
def gateway(discord: "FakeDiscord", call: Call) -> Json:
    return {"url": discord.link}


@route("GET", "/gateway/bot")
def gateway_bot(discord: "FakeDiscord", call: Call) -> Json:
    left = max(0, 1000 - discord.gateway.identified)
    limit = {"total": 1000, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": discord.link, "shards": 1, "session_start_limit": limit}


@route("GET", "/users/@me")
def me(discord: "FakeDiscord", call: Call) -> Json:
    return shown_me(discord.world)


@route("GET", "/users/{user}")
def user(discord: "FakeDiscord", call: Call) -> Json:
    found = discord.world.users.get(call["user"])
    if found is None:
        raise unknown("User")
    return shown_user(found)


@route("GET", "/oauth2/applications/@me")
@route("GET", "/applications/@me")
def application(discord: "FakeDiscord", call: Call) -> Json:
    return shown_application(discord.world)


@route("GET", "/users/@me/guilds")
def guilds(discord: "FakeDiscord", call: Call) -> Any:
    before, after, limit = snowflake_of(call, "before"), snowflake_of(call, "after") or 0, limit_of(call, 200, 200)
    found = sorted(of_bot(discord.world), key=lambda one: int(one.id))
    found = [one for one in found if int(one.id) > after and (before is None or int(one.id) < before)]
    return [listed_guild(discord.world, one) for one in (found[-limit:] if before else found[:limit])]


@route("DELETE", "/users/@me/guilds/{guild}")
def leave(discord: "FakeDiscord", call: Call) -> None:
    discord.leave_guild(guild_of(discord.world, call["guild"]))


@route("POST", "/users/@me/channels")
def open_dm(discord: "FakeDiscord", call: Call) -> Json:
    """It always opens; whether anything may be said there shows when it is."""
    recipient = str(call.json.get("recipient_id"))
    if recipient not in discord.world.users:
        raise unknown("User")
    if recipient == discord.world.bot.id:
        raise complaint("recipient_id", "CHANNEL_RECIPIENT_INVALID", "Cannot send messages to this user")
    return shown_channel(discord.world, discord.world.dm_with(recipient))


@route("GET", "/guilds/{guild}")
def guild(discord: "FakeDiscord", call: Call) -> Json:
    found = guild_of(discord.world, call["guild"])
    counts = {"approximate_member_count": len(found.members), "approximate_presence_count": len(found.members)}
    return shown_guild(found) | (counts if call.query.get("with_counts") in ("1", "true", "True") else {})


@route("GET", "/guilds/{guild}/channels")
def channels(discord: "FakeDiscord", call: Call) -> Any:
    found = guild_of(discord.world, call["guild"])
    return [shown_channel(discord.world, one) for one in discord.world.channels_of(found)]


@route("GET", "/guilds/{guild}/roles")
def roles(discord: "FakeDiscord", call: Call) -> Any:
    return [shown_role(one) for one in guild_of(discord.world, call["guild"]).roles.values()]


@route("GET", "/guilds/{guild}/members/{user}")
def member(discord: "FakeDiscord", call: Call) -> Json:
    found = guild_of(discord.world, call["guild"]).members.get(call["user"])
    if found is None:
        raise unknown("Member")
    return shown_member(discord.world, found)


@route("GET", "/guilds/{guild}/members")
def members(discord: "FakeDiscord", call: Call) -> Any:
    """Everybody: only for an app that the portal grants the members intent."""
    found, after = guild_of(discord.world, call["guild"]), snowflake_of(call, "after") or 0
    if not discord.world.app.members:
        raise missing_access()
    listed = sorted((one for one in found.members.values() if int(one.user) > after), key=lambda one: int(one.user))
    return [shown_member(discord.world, one) for one in listed[: limit_of(call, 1, 1000)]]


@route("GET", "/guilds/{guild}/members/search")
def search(discord: "FakeDiscord", call: Call) -> Any:
    found, query = guild_of(discord.world, call["guild"]), call.query.get("query", "").lower()
    matching = [one for one in found.members.values() if _named(discord, one, query)]
    return [shown_member(discord.world, one) for one in matching[: limit_of(call, 1, 1000)]]


def _named(discord: "FakeDiscord", member: Member, query: str) -> bool:
    user = discord.world.users[member.user]
    return any(query in (name or "").lower() for name in (user.name, user.global_name, member.nick))


@route("PATCH", "/guilds/{guild}/members/@me")
def rename_me(discord: "FakeDiscord", call: Call) -> Json:
    found = guild_of(discord.world, call["guild"])
    own = found.members[discord.world.bot.id]
    own.nick = call.json.get("nick")
    discord.change_member(found, own)
    return shown_member(discord.world, own)


@route("GET", "/channels/{channel}")
def channel(discord: "FakeDiscord", call: Call) -> Json:
    return shown_channel(discord.world, channel_of(discord.world, call["channel"]))


@route("DELETE", "/channels/{channel}")
def delete_channel(discord: "FakeDiscord", call: Call) -> Json:
    place = channel_of(discord.world, call["channel"])
    if place.guild:
        channel_of(discord.world, call["channel"], P.MANAGE_THREADS if place.thread else P.MANAGE_CHANNELS)
        discord.delete_channel(place)
    return shown_channel(discord.world, place)


def check_name(name: object) -> None:
    wrong = Complaints()
    wrong.text(name, "name", 100, 1)
    wrong.settle()
