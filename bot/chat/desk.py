"""Where members stand who want something else than a reply: a command, a button, a form, their own page.

Owns who they are, in which language they are answered, and that every refusal is a sentence. What is done stands in
bot.chat.commands. Knows no network.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog

from bot.chat import commands
from bot.chat.cards import Answer, Card, told
from bot.chat.commands.asked import Around, Asked, Call, FormRefused
from bot.chat.home import home
from bot.chat.typed import read
from bot.chat.verbs.authority import Actor
from db import channels, members, workspaces
from db.session import transaction
from db.words import say, speaking

log = structlog.get_logger()


class Desk:
    def __init__(self, around: Around) -> None:
        self._around = around

    async def line(self, call: Call, line: str) -> Answer | None:
        """A command as it is typed: its name and what it is told. Nothing typed asks for help."""
        name, _, rest = line.strip().partition(" ")
        command = commands.COMMANDS.get(name.lower() or "help")

        async def do(asked: Asked) -> Answer:
            if command is None:
                return told(say("I do not know {name}; `/yamabiko help` shows what I do.", name=f"`{name}`"))
            return await command.do(asked, read(command, rest))

        return await self._answered(call, do)

    async def command(self, call: Call, name: str, given: Mapping[str, str]) -> Answer | None:
        """A command whose options the network has taken apart already."""
        return await self._answered(call, lambda asked: commands.COMMANDS[name].do(asked, given))

    async def press(self, call: Call, press: str, value: str) -> Answer | None:
        """What a button does; None when there is nothing to show."""
        return await self._answered(call, lambda asked: commands.PRESSES[press](asked, value))

    async def submit(self, call: Call, form: str, value: str, given: Mapping[str, str]) -> Answer | None:
        """What a form does. Raises FormRefused where something in it is to be mended."""
        return await self._answered(call, lambda asked: commands.FORMS[form](asked, value, given))

    async def home(self, call: Call) -> Card:
        """The member's own page."""
        page = await self._answered(call, home)
        assert isinstance(page, Card), "a page is a card, and so is what is told in its place"
        return page

    async def _answered(self, call: Call, do: Callable[[Asked], Awaitable[Answer | None]]) -> Answer | None:
        asked, language = await self._asked(call)
        with speaking(language):
            try:
                return await do(asked)
            except FormRefused:
                raise
            except Exception as error:
                return told(_sentence(error))

    async def _asked(self, call: Call) -> tuple[Asked, str]:
        now, who = datetime.now(UTC), call.member
        async with transaction(self._around.sessions) as session:
            seen = call.workspace
            workspace = await workspaces.ensure(session, seen.platform, seen.id, seen.name, now)
            channel = None
            if call.channel is not None:
                channel = await channels.ensure(session, workspace, call.channel.id, call.channel.name, now)
            locales = {who.id: who.locale} if who.locale else None
            member = (await members.ensure(session, workspace, [(who.id, who.name)], now, locales))[who.id]
            actor = Actor(f"member:{member.id}", await members.role_of(session, member.id))
        asked = Asked(self._around, call, actor, member.id, workspace.id, channel.id if channel else None)
        return asked, members.language_of(member)


def _sentence(error: Exception) -> str:
    if type(error).__module__.partition(".")[0] in ("bot", "db"):
        return str(error)
    log.error("a command failed", exc_info=error)
    return say("Something failed; the log of the bot tells what.")
