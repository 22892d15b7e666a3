"""Talk: try a persona out, live beside its base, in turns or as plain completion, with any sampling."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import structlog
from nicegui import ui

from bot.chat.troubles import is_ours, sentence
from bot.chat.trying import Speaker, Trial, tried
from bot.chat.verbs import personas
from bot.chat.verbs.personas import PersonaSummary
from bot.generation.engine import EngineBusy, Waiting
from bot.panel.controls import Controls
from bot.panel.frame import Page, heading
from bot.panel.visitor import Visitor
from db.words import say

log = structlog.get_logger()


async def build(visitor: Visitor) -> None:
    every = await visitor.call(personas.every)
    heading(say("Talk"), say("Try a persona out. Nothing said here is kept or learned."))
    if not every:
        ui.label(say("There is no persona yet."))
        ui.link(say("Make one"), "/personas")
        return
    Talk(visitor, every)


class Talk:
    """The page's state: what was said so far, and what is being said."""

    def __init__(self, visitor: Visitor, every: Sequence[PersonaSummary]) -> None:
        self._visitor = visitor
        self._said: list[tuple[str, str]] = []
        self._speaking: asyncio.Future[Any] | None = None
        chosen = visitor.asked.get("persona")
        first = next((one for one in every if one.name == chosen), every[0])
        with ui.row().classes("w-full gap-4 items-start flex-wrap lg:flex-nowrap"):
            with ui.column().classes("grow w-full gap-4 min-w-0"):
                self._talk = ui.column().classes("w-full gap-4")
                self._ask_box()
            self._controls = Controls(visitor, {one.name: one for one in every}, first, self._begin_anew)
        ui.context.client.on_disconnect(self._stop)  # nobody listens any more

    def _ask_box(self) -> None:
        send = self._visitor.handling(self._ask)
        with ui.card().classes("w-full"):
            self._asked = ui.textarea(placeholder=say("Say something")).props("autogrow borderless dense")
            # An input method's Enter chooses a word and sends nothing.
            enter = "(event) => { if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) "
            self._asked.classes("w-full").on(
                "keydown", send, js_handler=f"{enter}{{ event.preventDefault(); emit(); }} }}"
            )
            with ui.row().classes("w-full items-center"):
                self._send = ui.button(say("Send"), icon="send", on_click=send)
                self._halt = ui.button(say("Stop"), icon="stop", on_click=self._stop).props("outline")
                self._halt.set_visibility(False)
                ui.space()
                anew = self._visitor.handling(self._begin_anew)
                ui.button(say("New conversation"), icon="refresh", on_click=anew).props("flat")

    async def _ask(self) -> None:
        asked = str(self._asked.value or "").strip("\n")
        if not asked.strip() or self._speaking is not None:
            return
        controls = self._controls
        trial = Trial(
            controls.persona.name,
            asked,
            tuple(self._said),
            plain=controls.plain,
            candidates=controls.candidates,
            sampling=controls.sampling(),
        )
        if not trial.plain:
            self._asked.set_value("")
        with self._talk:
            exchange = Exchange(trial, controls.speakers, self._visitor.handling(self._go_on_with))
        await self._listened(exchange, trial)

    async def _listened(self, exchange: "Exchange", trial: Trial) -> None:
        self._busy(True)
        conversation = self._said  # another may have begun before the answer ends
        speaking = self._speaking = asyncio.gather(*(self._listen(column, trial) for column in exchange.columns))
        try:
            await asyncio.wait([speaking])
        finally:
            speaking.cancel()
            self._speaking = None
            exchange.end()
            self._busy(False)
        if not trial.plain and (answer := exchange.columns[0].answers()[0]).strip():
            conversation.append((trial.asked, answer))

    async def _listen(self, column: "Column", trial: Trial) -> None:
        house = self._visitor.house
        try:
            actor = await self._visitor.actor()
            async with aclosing(tried(house.sessions, actor, house.live, trial, column.who)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Waiting):
                        column.waits(piece.place)
                    else:
                        column.hears(piece.candidate, piece.text)
        except EngineBusy:
            column.fails(say("Many people are asking at once; please try again in a moment."))
        except Exception as error:
            if not is_ours(error):
                log.exception("trying a persona out failed", exc_info=error)
            column.fails(sentence(error))

    def _go_on_with(self, trial: Trial, answer: str) -> None:
        """Another candidate than the first is what the persona is taken to have said, and nothing after it."""
        self._said[len(trial.said) :] = [(trial.asked, answer)]
        ui.notify(say("The conversation goes on from this answer."))

    def _begin_anew(self) -> None:
        self._stop()
        self._said = []
        self._talk.clear()

    def _busy(self, speaking: bool) -> None:
        self._send.set_enabled(not speaking)
        self._halt.set_visibility(speaking)

    def _stop(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()


class Exchange:
    """One question, and its answers beside one another."""

    def __init__(self, trial: Trial, speakers: Sequence[tuple[Speaker, str]], go_on: Any) -> None:
        with ui.card().classes("w-full gap-3"):
            ui.label(trial.asked).classes("said text-gray-600").mark("asked")
            with ui.row().classes("w-full gap-6 items-start flex-wrap md:flex-nowrap"):
                self.columns = [Column(who, name, trial, go_on) for who, name in speakers]

    def end(self) -> None:
        for column in self.columns:
            column.ends()


class Column:
    """What one speaker says: a text for each candidate, growing."""

    def __init__(self, who: Speaker, name: str, trial: Trial, go_on: Any) -> None:
        self.who: Speaker = who
        self._trial = trial
        self._texts = [""] * trial.candidates
        self._replies: list[ui.button] = []
        with ui.column().classes("w-full min-w-0 flex-1 gap-2"):
            with ui.row().classes("items-center gap-2"):
                ui.label(name).classes("text-sm font-medium text-primary" if who == "live" else "text-sm text-gray-500")
                self._spinner = ui.spinner("dots", size="sm")
            self._state = ui.label(say("waking up …")).classes("text-gray-500")
            self._labels = [self._candidate(number, go_on) for number in range(trial.candidates)]

    def _candidate(self, number: int, go_on: Any) -> ui.label:
        with ui.row().classes("w-full items-start no-wrap gap-1"):
            label = ui.label().classes("said grow").mark(f"{self.who}-{number}")
            if number and self.who == "live" and not self._trial.plain:
                button = ui.button(icon="reply").props("flat dense size=sm").mark(f"from-{number}")
                button.set_visibility(False)  # until the answer has ended
                self._replies.append(button)
                button.tooltip(say("Go on from this answer")).on_click(lambda: go_on(self._trial, self._texts[number]))
        return label

    def waits(self, place: int) -> None:
        self._state.set_text(say("number {place} in line", place=place))

    def hears(self, candidate: int, text: str) -> None:
        self._state.set_visibility(False)
        self._texts[candidate] += text
        shown = self._texts[candidate]
        self._labels[candidate].set_text(self._trial.asked + shown if self._trial.plain else shown.lstrip())

    def fails(self, why: str) -> None:
        self._state.set_text(why)
        self._state.set_visibility(True)
        self._state.classes("text-negative said")

    def ends(self) -> None:
        self._spinner.set_visibility(False)
        for button in self._replies:
            button.set_visibility(True)
        if self._state.text == say("waking up …"):
            self._state.set_text("…")

    def answers(self) -> list[str]:
        return self._texts


PAGE = Page("/", lambda: say("Talk"), build)
