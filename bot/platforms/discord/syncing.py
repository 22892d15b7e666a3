"""Telling Discord of the bot's commands, when what it knows of them is not what they are.

Owns that comparison. Discord is asked at each connection and told only of changes: it limits how often it is told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import aiohttp
import discord
import structlog
from discord.http import Route

from bot.platforms.discord import naming
from bot.platforms.discord.client import Client
from bot.platforms.discord.commands import CHAT_INPUT, Json, definition
from db.words import speaking

log = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 600.0


async def sync(client: Client) -> None:
    """Until Discord knows the commands; failing is never the connection's end."""
    pause = FIRST_PAUSE_S
    while True:
        try:
            return await once(client)
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("Discord does not know the commands yet; trying again", why=str(error), seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def once(client: Client) -> None:
    """Raises what the library raises."""
    application = client.application_id
    assert application is not None, "whoever is connected is an application"
    with speaking("en"):
        wanted = definition()
    route = Route("GET", "/applications/{application_id}/commands", application_id=application)
    there = cast(list[Json], await client.http.request(route, params={"with_localizations": "true"}))
    if not same(there, wanted):
        there = cast(list[Json], await client.http.bulk_upsert_global_commands(application, wanted))
        log.info("Discord was told of the commands", commands=len(wanted))
    root = next(one for one in there if one["name"] == naming.ROOT and one.get("type", CHAT_INPUT) == CHAT_INPUT)
    naming.registered(int(root["id"]))


def same(there: Sequence[Json], wanted: Sequence[Json]) -> bool:
    """Whether what Discord has is what we tell it; what it adds of its own does not count."""
    ours = {_name(one): _essence(one) for one in wanted}
    return {_name(one): _essence(one) for one in there} == ours


_TOLD = frozenset(
    (
        "type", "name", "name_localizations", "description", "description_localizations", "options", "choices", "value",
        "required", "autocomplete", "channel_types", "contexts", "integration_types", "default_member_permissions",
    )
)  # fmt: skip
_IN_ANY_ORDER = frozenset(("contexts", "integration_types", "channel_types"))


def _name(command: Json) -> tuple[int, str]:
    return command.get("type", CHAT_INPUT), command["name"]


def _essence(what: Any) -> Any:
    """What is told of a command, without the defaults that Discord fills in."""
    if isinstance(what, list):
        return [_essence(one) for one in cast(list[Any], what)]
    if not isinstance(what, Mapping):
        return what
    found: Json = {}
    for key, value in cast(Mapping[str, Any], what).items():
        if key.endswith("_localizations"):
            found[key] = dict(value or {})
        elif key in _TOLD:
            found[key] = sorted(value or ()) if key in _IN_ANY_ORDER else _essence(value)
    return {key: value for key, value in found.items() if value not in (None, False, "", [], {})}
