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
from pathlib import Path

from bot.app import StorageUnavailable, make_folder
from bot.config import BotConfig
from bot.generation.engine import EngineUnavailable
from bot.generation.openai_server import OpenAIServer
from bot.trainer_process import is_alive
from db import config, migrate, personas
from db.config import Server
from db.models import Persona
from db.session import DatabaseUnavailable, check, open_engine, reading, sessions_of

NEEDED_PYTHON = (3, 11)
NEEDED_DISK_GB = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` with an `advice` is something to know, not something to mend."""

    what: str
    ok: bool
    detail: str
    advice: str = ""


async def examine(needed_disk_gb: float = NEEDED_DISK_GB) -> list[Finding]:
    """All findings, in the order in which things build on one another."""
    findings = [_python()]
    try:
        settings = config.load(BotConfig)
    except config.ConfigRefused as error:
        return [*findings, Finding("config", False, str(error), "Mend the file and look again.")]
    findings.append(Finding("config", True, f"data in {settings.storage.folder}"))
    findings.append(_disk(settings.storage.folder, needed_disk_gb))
    found, speakers = await _database(settings)
    findings += [*found, *_bases(settings, speakers)]
    return [*findings, *await _servers(settings), *await _device(settings)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= NEEDED_PYTHON
    return Finding("python", ok, version, "" if ok else "Install Python 3.11 or later.")


def _disk(folder: Path, needed_gb: float) -> Finding:
    try:
        make_folder(folder)
    except StorageUnavailable as error:
        return Finding("disk", False, str(error), "Mend it and look again.")
    free = shutil.disk_usage(folder).free / 1e9
    ok = free >= needed_gb
    advice = "" if ok else f"Free some space: {needed_gb:g} GB are needed for a base and its adapters."
    return Finding("disk", ok, f"{free:.1f} GB free", advice)


async def _database(settings: BotConfig) -> tuple[list[Finding], list[Persona]]:
    """The findings, and the personas of a database that can be read."""
    try:
        engine = open_engine(settings.database_url)
    except (DatabaseUnavailable, OSError) as error:
        return [Finding("database", False, str(error), "Mend [database] url and look again.")], []
    try:
        await check(engine)
        found = [Finding("database", True, engine.dialect.name)]
        if await migrate.pending(engine):
            return [*found, Finding("migrations", True, "missing", "They are applied at the next start.")], []
        found.append(Finding("migrations", True, "up to date"))
        alive = await is_alive(sessions_of(engine))
        advice = "" if alive else "Queued runs wait for `yamabiko run` or `python -m trainer`."
        found.append(Finding("trainer", True, "alive" if alive else "not running", advice))
        async with reading(sessions_of(engine)) as session:
            return found, await personas.every(session)
    except DatabaseUnavailable as error:
        return [Finding("database", False, str(error), "Start it, or mend [database] url.")], []
    finally:
        await engine.dispose()


def _bases(settings: BotConfig, speakers: Sequence[Persona]) -> list[Finding]:
    """The default, and every other base that a persona stands on."""
    users: dict[str, list[str]] = {settings.bases.default: []}
    for persona in speakers:
        users.setdefault(persona.base, []).append(persona.name)
    return [_base(settings, name, names) for name, names in users.items()]


def _base(settings: BotConfig, name: str, users: Sequence[str]) -> Finding:
    is_default = name == settings.bases.default
    what = "base" if is_default else f"base of {', '.join(users)}"
    if name in settings.bases.servers:
        return Finding(what, True, f"{name} is a model on a server")
    if settings.is_prepared(name):
        return Finding(what, True, f"{name} is prepared")
    if trouble := settings.bases.trouble(name):
        ways = ["Name it there" if name not in settings.bases.sources else "Mend it"]
        if settings.bases.may_be_on_hub(name):
            ways.append(f"`yamabiko prepare {name}` if it is a hub's model")
        ways += ["mend [bases] default"] if is_default else []
        ways += [f"`yamabiko persona edit {user} --base …`" for user in users[:1]]
        return Finding(what, False, trouble, f"{', or '.join(ways)}.")
    advice = f"It is prepared when first needed, or now by `yamabiko prepare {name}`."
    return Finding(what, True, f"{name} is not prepared yet", advice)


async def _servers(settings: BotConfig) -> list[Finding]:
    bases = settings.bases
    asked = (_server(f"server {name}", server, bases.where_key(name)) for name, server in bases.servers.items())
    return list(await asyncio.gather(*asked))


async def _server(what: str, server: Server, where_key: str) -> Finding:
    key = server.key.get_secret_value()
    async with aclosing(OpenAIServer(server.url, server.model, key=key, where_key=where_key)) as asked:
        try:
            there = await asked.models()
        except EngineUnavailable as unavailable:
            return Finding(what, False, str(unavailable), f"Its table is [bases.servers.{what.split()[-1]}].")
    if server.model in there or f"{server.model}:latest" in there:
        return Finding(what, True, f"{server.model} at {asked.host}")
    others = f"; it has {', '.join(there[:8])}{' …' if there[8:] else ''}" if there else ""
    advice = f"Load it there, or mend the model's name in [bases.servers.{what.split()[-1]}]."
    return Finding(what, False, f"{asked.host} has no model {server.model}{others}", advice)


async def _device(settings: BotConfig) -> list[Finding]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "trainer", "device"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        return [Finding("torch", False, "".join(last), "Install it again: pip install -r requirements.lock.")]
    found = json.loads(output)
    if "refused" in found:  # in the trainer's own table, which the bot passes over
        return [Finding("config", False, found["refused"], "Mend the file and look again.")]
    bf16 = "bf16" if found["bf16"] else "no bf16, so fp32"
    detail = f"{found['torch']} on {found['device']}, {found['threads']} threads, {bf16}"
    return [Finding("torch", True, detail)]
