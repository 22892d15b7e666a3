"""Personas: who they are, made and changed in a dialog, trained and deleted."""

from nicegui import ui

from bot.chat.verbs import personas
from bot.chat.verbs.personas import PersonaSummary
from bot.panel.dialogs import confirm
from bot.panel.frame import Page, heading
from bot.panel.persona_form import persona_form, preset_words
from bot.panel.shown import address, facts, speaker_word, way
from bot.panel.train_form import train_form
from bot.panel.visitor import Visitor
from db.words import say


async def build(visitor: Visitor) -> None:
    await _Personas(visitor).build()


class _Personas:
    """All personas, drawn anew when one has changed."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def build(self) -> None:
        with ui.row().classes("w-full items-start justify-between gap-3"):
            heading(say("Personas"), say("Named personalities, each on one base."))
            if self._visitor.may("admin"):
                ui.button(say("New persona"), icon="add", on_click=self._visitor.handling(self._create))
        self._cards = ui.column().classes("w-full gap-4")
        await self._look()

    async def _look(self) -> None:
        found = await self._visitor.call(personas.every)
        self._cards.clear()
        with self._cards:
            if not found:
                ui.label(say("There is no persona yet.")).classes("text-gray-600")
            for persona in found:
                self._show(persona)

    def _show(self, persona: PersonaSummary) -> None:
        with ui.card().classes("w-full gap-3 p-5"):
            with ui.row().classes("w-full items-baseline gap-3"):
                ui.label(persona.name).classes("text-xl font-medium min-w-0 said")
                ui.label(say("speaks with {speaker}", speaker=speaker_word(persona.live))).classes("text-primary")
            facts(
                [
                    (say("base"), persona.base),
                    (say("preset"), preset_words().get(persona.preset, persona.preset)),
                    (say("voice"), ", ".join(persona.voice) if persona.speakers else say("the whole community")),
                    (say("learns from"), ", ".join(persona.sources) or say("no channel yet")),
                    (say("system prompt"), persona.system_prompt),
                ]
            )
            with ui.row().classes("w-full items-center justify-between gap-x-4 gap-y-3"):
                with ui.row().classes("gap-4"):
                    way(say("Adapters"), address("/adapters", persona=persona.name))
                    way(say("Runs"), address("/runs", persona=persona.name))
                if self._visitor.may("admin"):
                    with ui.row().classes("gap-2 no-wrap"):
                        self._buttons(persona)

    def _buttons(self, persona: PersonaSummary) -> None:
        handling = self._visitor.handling
        ui.button(say("Delete"), on_click=handling(lambda: self._ask_to_delete(persona))).props("flat color=negative")
        ui.button(say("Edit"), icon="edit", on_click=handling(lambda: self._edit(persona))).props("outline")
        if persona.base not in self._visitor.house.bases.servers:  # a server's model cannot be trained
            ui.button(say("Train"), icon="school", on_click=handling(lambda: train_form(self._visitor, persona)))

    async def _create(self) -> None:
        await persona_form(self._visitor, None, self._look)

    async def _edit(self, persona: PersonaSummary) -> None:
        now = await self._visitor.call(personas.show, persona.name)
        await persona_form(self._visitor, now, self._look)

    def _ask_to_delete(self, persona: PersonaSummary) -> None:
        async def delete() -> None:
            await self._visitor.call(personas.delete, persona.name)
            await self._look()

        below = say("It stops answering; what it learned stays on record.")
        confirm(self._visitor, say("Delete {name}?", name=persona.name), below, say("Delete it"), delete)


PAGE = Page("/personas", lambda: say("Personas"), build)
