"""Whether Discord lets us in, and to what: each thing that is missing in a sentence that says what to mend.

Owns what the doctor tells of Discord. What is needed stands in `permissions`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.findings import Finding
from bot.chat.platform import NotAdmitted, NotReached
from bot.platforms.discord.asking import PORTAL, Asking, NotThere, asking
from bot.platforms.discord.permissions import HISTORY, SEND, VIEW, described, granted, invitation, missing
from db.channels import OpenedChannel
from db.words import listed, say, say_count

Json = Mapping[str, Any]  # as Discord has it

_MESSAGE_CONTENT = 1 << 18 | 1 << 19  # the app's flags: reviewed by Discord, and with few members
_SERVERS_A_PAGE = 200
_TOLD = 8  # of many servers or channels so many are named
_FEW_STARTS = 20


async def application(token: str, api_url: str) -> str:
    """The id of the app that the token is of. Raises NotAdmitted, NotReached."""
    async with asking(token, api_url) as discord:
        return str((await discord.get("/applications/@me"))["id"])


async def examine(token: str, api_url: str, opened: Sequence[OpenedChannel] = ()) -> list[Finding]:
    """What the doctor tells. `opened` may name channels of servers in which the bot is not: text came from files."""
    try:
        async with asking(token, api_url) as discord:
            me, app = await discord.get("/users/@me"), await discord.get("/applications/@me")
            bot = say("{bot}, of the app {app}", bot=me["username"], app=app["name"])
            servers = {one["id"]: one for one in await _every_server(discord)}
            collected = [one for one in opened if one.workspace in servers]
            return [
                Finding(say("Discord's bot token"), True, bot),
                *_app(app),
                _content(app, len(collected)),
                _gateway(await discord.get("/gateway/bot")),
                *_servers(app["id"], list(servers.values())),
                *await _channels(discord, me["id"], servers, collected),
            ]
    except NotAdmitted as refused:
        return [Finding(say("Discord's bot token"), False, str(refused))]
    except NotReached as away:
        advice = say("Look at this machine's network and [discord] api_url.")
        return [Finding(say("Discord"), False, str(away), advice)]


# ── the app, as its owner set it up ──


def _app(app: Json) -> list[Finding]:
    what, found = say("Discord's app"), list[Finding]()
    if app.get("interactions_endpoint_url"):
        detail = say("commands and buttons go to another address than this bot")
        advice = say(
            "Empty “Interactions Endpoint URL” under “General Information” of the app ({portal}).", portal=PORTAL
        )
        found.append(Finding(what, False, detail, advice))
    if app.get("bot_require_code_grant"):
        advice = say("Switch off “Requires OAuth2 Code Grant” under “Bot” of the app ({portal}).", portal=PORTAL)
        found.append(Finding(what, False, say("nobody can invite it"), advice))
    if app.get("bot_public"):
        advice = say(
            "If it is for your own servers alone, set “Install Link” to “None” under “Installation”, then switch off "
            "“Public Bot” under “Bot” ({portal}).",
            portal=PORTAL,
        )
        found.append(Finding(what, True, say("anyone may invite it"), advice))
    return found


def _content(app: Json, opened: int) -> Finding:
    what = say("Discord's message content")
    if int(app.get("flags") or 0) & _MESSAGE_CONTENT:
        return Finding(what, True, say("switched on"))
    if not opened:
        return Finding(what, True, say("switched off; only what an admin opens needs it"))
    detail = say_count(
        "switched off, so nothing is collected from {count} opened channel; who asks is answered all the same",
        "switched off, so nothing is collected from {count} opened channels; who asks is answered all the same",
        opened,
    )
    advice = say("Switch on “Message Content Intent” under “Bot” of the app ({portal}).", portal=PORTAL)
    return Finding(what, False, detail, advice)


def _gateway(told: Json) -> Finding:
    """How often the bot may still connect anew: Discord resets the token of who does it without end."""
    limit: Json = told["session_start_limit"]
    left, total = int(limit["remaining"]), int(limit["total"])
    detail = say("{left} of {total} new connections are left", left=left, total=total)
    if left >= _FEW_STARTS:
        return Finding(say("Discord's gateway"), True, detail)
    hours = int(limit["reset_after"]) / 3_600_000
    advice = say("Start the bot less often; in {hours:.1f} hours there are {total} again.", hours=hours, total=total)
    return Finding(say("Discord's gateway"), left > 0, detail, advice)


# ── the servers it is in ──


def _servers(app: str, servers: Sequence[Json]) -> list[Finding]:
    what = say("Discord's servers")
    if not servers:
        return [Finding(what, False, say("it is in none"), say("Invite it: {link}", link=invitation(app)))]
    lacking = [_lacks(app, one) for one in servers if missing(int(one["permissions"]))]
    sound = Finding(say("Discord's permissions"), True, say("all granted"))
    return [Finding(what, True, _few([one["name"] for one in servers])), *(lacking[:_TOLD] or [sound])]


async def _every_server(discord: Asking) -> list[Json]:
    found: list[Json] = []
    after = "0"
    while True:
        page = await discord.get(f"/users/@me/guilds?limit={_SERVERS_A_PAGE}&after={after}")
        found += page
        if len(page) < _SERVERS_A_PAGE:
            return found
        after = page[-1]["id"]


def _lacks(app: str, server: Json) -> Finding:
    detail = say("missing: {permissions}", permissions=described(missing(int(server["permissions"]))))
    advice = say("Invite it once more, which takes nothing away: {link}", link=invitation(app, server["id"]))
    return Finding(say("Discord's permissions in {server}", server=server["name"]), False, detail, advice)


async def _channels(
    discord: Asking, me: str, servers: Mapping[str, Json], opened: Sequence[OpenedChannel]
) -> list[Finding]:
    """Each opened channel in which the bot cannot do its work; where there is none, that they are well."""
    found: list[Finding] = []
    for id, server in servers.items():
        if of_it := [one for one in opened if one.workspace == id]:
            found += await _channels_of(discord, me, server, of_it)
    if found or not opened:
        return found[:_TOLD]
    sound = say_count("{count} channel can be read", "{count} channels can be read", len(opened))
    return [Finding(say("Discord's opened channels"), True, sound)]


async def _channels_of(discord: Asking, me: str, server: Json, opened: Sequence[OpenedChannel]) -> list[Finding]:
    path = f"/guilds/{server['id']}"
    try:
        whole, member = await discord.get(path), await discord.get(f"{path}/members/{me}")
        channels = {one["id"]: one for one in await discord.get(f"{path}/channels")}
    except NotThere:  # thrown out since we asked in which it is
        return []
    looked = (_channel(one, server["name"], channels.get(one.channel), whole, member) for one in opened)
    return [finding for finding in looked if finding is not None]


def _channel(opened: OpenedChannel, server: str, channel: Json | None, whole: Json, member: Json) -> Finding | None:
    what = say("Discord's #{channel} in {server}", channel=opened.name, server=server)
    if channel is None:
        advice = say("Close it: `yamabiko channel close {channel}`.", channel=opened.name)
        return Finding(what, False, say("it is gone"), advice)
    lacks = missing(granted(whole, member, channel), (VIEW, HISTORY, SEND))
    if not lacks:
        return None
    detail = say("missing: {permissions}", permissions=described(lacks))
    advice = say("Give the bot's role these under “Permissions” of the channel's settings.")
    return Finding(what, False, detail, advice)


def _few(names: Sequence[str]) -> str:
    if len(names) <= _TOLD:
        return listed(names)
    return say("{servers} and {count} more", servers=listed(names[:_TOLD]), count=len(names) - _TOLD)
