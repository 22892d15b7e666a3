"""What members type, press and fill in: handed to the desk, and its answers shown.

Owns acknowledging in time, whatever desk and database do meanwhile, and which answer goes where.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat import commands
from bot.chat.cards import Answer, Card, Form, Growing, Question, told
from bot.chat.commands.asked import Call, FormRefused
from bot.chat.desk import Desk
from bot.chat.placing import Expired, Place, put
from bot.chat.platform import OnEvent
from bot.platforms.slack import calls, forms
from bot.platforms.slack.errors import code_of
from bot.platforms.slack.forms import Opened
from bot.platforms.slack.page import Look, Page
from bot.platforms.slack.places import Answering, Dialog, Private
from bot.platforms.slack.questions import ask
from db.words import by_default, say, speaking

log = structlog.get_logger()

SOON_S = 1.8  # Slack waits three seconds for what opens or keeps a dialog
ANYTHING = re.compile("")

Body = dict[str, Any]
Named = Callable[[Call], Awaitable[Call]]


async def _as_it_is(call: Call) -> Call:
    return call


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a form: in which language its member is answered, and the answer or what is to be mended."""

    language: str
    answer: Answer | FormRefused | None


class Interactions:
    """`look` draws a member's own page anew; `named` fills in what people and channels are called."""

    def __init__(
        self, client: AsyncWebClient, desk: Desk, on_event: OnEvent, look: Look, named: Named = _as_it_is
    ) -> None:
        self._client, self._desk, self._on_event = client, desk, on_event
        self._page, self._named = Page(client, look), named
        self._tasks: set[asyncio.Task[Any]] = set()

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def listen(self, app: AsyncApp) -> None:
        """Everything is acknowledged, known or not: what is not comes again, or shows as an error."""
        app.command(ANYTHING)(self._command)
        app.action(ANYTHING)(self._press)
        app.view(ANYTHING)(self._submit)
        app.view_closed(ANYTHING)(_acknowledge)
        app.shortcut(ANYTHING)(self._shortcut)
        app.options(ANYTHING)(_no_options)
        app.event("app_home_opened")(self._opened)

    # What Slack sends.

    async def _command(self, ack: Any, body: Body) -> None:
        await ack()
        call = calls.of_command(body)
        place = Answering(self._client, call, body, replaces=False)
        line = calls.typed(body.get("text") or "")
        self._begin(self._handled(call, place, lambda known: self._desk.line(known, line)))

    async def _press(self, ack: Any, body: Body) -> None:
        await ack()
        for action in body.get("actions") or ():
            press, value = calls.pressed(action)
            if press not in commands.PRESSES:
                log.info("an unknown button was pressed", press=press)
            pressed = self._pressed if body.get("view") is None else self._pressed_in_view
            self._begin(pressed(body, press, value))

    async def _pressed(self, body: Body, press: str, value: str) -> None:
        call = calls.of_press(body)
        alone = bool((body.get("container") or {}).get("is_ephemeral"))
        place = Answering(self._client, call, body, replaces=alone)
        await self._handled(call, place, lambda known: self._desk.press(known, press, value))

    async def _pressed_in_view(self, body: Body, press: str, value: str) -> None:
        view = body["view"]
        opened, is_page = forms.opened_at(view), view["type"] == "home"
        call = calls.of_dialog(body, opened)
        on, trigger = "" if is_page else view["id"], body.get("trigger_id") or ""
        dialog = Dialog(self._client, call, opened, view=on, trigger=trigger)

        async def do(known: Call) -> Answer | None:
            return await self._soon(dialog, opened, self._desk.press(known, press, value))

        await self._handled(call, dialog, do)
        if not opened.channel:
            await self._page.drawn(call)

    async def _soon(self, dialog: Dialog, opened: Opened, answer: Coroutine[Any, Any, Answer | None]) -> Answer | None:
        """The desk's answer; when it takes long, a dialog that says so keeps the place for it."""
        task = self._begin(answer)
        done, _ = await asyncio.wait({task}, timeout=SOON_S)
        if not done:
            try:
                await dialog.put(forms.waiting("", opened))
            except (Expired, SlackApiError) as error:
                log.info("a dialog could not be opened", why=repr(error))
        return await task

    async def _shortcut(self, ack: Any, body: Body) -> None:
        await ack()
        press = body.get("callback_id") or ""
        if press not in commands.PRESSES or "message" not in body:
            return log.info("an unknown shortcut was used", shortcut=press)
        call = calls.of_shortcut(body)
        place = Answering(self._client, call, body, replaces=False)
        self._begin(self._handled(call, place, lambda known: self._desk.press(known, press, body["message"]["ts"])))
        return None

    async def _submit(self, ack: Any, body: Body) -> None:
        view = body["view"]
        if view["callback_id"] not in commands.FORMS:
            await ack()
            return log.info("an unknown form was sent", form=view["callback_id"])
        opened = forms.opened_at(view)
        call = calls.of_dialog(body, opened)
        work = self._begin(self._filled(call, view, opened))
        done, _ = await asyncio.wait({work}, timeout=SOON_S)
        if done:
            filled = work.result()
            with speaking(filled.language):
                await ack(**_response(filled.answer, view, opened))
            self._begin(self._after(call, view, opened, filled))
            return None
        with speaking(by_default()):
            await ack(response_action="update", view=forms.waiting(view["title"]["text"], opened))
        self._begin(self._late(call, view, opened, work))
        return None

    async def _opened(self, body: Body) -> None:
        self._begin(self._shown_page(body))

    async def _shown_page(self, body: Body) -> None:
        call = await self._known(calls.of_page(body))
        if body["event"].get("tab") == "messages":
            with speaking(await self._desk.language(call)):
                await self._page.suggest(body["event"]["channel"])
        else:
            await self._page.drawn(call)

    # What comes of it.

    async def _handled(self, call: Call, place: Place, ask: Callable[[Call], Awaitable[Answer | None]]) -> None:
        """Ask the desk, and show what it answers. The member never hears of what broke but in a sentence."""
        call = await self._known(call)
        with speaking(await self._desk.language(call)):
            try:
                await self._show(call, place, await ask(call))
            except Exception as error:
                await self._failed(call, error)

    async def _show(self, call: Call, place: Place, answer: Answer | None) -> None:
        instead = self._private(call) if isinstance(place, Dialog) else None
        await put(place, answer, partial(self._question, call, place), instead)

    async def _question(self, call: Call, place: Place, question: Question) -> None:
        await ask(self._client, call, question, place, self._on_event)

    async def _filled(self, call: Call, view: forms.View, opened: Opened) -> Filled:
        call = await self._known(call)
        language = await self._desk.language(call)
        with speaking(language):
            try:
                return Filled(
                    language, await self._desk.submit(call, view["callback_id"], opened.value, forms.filled(view))
                )
            except FormRefused as refusal:
                return Filled(language, refusal)

    async def _after(self, call: Call, view: forms.View, opened: Opened, filled: Filled) -> None:
        """What the acknowledgement of a form could not say."""
        on_page = not opened.channel
        dialog = Dialog(self._client, call, opened, view=view["id"])
        with speaking(filled.language):
            try:
                match filled.answer:
                    case Question() | Growing():
                        place = dialog if isinstance(filled.answer, Growing) and on_page else self._private(call)
                        await self._show(await self._known(call), place, filled.answer)
                    case Card() if not on_page:
                        await self._private(call).show(filled.answer)
                    case _:
                        pass
            except Exception as error:
                await self._failed(call, error)
        if on_page and not isinstance(filled.answer, FormRefused):
            await self._page.drawn(call)

    async def _late(self, call: Call, view: forms.View, opened: Opened, work: asyncio.Task[Filled]) -> None:
        """The same for a form whose dialog was told to wait: everything is shown in it."""
        dialog = Dialog(self._client, call, opened, view=view["id"])
        try:
            filled = await work
            with speaking(filled.language):
                if isinstance(filled.answer, FormRefused):
                    await dialog.put(forms.mended(view, filled.answer))
                elif filled.answer is None:
                    await dialog.show(told(say("Done.")))
                else:
                    await self._show(await self._known(call), dialog, filled.answer)
        except Exception as error:
            await self._failed(call, error)
        if not opened.channel:
            await self._page.drawn(call)

    def _private(self, call: Call) -> Private:
        return Private(self._client, call)

    async def _known(self, call: Call) -> Call:
        try:
            return await self._named(call)
        except Exception as error:
            log.info("names could not be told", why=repr(error))
            return call

    async def _failed(self, call: Call, error: Exception) -> None:
        if isinstance(error, SlackApiError):
            log.warning("Slack refused an answer", why=code_of(error))
        else:
            log.error("an answer could not be shown", exc_info=error)
        try:
            await self._private(call).show(told(say("Something failed; the log of the bot tells what.")))
        except Exception as again:
            log.info("nor could that be told", why=repr(again))

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _response(answer: Answer | FormRefused | None, view: forms.View, opened: Opened) -> dict[str, Any]:
    """What becomes of the dialog when it was filled in: opened on the bot's page it shows the answer, else it goes."""
    match answer:
        case FormRefused():
            return {"response_action": "errors", "errors": dict(forms.errors(view, answer))}
        case Form():
            return {"response_action": "update", "view": forms.modal(answer, opened)}
        case Card() if not opened.channel:
            return {"response_action": "update", "view": forms.showing(answer, opened, view["title"]["text"])}
        case Growing() if not opened.channel:
            return {"response_action": "update", "view": forms.waiting(view["title"]["text"], opened)}
        case _:
            return {}


async def _acknowledge(ack: Any) -> None:
    await ack()


async def _no_options(ack: Any) -> None:
    await ack(options=[])
