"""Looks at what Yamabiko stands on and says what to do where something is missing.

Owns the checks. Each looks for itself, so that one failure does not hide the next.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.app import StorageUnavailable, make_folder
from bot.chat.findings import Finding
from bot.chat.heartbeat import standings
from bot.chat.keeping import Standing
from bot.config import BotConfig, Discord, Slack
from bot.generation.engine import EngineUnavailable
from bot.generation.openai_server import OpenAIServer
from bot.trainer_process import is_alive
from db import channels, config, migrate, personas
from db.channels import OpenedChannel
from db.coded import shown
from db.config import Server
from db.models import Persona
from db.session import DatabaseUnavailable, check, open_engine, reading, sessions_of
from db.words import handed_on, listed, say

NEEDED_PYTHON = (3, 11)
NEEDED_DISK_GB = 2.0


async def examine(needed_disk_gb: float = NEEDED_DISK_GB) -> list[Finding]:
    """All findings, in the order in which things build on one another."""
    findings = [_python()]
    try:
        settings = config.load(BotConfig)
    except config.ConfigRefused as error:
        return [*findings, Finding(say("config"), False, str(error), say("Mend the file and look again."))]
    findings.append(Finding(say("config"), True, say("data in {folder}", folder=settings.storage.folder)))
    findings.append(_disk(settings.storage.folder, needed_disk_gb))
    found, rows = await _database(settings)
    findings += [*found, *_bases(settings, rows.speakers)]
    findings += await _servers(settings)
    looks = {"slack": lambda: _slack(settings.slack), "discord": lambda: _discord(settings.discord, rows.opened)}
    for network in settings.networks:
        findings += await looks[network]()
    return [*findings, *await _device(settings)]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the other looks need of a database that can be read. `opened` are Discord's collected channels, by ids."""

    speakers: Sequence[Persona] = ()
    opened: Sequence[OpenedChannel] = ()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= NEEDED_PYTHON
    return Finding(say("python"), ok, version, "" if ok else say("Install Python 3.11 or later."))


def _disk(folder: Path, needed_gb: float) -> Finding:
    try:
        make_folder(folder)
    except StorageUnavailable as error:
        return Finding(say("disk"), False, str(error), say("Mend it and look again."))
    free = shutil.disk_usage(folder).free / 1e9
    ok = free >= needed_gb
    advice = "" if ok else say("Free some space: {size:g} GB are needed for a base and its adapters.", size=needed_gb)
    return Finding(say("disk"), ok, say("{size:.1f} GB free", size=free), advice)


async def _database(settings: BotConfig) -> tuple[list[Finding], _Rows]:
    try:
        engine = open_engine(settings.database_url)
    except (DatabaseUnavailable, OSError) as error:
        return [Finding(say("database"), False, str(error), say("Mend [database] url and look again."))], _Rows()
    try:
        await check(engine)
        found = [Finding(say("database"), True, engine.dialect.name)]
        if await migrate.pending(engine):
            return [
                *found,
                Finding(say("migrations"), True, say("missing"), say("They are applied at the next start.")),
            ], _Rows()
        found.append(Finding(say("migrations"), True, say("up to date")))
        alive = await is_alive(sessions_of(engine))
        advice = "" if alive else say("Queued runs wait for `yamabiko run` or `python -m trainer`.")
        found.append(Finding(say("trainer"), True, say("alive") if alive else say("not running"), advice))
        async with reading(sessions_of(engine)) as session:
            if settings.networks:
                found += _networks(await standings(session, datetime.now(UTC)))
            opened = await channels.open_in(session, "discord") if "discord" in settings.networks else []
            return found, _Rows(await personas.every(session), opened)
    except DatabaseUnavailable as error:
        return [Finding(say("database"), False, str(error), say("Start it, or mend [database] url."))], _Rows()
    finally:
        await engine.dispose()


def _networks(found: Sequence[Standing] | None) -> list[Finding]:
    """What a running bot says of its networks; when each kind of event came last is all that is known of events."""
    if found is None:
        return [Finding(say("bot"), True, say("not running"), say("`yamabiko run` starts it."))]
    return [_network(one) for one in found] or [
        Finding(say("bot"), True, say("running, but in no network"), say("Start it again: it has no token yet."))
    ]


