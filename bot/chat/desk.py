"""Where members stand who want something else than a reply: a command, a button, a form, their own page.

Owns who they are, in which language they are answered, and that every refusal is a sentence. What is done stands in
bot.chat.commands. Knows no network.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from difflib import get_close_matches

import structlog
from sqlalchemy.exc import IntegrityError

from bot.chat import commands
from bot.chat.cards import Answer, Card, Choice, Growing, told
from bot.chat.commands.addressed import addressed
from bot.chat.commands.asked import Around, Asked, Call, Command, FormRefused
from bot.chat.commands.suggesting import suggested
from bot.chat.commands.typed import NotUnderstood, checked, read, usage
from bot.chat.hints import in_chat
from bot.chat.home import home
from bot.chat.verbs.authority import Actor, NotAllowed, authorise
from db import channels, members, workspaces
from db.models import Workspace
from db.names import plain
from db.session import reading, transaction
from db.words import by_default, listed, say, speaking

log = structlog.get_logger()


class Desk:
    def __init__(self, around: Around) -> None:
        self._around = around

    async def line(self, call: Call, line: str) -> Answer | None:
        """A command as it is typed: its name and what it is told. Nothing typed asks for help."""
        words = line.split(None, 1)
        name, rest = plain(words[0]).lower() if words else "help", words[1] if len(words) > 1 else ""

        async def do(asked: Asked) -> Answer:
            if (command := commands.COMMANDS.get(name)) is None:
                return _unknown(name)
            return await self._done(asked, command, lambda: read(command, rest))

        return await self._answered(call, do)

    async def command(self, call: Call, name: str, given: Mapping[str, str]) -> Answer | None:
        """A command whose options the network has taken apart already."""
        command = commands.COMMANDS[name]
        return await self._answered(call, lambda asked: self._done(asked, command, lambda: checked(command, given)))

    async def press(self, call: Call, press: str, value: str) -> Answer | None:
        """What a button does; None when there is nothing to show."""

        async def do(asked: Asked) -> Answer | None:
            if press not in commands.PRESSES:  # a button of an earlier version stands there for ever
                return told(say("This button does nothing any more; `/yamabiko help` shows what I do."))
            return await commands.PRESSES[press](asked, value)

        return await self._answered(call, do)

    async def submit(self, call: Call, form: str, value: str, given: Mapping[str, str]) -> Answer | None:
        """What a form does. Raises FormRefused where something in it is to be mended."""
        return await self._answered(call, lambda asked: commands.FORMS[form](asked, value, given))

    async def home(self, call: Call) -> Card:
        """The member's own page."""
        page = await self._answered(call, home)
        assert isinstance(page, Card), "a page is a card, and so is what is told in its place"
        return page

    async def suggest(
        self, call: Call, command: str, option: str, typed: str, given: Mapping[str, str] | None = None
    ) -> Sequence[Choice]:
        """What an option could be that begins or goes on as `typed`, where the others are `given`.

        At most 25, none when nothing can be said.
        """
        try:
            asked, language = await self._asked(call)
            wanted = next(one for one in commands.COMMANDS[command].options if one.name == option)
            _refuse_naming(asked, commands.COMMANDS[command], {wanted.name})
            with speaking(language):
                return await suggested(asked, wanted, typed, given or {})
        except Exception as error:  # a kindness: whoever types goes on without
            log.info("nothing could be suggested", command=command, option=option, why=repr(error))
            return ()

    async def language(self, call: Call) -> str:
        """The one the member is answered in, for what a network itself says around an answer."""
        try:
            _, language = await self._asked(call)
        except Exception as error:
            log.info("a member's language is not known", why=repr(error))
            return call.member.locale or by_default()
        return language

    async def _done(self, asked: Asked, command: Command, options: Callable[[], Mapping[str, str]]) -> Answer:
        authorise(asked.actor, command.role, command.name)
        given = options()
        if _refuse_naming(asked, command, given):
            async with transaction(self._around.sessions) as session:
                workspace = await session.get_one(Workspace, asked.workspace_id)
                given = await addressed(session, workspace, command, given)
        try:
            return await command.do(asked, given)
        except FormRefused as refusal:  # here the field was an option
            raise NotUnderstood(
                say("{option}: {why} {usage}", option=refusal.field, why=refusal, usage=usage(command))
            ) from refusal

    async def _answered(self, call: Call, do: Callable[[Asked], Awaitable[Answer | None]]) -> Answer | None:
        try:
            asked, language = await self._asked(call)
        except Exception as error:
            with speaking(call.member.locale or by_default()):
                return told(_sentence(error))
        with speaking(language):
            try:
                answer = await do(asked)
            except FormRefused:
                raise
            except Exception as error:
                return told(await self._refused(asked, error))
        return Growing(self._each(asked, language, answer.cards)) if isinstance(answer, Growing) else answer

    async def _each(self, asked: Asked, language: str, cards: AsyncGenerator[Card]) -> AsyncGenerator[Card]:
        """The cards in the asker's language, whoever waits for them; what went wrong is the last one."""
        async with aclosing(cards):
            last = False
            while not last:
                with speaking(language):  # not around a yield: who goes on there speaks their own
                    try:
                        card = await anext(cards)
                    except StopAsyncIteration:
                        return
                    except Exception as error:
                        card, last = told(await self._refused(asked, error)), True
                yield card

    async def _asked(self, call: Call) -> tuple[Asked, str]:
        try:
            return await self._known(call)
        except IntegrityError:  # two came at the same moment; what the other wrote is there now
            return await self._known(call)

    async def _known(self, call: Call) -> tuple[Asked, str]:
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

    async def _refused(self, asked: Asked, error: Exception) -> str:
        sentence = _sentence(error)
        if not isinstance(error, NotAllowed) or error.needed is None:
            return sentence
        async with reading(self._around.sessions) as session:
            names = await members.with_role(session, asked.workspace_id, error.needed)
        return say("{why} You can ask {names}.", why=sentence, names=listed(names)) if names else sentence


def _refuse_naming(asked: Asked, command: Command, given: Collection[str]) -> bool:
    """Whether a channel or a member is named. Which there are is no member's business, so that is for admins, or for
    whom the command is. Raises NotAllowed.
    """
    named = any(option.kind in ("channel", "member") and option.name in given for option in command.options)
    if named:
        authorise(asked.actor, "admin" if command.role == "member" else command.role, command.name)
    return named


def _unknown(name: str) -> Card:
    if near := get_close_matches(name, commands.COMMANDS, 1):
        return told(say("I do not know {name}; did you mean {near}?", name=f"`{name}`", near=f"`/yamabiko {near[0]}`"))
    return told(say("I do not know {name}; `/yamabiko help` shows what I do.", name=f"`{name}`"))


def _sentence(error: Exception) -> str:
    if type(error).__module__.partition(".")[0] in ("bot", "db") and str(error):
        return in_chat(str(error))
    log.error("a command failed", exc_info=error)
    return say("Something failed; the log of the bot tells what.")
