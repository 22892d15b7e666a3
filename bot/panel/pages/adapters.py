"""Adapters: what each persona learned, which one speaks, how they compare and what was live when."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from bot.chat.verbs import personas, training, watching
from bot.chat.verbs.personas import PersonaSummary
from bot.chat.verbs.training import GONE, AdapterReport
from bot.chat.verbs.watching import ActivationReport
from bot.panel.compare_view import CompareView
from bot.panel.dialogs import asking, confirm, decide
from bot.panel.frame import Page, heading
from bot.panel.shown import address, badge, loss, speaker_word, way, when
from bot.panel.visitor import Visitor
from db.coded import activation_shown
from db.words import say, say_count


async def build(visitor: Visitor) -> None:
    every = [one.name for one in await visitor.call(personas.every)]
    wanted = visitor.asked.get("persona") or (every[0] if every else None)
    with ui.row().classes("w-full items-start justify-between gap-3"):
        heading(say("Adapters"), say("What was learned, and which of it speaks."))
        if every:
            ui.select(
                every,
                value=wanted if wanted in every else None,
                label=say("Persona"),
                on_change=lambda chosen: ui.navigate.to(address("/adapters", persona=chosen.value)),
            ).classes("min-w-48").mark("persona")
    if wanted is None:
        ui.label(say("There is no persona yet.")).classes("text-gray-600")
        return
    await _Adapters(visitor, await visitor.call(personas.show, wanted)).build()


class _Adapters:
    """One persona's adapters, drawn anew when one was promoted, rejected or rolled back."""

    def __init__(self, visitor: Visitor, persona: PersonaSummary) -> None:
        self._visitor, self._persona = visitor, persona

    async def build(self) -> None:
        with ui.row().classes("w-full items-center gap-4"):
            self._live = ui.label().classes("text-lg said")
            if self._visitor.may("admin"):
                ui.button(say("Roll back"), icon="undo", on_click=self._visitor.handling(self._ask_where)).props(
                    "outline"
                )
        self._cards = ui.column().classes("w-full gap-3")
        found = await self._visitor.call(training.list_adapters, self._persona.name)
        if found:
            self._compare(found)
        ui.label(say("What was live")).classes("text-lg font-medium pt-2")
        self._history = ui.column().classes("w-full")
        await self._look()

    def _compare(self, found: list[AdapterReport]) -> None:
        numbers = [adapter.number for adapter in found if adapter.state not in GONE]
        wanted = self._visitor.asked.get("compare", "")
        chosen = [number for number in numbers if str(number) == wanted]
        CompareView(self._visitor, self._persona.name, self._persona.prompts, numbers, chosen)

    async def _look(self) -> None:
        name = self._persona.name
        found = await self._visitor.call(training.list_adapters, name)
        activations = await self._visitor.call(watching.list_activations, name)
        called = await self._visitor.call(watching.who, {row.by for row in activations})
        live = next((adapter.number for adapter in found if adapter.live), None)
        self._live.text = say("{name} speaks with {speaker}.", name=name, speaker=speaker_word(live))
        self._cards.clear()
        with self._cards:
            if not found:
                ui.label(say("{name} has no adapter yet; train it.", name=name)).classes("text-gray-600")
            for adapter in found:
                self._show(adapter)
        self._history.clear()
        with self._history:
            _show_history(activations, called)

    def _show(self, adapter: AdapterReport) -> None:
        with ui.card().classes("w-full p-4"), ui.row().classes("w-full items-center gap-x-6 gap-y-2"):
            with ui.column().classes("gap-1 grow min-w-0"):
                with ui.row().classes("items-center gap-3"):
                    ui.label(say("Adapter {number}", number=adapter.number)).classes("text-lg font-medium")
                    badge("live" if adapter.live else adapter.state)
                    way(say("run {run}", run=adapter.run), address("/runs", run=adapter.run))
                ui.label(_learned(adapter)).classes("text-gray-700")
                ui.label(f"{adapter.base} · {when(adapter.created_at)}").classes("text-sm text-gray-600 said")
            if self._visitor.may("admin") and adapter.state not in GONE and not adapter.live:
                self._buttons(adapter)

    def _buttons(self, adapter: AdapterReport) -> None:
        handling, number = self._visitor.handling, adapter.number
        if adapter.state != "rejected":
            ui.button(say("Reject"), on_click=handling(lambda: self._ask_to_reject(number))).props("flat")
        ui.button(say("Promote"), icon="campaign", on_click=handling(lambda: self._ask_why(number)))

    def _ask_why(self, number: int) -> None:
        name = self._persona.name
        with asking(say("Let adapter {number} speak for {name}?", number=number, name=name)) as dialog:
            why = ui.input(say("Why, for the record")).classes("w-full").mark("why")
            do = self._then_look(lambda: self._visitor.call(training.promote, name, number, why.value or ""))
            decide(self._visitor, dialog, say("Promote it"), do)

    def _ask_to_reject(self, number: int) -> None:
        do = self._then_look(lambda: self._visitor.call(training.reject, self._persona.name, number))
        below = say("It is not asked about any more; promoting it takes that back.")
        confirm(self._visitor, say("Reject adapter {number}?", number=number), below, say("Reject it"), do)

    async def _ask_where(self) -> None:
        name = self._persona.name
        found = await self._visitor.call(training.list_adapters, name)
        choices: dict[int | str, str] = {"before": say("what was live before"), 0: speaker_word(None)}
        choices |= {one.number: speaker_word(one.number) for one in found if one.state not in GONE}
        with asking(say("Roll {name} back", name=name)) as dialog:
            to = ui.select(choices, value="before", label=say("To")).classes("w-full").mark("to")
            why = ui.input(say("Why, for the record")).classes("w-full").mark("why")

            async def go() -> None:
                number = None if to.value == "before" else to.value
                await self._visitor.call(training.rollback, name, number, why.value or "")

            decide(self._visitor, dialog, say("Roll it back"), self._then_look(go))

    def _then_look(self, do: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        async def both() -> None:
            await do()
            await self._look()

        return both


def _learned(adapter: AdapterReport) -> str:
    """From how much, and how much better it foretells unseen talk than the base."""
    count = say_count("{count} message", "{count} messages", adapter.messages)
    before, after = adapter.loss("base"), adapter.loss("candidate")
    if before is None or after is None:
        return count
    return say("{count} · held-out loss {before} → {after}", count=count, before=loss(before), after=loss(after))


def _show_history(rows: list[ActivationReport], called: dict[str, str]) -> None:
    if not rows:
        ui.label(say("Nothing but the bare base has spoken yet.")).classes("text-gray-600")
        return
    headings = (say("when"), say("from"), say("to"), say("by"), say("why"))
    columns = [
        {"name": str(place), "label": heading, "field": str(place), "align": "left", "style": "white-space: normal"}
        for place, heading in enumerate(headings)
    ]
    cells = [
        (when(row.at), speaker_word(row.previous), speaker_word(row.adapter), called[row.by], activation_shown(row.why))
        for row in rows
    ]
    shown = [{str(place): cell for place, cell in enumerate(row)} for row in cells]
    ui.table(columns=columns, rows=shown, pagination=20 if len(shown) > 20 else None).classes("w-full").props(
        "flat bordered"
    )


PAGE = Page("/adapters", lambda: say("Adapters"), build)
