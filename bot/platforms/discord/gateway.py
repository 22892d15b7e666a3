"""Discord's gateway, held for as long as it may be.

Owns when a lost connection is made anew, and whether its session is taken up again or another one begun. The library
would do the same, with pauses of up to a quarter of an hour and a trace each time.
"""

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.chat.keeping import Pauses

if TYPE_CHECKING:
    from bot.platforms.discord.client import Client

log = structlog.get_logger()

HELLO_S = 30.0  # for Discord to greet
IDENTIFY_S = 5.0  # before another session is begun: Discord takes one in so long
RESUMES = 4  # tries in a row to take a session up again, before another one is begun

# A person must mend something: the token, the intents, or us.
FOR_EVER = (4004, 4010, 4011, 4012, 4013, 4014)


async def connected_for_ever(client: "Client") -> None:
    """Raises ConnectionClosed with one of FOR_EVER."""
    failures, session, initial, said = 0, dict[str, Any](), True, ""
    while not client.is_closed():
        began = time.monotonic()
        resumable, why = await _one_connection(client, session, initial=initial)
        lasted = time.monotonic() - began
        given_up, client.given_up = client.given_up, False
        stood, initial = client.stands and lasted >= client.pauses.steady, False
        client.dispatch("disconnect")
        if client.is_closed():
            return
        failures = 0 if stood else failures
        session = _session_of(client) if resumable and failures < RESUMES else {}
        resumes = bool(session)
        pause = _rest(lasted) if given_up else pause_after(failures, client.pauses, resumes=resumes)
        if failures == 0 or why != said:
            log.info("the connection to Discord is made anew", why=why, pause_s=round(pause, 1), resumes=resumes)
        failures, said = failures + (not given_up), why
        await asyncio.sleep(pause)


def pause_after(failures: int, pauses: Pauses, *, resumes: bool) -> float:
    """Twice as long before another session: Discord takes a thousand a day, and resets the token of who begins more."""
    pause = min(pauses.longest, pauses.first * 2 ** (failures - 1)) if failures else 0.0
    pause *= random.uniform(0.8, 1.0)
    return pause if resumes else max(2 * pause, IDENTIFY_S)


def _rest(lasted: float) -> float:
    """What is left of the pause before another session, where the last one was given up to ask for other events: none
    mostly. Commands that come in between are lost.
    """
    return max(0.0, IDENTIFY_S - lasted)


async def _one_connection(client: "Client", session: dict[str, Any], *, initial: bool) -> tuple[bool, str]:
    """Until it is lost: whether its session may be taken up again, and what ended it. Raises ConnectionClosed."""
    wanted = client.intents.value
    try:
        async with asyncio.timeout(HELLO_S):
            client.ws = await DiscordWebSocket.from_client(client, initial=initial, **session)
        if not session:
            client.asked_for = wanted
        if client.intents.value != client.asked_for:  # other ones are wanted since, and a session keeps its own
            await client.anew(client.intents)
        while True:
            await client.ws.poll_event()
    except ReconnectWebSocket as asked:
        return asked.resume, "Discord asked for it, or was silent" if asked.resume else "the session has ended"
    except discord.ConnectionClosed as closed:
        if closed.code in FOR_EVER:
            raise
        return True, str(closed.code)
    except (discord.GatewayNotFound, discord.HTTPException, aiohttp.ClientError, TimeoutError, OSError) as error:
        return True, type(error).__name__


def _session_of(client: "Client") -> dict[str, Any]:
    ws: Any = client.ws  # None before the first one
    if ws is None or ws.session_id is None:
        return {}
    return {"session": ws.session_id, "sequence": ws.sequence, "gateway": ws.gateway, "resume": True}
