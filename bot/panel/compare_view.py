"""The same prompts answered by base, live adapter and candidate, side by side as the answers come.

Owns what is asked and where each answer stands. Knows no engine and no row.
"""

from contextlib import aclosing

from nicegui import ui

from bot.chat import compare
from bot.chat.compare import Compared
from bot.panel.fields import lines
from bot.panel.visitor import Visitor
from db.words import say

MOST = 8  # answers from each to one prompt


class CompareView:
    """`numbers` are the persona's adapters that can be asked, `chosen` those that are at first."""

    def __init__(
        self, visitor: Visitor, persona: str, prompts: list[str], numbers: list[int], chosen: list[int]
    ) -> None:
        self._visitor, self._persona, self._fixed = visitor, persona, prompts
        self._cells: dict[tuple[str, str], ui.column] = {}
        self._stopped = False
        with ui.card().classes("w-full gap-3 p-5"):
            ui.label(say("Compare")).classes("text-lg font-medium")
            ui.label(say("The same prompts for the bare base, for what is live and for a candidate.")).classes(
                "text-gray-600"
            )
            self._build(numbers, chosen)
            self._results = ui.column().classes("w-full gap-4")

    def _build(self, numbers: list[int], chosen: list[int]) -> None:
        self._prompts = ui.textarea(say("Prompts, one a line"), value="\n".join(self._fixed)).mark("ask")
        self._prompts.props("autogrow").classes("w-full")
        with ui.row().classes("w-full items-center gap-4"):
            named = {number: say("adapter {number}", number=number) for number in numbers}
            self._numbers = ui.select(named, value=chosen, label=say("Adapters"), multiple=True).mark("numbers")
            self._numbers.props("use-chips").classes("grow min-w-64")
            self._numbers.props["hint"] = say("none chosen: the newest candidate")
            self._candidates = ui.number(say("Answers each"), value=1, min=1, max=MOST, precision=0).mark("candidates")
            self._seed = ui.number(say("Seed"), value=1, min=0, precision=0).classes("w-28").mark("seed")
            self._candidates.classes("w-28")
            handling = self._visitor.handling
            self._go = ui.button(say("Ask them"), icon="play_arrow", on_click=handling(self._ask))
            self._stop = ui.button(say("Stop"), icon="stop", on_click=self._end).props("outline")
            self._stop.set_visibility(False)

    def _end(self) -> None:
        self._stopped = True

    async def _ask(self) -> None:
        """Ask prompt by prompt; each answer stands in its place as soon as it is there."""
        prompts = self._wanted()
        if not prompts:
            ui.notify(say("Write a prompt first."), type="warning")
            return
        numbers = list(self._numbers.value)
        self._stopped = False
        self._working(True)  # before anything is waited for: a second click asks nothing
        try:
            _, speakers = await self._visitor.call(compare.speakers, self._persona, numbers)
            self._lay_out(prompts, [name for name, _ in speakers])
            rows = compare.compare(
                self._visitor.house.sessions,
                await self._visitor.actor(),
                self._visitor.house.live,
                self._persona,
                prompts,
                numbers=numbers,
                candidates=max(1, min(MOST, int(self._candidates.value or 1))),
                seed=int(self._seed.value or 0),
            )
            async with aclosing(rows):
                async for row in rows:
                    self._put(row)
                    if self._stopped or self._results.is_deleted:
                        return
        finally:
            self._working(False)

    def _wanted(self) -> list[str]:
        """Each prompt once; the fixed ones as they are kept, for one may have several lines."""
        written = lines(self._prompts.value)
        return list(dict.fromkeys(self._fixed if written == lines("\n".join(self._fixed)) else written))

    def _working(self, working: bool) -> None:
        if self._results.is_deleted:  # the visitor has left the page
            return
        self._go.set_enabled(not working)
        self._stop.set_visibility(working)
        if not working:
            for cell in self._cells.values():
                cell.clear()

    def _lay_out(self, prompts: list[str], speakers: list[str]) -> None:
        self._cells = {}
        self._results.clear()
        with self._results:
            for prompt in prompts:
                ui.label(prompt).classes("font-medium said pt-2")
                with ui.element("div").classes(
                    "w-full grid gap-3 grid-cols-1 sm:grid-cols-[repeat(auto-fit,minmax(0,1fr))]"
                ):
                    for speaker in speakers:
                        self._column(prompt, speaker)

    def _column(self, prompt: str, speaker: str) -> None:
        with ui.column().classes("gap-2 p-3 rounded bg-[#f6f4ee] min-w-0"):
            ui.label(speaker).classes("text-sm text-primary font-medium")
            self._cells[prompt, speaker] = ui.column().classes("gap-2 w-full")
        with self._cells[prompt, speaker]:
            ui.spinner("dots", size="md")

    def _put(self, row: Compared) -> None:
        cell = self._cells.pop((row.prompt, row.who), None)
        if cell is None or cell.is_deleted:
            return
        cell.clear()
        with cell:
            for answer in row.answers:
                ui.label(answer.strip() or "–").classes("said w-full")
                ui.separator() if answer is not row.answers[-1] else None