def _network(standing: Standing) -> Finding:
    what = say("bot in {network}", network=standing.network.capitalize())
    if standing.trouble:
        return Finding(what, False, standing.trouble)
    if standing.since is None:
        return Finding(what, True, say("not connected at this moment"), say("It is tried again by itself."))
    if standing.lack:
        return Finding(what, False, shown("trouble", standing.lack))
    since = _clock(standing.since)
    if not standing.heard:
        advice = say("Nothing came from it yet: mention the bot once.")
        return Finding(what, True, say("connected since {since}", since=since), advice)
    heard = listed(f"{shown('event', kind)} {_clock(at)}" for kind, at in standing.heard.items())
    return Finding(what, True, say("connected since {since}; came last: {heard}", since=since, heard=heard))


def _clock(at: datetime) -> str:
    return at.astimezone().strftime(say("%d %b %H:%M"))


def _bases(settings: BotConfig, speakers: Sequence[Persona]) -> list[Finding]:
    """The default, and every other base that a persona stands on."""
    users: dict[str, list[str]] = {settings.bases.default: []}
    for persona in speakers:
        users.setdefault(persona.base, []).append(persona.name)
    return [_base(settings, name, names) for name, names in users.items()]


def _base(settings: BotConfig, name: str, users: Sequence[str]) -> Finding:
    is_default = name == settings.bases.default
    what = say("base") if is_default else say("base of {personas}", personas=listed(users))
    if name in settings.bases.servers:
        return Finding(what, True, say("{base} is a model on a server", base=name))
    if settings.is_prepared(name):
        return Finding(what, True, say("{base} is prepared", base=name))
    if trouble := settings.bases.trouble(name):
        ways = [say("Name it there") if name not in settings.bases.sources else say("Mend it")]
        if settings.bases.may_be_on_hub(name):
            ways.append(say("`yamabiko prepare {base}` if it is a hub's model", base=name))
        ways += [say("mend [bases] default")] if is_default else []
        ways += [f"`yamabiko persona edit {user} --base …`" for user in users[:1]]
        return Finding(what, False, trouble, say("{ways}.", ways=say(", or ").join(ways)))
    advice = say("It is prepared when first needed, or now by `yamabiko prepare {base}`.", base=name)
    return Finding(what, True, say("{base} is not prepared yet", base=name), advice)


async def _servers(settings: BotConfig) -> list[Finding]:
    bases = settings.bases
    asked = (_server(name, server, bases.where_key(name)) for name, server in bases.servers.items())
    return list(await asyncio.gather(*asked))


async def _server(name: str, server: Server, where_key: str) -> Finding:
    key, what = server.key.get_secret_value(), say("server {name}", name=name)
    async with aclosing(OpenAIServer(server.url, server.model, key=key, where_key=where_key)) as asked:
        try:
            there = await asked.models()
        except EngineUnavailable as unavailable:
            return Finding(what, False, str(unavailable), say("Its table is [bases.servers.{name}].", name=name))
    if server.model in there or f"{server.model}:latest" in there:
        return Finding(what, True, say("{model} at {host}", model=server.model, host=asked.host))
    advice = say("Load it there, or mend the model's name in [bases.servers.{name}].", name=name)
    return Finding(what, False, _not_there(asked, there), advice)


def _not_there(asked: OpenAIServer, there: Sequence[str]) -> str:
    if not there:
        return say("{host} has no model {model}", host=asked.host, model=asked.model)
    others = listed(there[:8]) + (" …" if there[8:] else "")
    return say("{host} has no model {model}; it has {others}", host=asked.host, model=asked.model, others=others)


async def _slack(table: Slack) -> list[Finding]:
    from bot.platforms.slack.checks import Keys, examine  # its library is slow to import

    return await examine(
        Keys(
            table.bot_token.get_secret_value(),
            table.app_token.get_secret_value(),
            table.transport,
            table.signing_secret.get_secret_value(),
            table.api_url,
        )
    )


async def _discord(table: Discord, opened: Sequence[OpenedChannel]) -> list[Finding]:
    from bot.platforms.discord.checks import examine  # as above

    return await examine(table.bot_token.get_secret_value(), table.api_url, opened)


async def _device(settings: BotConfig) -> list[Finding]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "trainer", "device"),
        env=handed_on(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        return [Finding(say("torch"), False, "".join(last), say("Install it again: pip install -r requirements.lock."))]
    found = json.loads(output)
    if "refused" in found:  # in the trainer's own table, which the bot passes over
        return [Finding(say("config"), False, found["refused"], say("Mend the file and look again."))]
    bf16 = "bf16" if found["bf16"] else say("no bf16, so fp32")
    detail = say("{torch} on {device}, {threads} threads, {bf16}", **{**found, "bf16": bf16})
    return [Finding(say("torch"), True, detail)]
