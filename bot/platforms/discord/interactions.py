"""What members type, press and fill in: handed to the desk, and its answers shown.

Owns answering in time, whatever desk and database do meanwhile, and that each is answered once. Buttons are no objects
that wait: what they stand for is in their ids, so that they work after any restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.chat import commands, texts
from bot.chat.cards import Answer, Choice, Question, told
from bot.chat.commands.asked import Call, FormRefused
from bot.chat.desk import Desk
from bot.chat.events import Posted
from bot.chat.placing import put
from bot.chat.platform import OnEvent
from bot.platforms.discord import calls, forms, syncing
from bot.platforms.discord.asides import NO, continued, failed, lost, refused, unsure
from bot.platforms.discord.calls import Asking
from bot.platforms.discord.client import HERE, Client
from bot.platforms.discord.commands import CHAT_INPUT, shortcut_of
from bot.platforms.discord.custom_ids import Pressed, pressed
from bot.platforms.discord.drawing import CHOSEN, label, value_of
from bot.platforms.discord.forms import KEPT, MORE, OPEN, PAGE, Opened
from bot.platforms.discord.homes import still_in
from bot.platforms.discord.kept import FORMS, Remembered
from bot.platforms.discord.places import Answering
from bot.platforms.discord.questions import ABOUT, ask, forget
from db.words import by_default, say, speaking

log = structlog.get_logger()

SOON_S = 1.8  # Discord waits three seconds for the first answer
SUGGESTED_S = 2.5

Home = Callable[[int], Awaitable[discord.Guild | None]]  # whose a member's direct messages are
Note = Callable[[discord.Message], None]
Takes = Callable[[str], Awaitable[bool]]
Do = Callable[[Call], Awaitable[Answer | None]]


@dataclass(frozen=True, slots=True)
class _Answered:
    """In which language, and with what; `call` is None for people of no guild of ours."""

    language: str
    answer: Answer | FormRefused | None
    call: Call | None = None


async def always(event: str) -> bool:
    return True


class Interactions:
    """`home` finds the guild that the bot shares with whoever writes to it directly; `note` is told of a question
    that is posted here, with what it is about; `takes` says whether an interaction, by its id, is ours to answer:
    Discord tells all who hold its token.
    """

    def __init__(self, desk: Desk, home: Home, note: Note = lambda message: None, takes: Takes = always) -> None:
        self._desk, self._home, self._note, self._takes = desk, home, note, takes
        self._seen: Remembered[int, bool] = Remembered(2000, 3600.0)

    def listen(self, client: Client, on_event: OnEvent) -> None:
        counter = _Counter(self._desk, self._home, client, on_event, self._note)

        async def heard(asking: Asking) -> None:
            if not self._seen.get(asking.id):  # after a reconnection Discord tells some things again
                self._seen[asking.id] = True
                changes_nothing = asking.type is discord.InteractionType.autocomplete
                if changes_nothing or await self._takes(str(asking.id)):
                    await counter.heard(asking)

        async def here() -> None:
            client.begin(syncing.sync(client))

        client.hear("interaction", heard)
        for event in ("raw_message_delete", "raw_message_edit"):
            client.hear(event, forget)
        client.hear(HERE, here)


class _Counter:
    """Where members stand as long as one connection holds."""

    def __init__(self, desk: Desk, home: Home, client: Client, on_event: OnEvent, note: Note) -> None:
        self._desk, self._home, self._client, self._on_event, self._note = desk, home, client, on_event, note

    async def heard(self, asking: Asking) -> None:
        """Nothing is raised: an interaction cannot be asked for again."""
        try:
            match asking.type:
                case discord.InteractionType.application_command:
                    await self._command(asking)
                case discord.InteractionType.autocomplete:
                    await self._suggest(asking)
                case discord.InteractionType.component:
                    await self._component(asking)
                case discord.InteractionType.modal_submit:
                    await self._submit(asking)
                case _:
                    pass
        except Exception as error:
            _note("an interaction could not be answered", error)

    # What Discord sends.

    async def _command(self, asking: Asking) -> None:
        data, place = calls.data_of(asking), Answering(asking, replaces=False)
        if data.get("type", CHAT_INPUT) != CHAT_INPUT:
            return await self._shortcut(asking, place)
        typed = calls.typed(data)
        if typed.name not in commands.COMMANDS:  # Discord still has what an earlier version told it
            return await self._handle(asking, place, partial(self._desk.line, line=typed.name))
        return await self._handle(asking, place, partial(self._desk.command, name=typed.name, given=typed.given))

    async def _shortcut(self, asking: Asking, place: Answering) -> None:
        found, message = shortcut_of(str(calls.data_of(asking).get("name"))), calls.target(asking)
        if found is None or message is None or self._client.user is None:
            return await self._handle(asking, place, partial(self._desk.press, press="", value=""))
        about = calls.of_message(message, self._client.user.id)
        ABOUT[message.id] = message
        do = partial(self._desk.press, press=found.press, value=about.id)
        return await self._handle(asking, place, do, message=about)

    async def _suggest(self, asking: Asking) -> None:
        typed = calls.typed(calls.data_of(asking))
        written = typed.given.get(typed.focused, "")
        found: Sequence[Choice] = ()
        with suppress(TimeoutError):
            async with asyncio.timeout(SUGGESTED_S):
                if (call := await self._call(asking, None, None)) is not None:
                    found = await self._desk.suggest(call, typed.name, typed.focused, written, typed.given)
        named = {label(one.label, 100): one.value for one in found if len(one.value) <= 100}
        choices = [app_commands.Choice(name=name, value=value) for name, value in named.items()]
        try:
            await asking.response.autocomplete(choices)
        except discord.HTTPException as error:
            log.info("what was suggested came too late", code=error.code)

    async def _component(self, asking: Asking) -> None:
        data = calls.data_of(asking)
        custom = str(data.get("custom_id", ""))
        wanted = pressed(custom)
        if wanted.press == CHOSEN:
            custom = calls.chosen(data)
            wanted = pressed(custom)
        elif "values" in data:
            wanted = Pressed(wanted.press, value_of(calls.chosen(data)), wanted.workspace)
        alone = asking.message is not None and asking.message.flags.ephemeral
        place = Answering(asking, replaces=alone and not wanted.asks, workspace=wanted.workspace)
        match wanted:
            case Pressed(press=press) if press == NO:
                await place.vanish()
            case Pressed(press=press, value=token) if press == OPEN:
                await self._reopen(asking, place, token)
            case Pressed(asks=True):
                await self._sure(asking, place, custom, wanted)
            case _:
                do = partial(self._desk.press, press=wanted.press, value=wanted.value)
                await self._handle(asking, place, do, wanted.workspace)

    async def _reopen(self, asking: Asking, place: Answering, token: str) -> None:
        if (opened := KEPT.get(token)) is not None:
            with speaking(str(asking.locale.value)):
                return await place.reopen(token, opened)
        return await self._handle(asking, place, lost)

    async def _sure(self, asking: Asking, place: Answering, custom: str, wanted: Pressed) -> None:
        """Discord asks nobody whether they are sure, so a card does."""
        named = calls.label_of(asking.message, custom)
        await self._handle(asking, place, partial(unsure, custom, wanted, named), wanted.workspace)

    async def _submit(self, asking: Asking) -> None:
        data = calls.data_of(asking)
        custom, held = str(data.get("custom_id", "")), calls.filled(data)
        sent = pressed(custom)
        more = held.pop(MORE, "") == "yes"
        place = Answering(asking, replaces=_is_reopened(asking.message), workspace=sent.workspace)
        opened = KEPT.get(sent.value) if sent.press == PAGE else self._first(asking, custom)
        if sent.press == PAGE and opened is None:
            return await self._handle(asking, place, lost)
        if opened is not None:
            form = opened.form
            opened = Opened(form, {**opened.given, **forms.given(form, held)}, opened.page)
            sent = Pressed(form.submit, form.value, sent.workspace)
        if more:
            return await self._handle(asking, place, partial(continued, opened), sent.workspace)
        if sent.press not in commands.FORMS:
            return await self._handle(asking, place, partial(self._desk.press, press=sent.press, value=""))
        given = opened.given if opened else held
        do = partial(self._desk.submit, form=sent.press, value=sent.value, given=given)
        return await self._handle(asking, place, do, sent.workspace, opened=opened)

    def _first(self, asking: Asking, custom: str) -> Opened | None:
        form = FORMS.get((asking.user.id, custom))
        return Opened(form) if form is not None else None

    # What comes of it.

    async def _handle(
        self,
        asking: Asking,
        place: Answering,
        do: Do,
        workspace: str | None = None,
        message: Posted | None = None,
        opened: Opened | None = None,
    ) -> None:
        """Ask the desk, and show what it answers. The member never hears of what broke but in a sentence."""
        work = asyncio.create_task(self._asked(asking, place, do, workspace, message))
        try:
            done, _ = await asyncio.wait({work}, timeout=SOON_S)
            if not done:
                await self._defer(place)
            found = await work
        finally:
            work.cancel()
        with speaking(found.language):
            try:
                await self._show(asking, place, found, opened)
            except Exception as error:
                _note("an answer could not be shown", error)
                await place.show(failed())

    async def _defer(self, place: Answering) -> None:
        try:
            await place.defer()
        except (discord.HTTPException, aiohttp.ClientError) as error:  # what was asked for is done all the same
            _note("that an answer comes could not be said", error)

    async def _asked(
        self, asking: Asking, place: Answering, do: Do, workspace: str | None, message: Posted | None
    ) -> _Answered:
        language = str(asking.locale.value)
        try:
            call = await self._call(asking, workspace, message)
            if call is None:
                with speaking(language):
                    return _Answered(language, told(say(texts.STRANGER)))
            place.workspace = call.workspace.id if asking.guild_id is None else None
            language = await self._desk.language(call)
            with speaking(language):
                try:
                    return _Answered(language, await do(call), call)
                except FormRefused as refusal:
                    return _Answered(language, refusal, call)
        except Exception as error:
            _note("a command failed", error)
            with speaking(language or by_default()):
                return _Answered(language, failed())

    async def _show(self, asking: Asking, place: Answering, found: _Answered, opened: Opened | None) -> None:
        match found.answer:
            case None:
                await place.nothing()
            case FormRefused() as refusal:
                await place.show(refused(refusal, opened))
            case answer:
                await put(place, answer, partial(self._question, asking, place, found.call))

    async def _question(self, asking: Asking, place: Answering, call: Call | None, question: Question) -> None:
        assert call is not None, "people of no guild of ours ask nothing"
        assert self._client.user is not None, "whoever is connected is somebody"
        await ask(asking, self._client.user.id, call, question, place, self._on_event, self._note)

    async def _call(self, asking: Asking, workspace: str | None, message: Posted | None) -> Call | None:
        """None for people whom no guild of ours knows; in direct messages Discord does not tell which it is about."""
        guild = asking.guild
        if guild is None and workspace is not None:
            guild = await still_in(self._client, int(workspace), asking.user.id)
        elif guild is None:
            guild = await self._home(asking.user.id)
        return calls.call(asking, guild, message) if guild is not None else None


def _is_reopened(message: discord.Message | None) -> bool:
    """Whether a dialog was opened by a button that stands there for nothing else."""
    if message is None or not message.flags.ephemeral:
        return False
    return any(pressed(custom).press == OPEN for custom in calls.custom_ids_of(message))


def _note(what: str, error: Exception) -> None:
    """What Discord refused is told without the trace, which holds the address that answers go to, a secret."""
    if isinstance(error, discord.HTTPException | aiohttp.ClientError):
        log.warning(what, why=str(error) or type(error).__name__)
    else:
        log.error(what, exc_info=error)
