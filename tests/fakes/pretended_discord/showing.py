"""How people, guilds and channels look in Discord's JSON.

Owns the shapes. Decides nothing; messages are beside it.
"""

from datetime import UTC, datetime

from tests.fakes.pretended_discord.permissions import in_guild, permissions
from tests.fakes.pretended_discord.world import Channel, Guild, Json, Kind, Member, Role, User, World


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def shown_user(user: User) -> Json:
    body: Json = {"id": user.id, "username": user.name, "global_name": user.global_name, "avatar": None}
    body |= {"discriminator": "0000" if user.is_bot else "0", "public_flags": 0, "flags": 0}
    return body | ({"bot": True} if user.is_bot else {})


def shown_me(world: World) -> Json:
    more = {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}
    return shown_user(world.bot) | more


def shown_member(world: World, member: Member, *, with_user: bool = True, held: int | None = None) -> Json:
    body: Json = {"nick": member.nick, "roles": sorted(member.roles), "joined_at": stamp(member.joined)}
    body |= {"deaf": False, "mute": False, "flags": 0, "avatar": None, "pending": False, "premium_since": None}
    body["communication_disabled_until"] = None
    if with_user:
        body["user"] = shown_user(world.users[member.user])
    return body | ({"permissions": str(held)} if held is not None else {})


def shown_role(role: Role) -> Json:
    body: Json = {"id": role.id, "name": role.name, "permissions": str(role.permissions), "position": role.position}
    body |= {"color": 0, "hoist": False, "managed": role.managed, "mentionable": role.mentionable, "flags": 0}
    body |= {"colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}}
    return body | ({"tags": {"bot_id": role.bot}} if role.bot else {})


def shown_guild(guild: Guild) -> Json:
    nothing = (
        "icon splash discovery_splash description banner afk_channel_id system_channel_id rules_channel_id "
        "public_updates_channel_id vanity_url_code application_id incidents_data safety_alerts_channel_id"
    )
    zero = (
        "verification_level default_message_notifications explicit_content_filter mfa_level nsfw_level premium_tier "
        "premium_subscription_count system_channel_flags"
    )
    body: Json = {"id": guild.id, "name": guild.name, "owner_id": guild.owner, "preferred_locale": guild.locale}
    body |= dict.fromkeys(nothing.split()) | dict.fromkeys(zero.split(), 0)
    body |= {"emojis": [], "stickers": [], "features": ["COMMUNITY"], "afk_timeout": 300, "nsfw": False}
    return body | {"region": "deprecated", "roles": [shown_role(one) for one in guild.roles.values()]}


def created_guild(world: World, guild: Guild, everybody: bool) -> Json:
    """As GUILD_CREATE brings it; without the members intent the app learns of itself alone."""
    members = [one for one in guild.members.values() if everybody or one.user == world.bot.id]
    body = shown_guild(guild) | {"joined_at": stamp(guild.members[world.bot.id].joined), "large": False}
    body |= {"member_count": len(guild.members), "members": [shown_member(world, one) for one in members]}
    body["channels"] = [shown_channel(world, one) for one in world.channels_of(guild)]
    seen = [one for one in world.threads_of(guild) if permissions(world, one, world.bot.id)]
    body["threads"] = [shown_thread(world, one) for one in seen]
    empty = ("voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds")
    return body | {key: [] for key in empty}


def listed_guild(world: World, guild: Guild) -> Json:
    body: Json = {"id": guild.id, "name": guild.name, "icon": None, "banner": None, "owner": False}
    held = in_guild(guild, world.bot.id)
    return body | {"permissions": str(held), "features": []}


def shown_channel(world: World, channel: Channel) -> Json:
    if channel.thread:
        return shown_thread(world, channel)
    body: Json = {"id": channel.id, "type": int(channel.kind), "last_message_id": channel.last_message, "flags": 0}
    if channel.kind == Kind.DM:
        people = [one for one in channel.recipients if one != world.bot.id]
        return body | {"recipients": [shown_user(world.users[one]) for one in people]}
    body |= {"guild_id": channel.guild, "name": channel.name, "parent_id": channel.parent, "nsfw": False}
    body |= {"position": channel.position, "topic": channel.topic, "rate_limit_per_user": 0}
    body["permission_overwrites"] = [_overwrite(world, channel, one) for one in channel.overwrites]
    if channel.kind == Kind.VOICE:
        body |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if channel.kind == Kind.FORUM:
        body |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
    return body


def _overwrite(world: World, channel: Channel, one: str) -> Json:
    allow, deny = channel.overwrites[one]
    is_role = channel.guild is not None and one in world.guilds[channel.guild].roles
    return {"id": one, "type": 0 if is_role else 1, "allow": str(allow), "deny": str(deny)}


def shown_thread(world: World, channel: Channel, *, new: bool = False) -> Json:
    thread = channel.thread
    assert thread is not None
    metadata: Json = {"archived": thread.archived, "archive_timestamp": stamp(thread.archived_at)}
    metadata |= {"auto_archive_duration": thread.auto_archive, "locked": thread.locked}
    metadata |= {"create_timestamp": stamp(thread.created)}
    if channel.is_private_thread:
        metadata["invitable"] = thread.invitable
    body: Json = {"id": channel.id, "type": int(channel.kind), "guild_id": channel.guild, "parent_id": channel.parent}
    body |= {"owner_id": thread.owner, "name": channel.name, "thread_metadata": metadata, "flags": 0}
    body |= {"last_message_id": channel.last_message, "rate_limit_per_user": 0, "total_message_sent": thread.total}
    body |= {"message_count": min(len(channel.messages), 50), "member_count": min(len(thread.members), 50)}
    if world.bot.id in thread.members:
        body["member"] = thread_member(channel, world.bot.id)
    return body | ({"newly_created": True} if new else {})


def thread_member(channel: Channel, user: str) -> Json:
    assert channel.thread is not None
    return {"id": channel.id, "user_id": user, "join_timestamp": stamp(channel.thread.members[user]), "flags": 0}


def shown_application(world: World) -> Json:
    app = world.app
    body: Json = {"id": app.id, "name": app.name, "icon": None, "description": "", "summary": "", "verify_key": "00"}
    body |= {"owner": shown_user(world.users[app.owner]), "team": app.team, "flags": app.flags, "hook": True}
    body |= {"bot_public": app.public, "bot_require_code_grant": app.require_code_grant, "rpc_origins": []}
    body |= {"approximate_guild_count": len(of_bot(world)), "approximate_user_install_count": 0, "tags": []}
    body |= {"interactions_endpoint_url": app.endpoint, "redirect_uris": [], "bot": shown_user(world.bot)}
    return body | {"integration_types_config": {"0": {}}}


def of_bot(world: World) -> list[Guild]:
    return [one for one in world.guilds.values() if world.bot.id in one.members]
