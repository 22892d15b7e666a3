"""The Text page's review: one channel's messages, found, approved and left out."""

from collections.abc import Sequence

from nicegui import ui

from bot.chat.verbs import text
from bot.panel.frame import heading
from bot.panel.leaves import turning
from bot.panel.text_words import marked, moment, open_for, review
from bot.panel.visitor import Visitor
from db.channels import ChannelSummary, NoSuchChannel
from db.messages import Reviewable
from db.models.text import Review
from db.reviews import LEAF
from db.words import say

STATES: tuple[Review, ...] = ("pending", "approved", "left_out")
_COLOURS = {"pending": "grey-6", "approved": "positive", "left_out": "negative"}


class Reviewing:
    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._leaf = 0
        self._shown: Sequence[Reviewable] = ()

    async def build(self) -> None:
        channel = await self._channel()
        self._row = channel.id
        ui.link(say("← All channels"), "/text").classes("text-primary no-underline")
        heading(f"{channel.workspace} / {channel.name}", open_for(channel))
        told = say(
            "What is left out is never learned. A mark such as [e-mail] stands where something was cut out "
            "before the message was stored."
        )
        ui.html(marked(told), sanitize=False).classes("said text-gray-700 text-sm")
        with ui.row().classes("w-full items-center gap-3"):
            states = {"": say("All"), **{state: review(state).capitalize() for state in STATES}}
            first = "pending" if channel.review_each else ""
            self._state = ui.toggle(states, value=first, on_change=self._visitor.handling(self._from_the_start))
            self._state.props("no-caps unelevated toggle-color=primary color=white text-color=dark")
            self._wanted = ui.input(say("Contains"), on_change=self._visitor.handling(self._from_the_start))
            self._wanted.props("dense outlined clearable debounce=400").classes("grow max-w-sm")
        with ui.row().classes("gap-2"):
            self._all("approved", say("Approve all shown"), "outline")
            self._all("left_out", say("Leave out all shown"), "outline color=negative")
        self._place = ui.column().classes("w-full gap-2")
        await self._show()

    async def _channel(self) -> ChannelSummary:
        """By its row, where several are of one name; else by name."""
        asked = self._visitor.asked
        row, name = asked.get("row", ""), asked.get("channel", "").lstrip("#")
        every = await self._visitor.call(text.list_channels)
        found = [one for one in every if row.isdecimal() and str(one.id) == row]
        found = found or [one for one in every if not row and name in (one.name, f"{one.workspace}/{one.name}")]
        if not found:
            raise NoSuchChannel(say("There is no such channel; Text lists those there are."))
        return found[0]

    def _all(self, state: Review, label: str, props: str) -> None:
        async def put() -> None:
            if self._shown:
                await self._put([message.id for message in self._shown], state)

        ui.button(label, on_click=self._visitor.handling(put)).props(f"{props} dense no-caps padding='2px 12px'")

    async def _put(self, ids: Sequence[int], state: Review) -> None:
        await self._visitor.call(text.review, ids, state)
        await self._show()

    async def _from_the_start(self) -> None:
        self._leaf = 0
        await self._show()

    async def _turn(self, leaf: int) -> None:
        self._leaf = leaf
        await self._show()

    async def _show(self) -> None:
        state, wanted = self._state.value or None, str(self._wanted.value or "")
        found = await self._visitor.call(text.look_through, self._row, state, wanted, self._leaf)
        if not found.messages and self._leaf:  # the last leaf was reviewed away
            self._leaf = max(0, (found.total - 1) // LEAF)
            found = await self._visitor.call(text.look_through, self._row, state, wanted, self._leaf)
        self._shown = found.messages
        self._place.clear()
        with self._place:
            turning(self._visitor, self._leaf, LEAF, found.total, self._turn)
            for message in found.messages:
                self._message(message)
            if not found.messages:
                ui.label(say("No messages.")).classes("text-gray-600")
            else:
                turning(self._visitor, self._leaf, LEAF, found.total, self._turn)

    def _message(self, message: Reviewable) -> None:
        with ui.card().classes("w-full py-2 px-4 gap-1").mark(f"message-{message.id}"):
            with ui.row().classes("w-full items-center justify-between no-wrap gap-2"):
                with ui.row().classes("items-center gap-x-3 gap-y-0 min-w-0"):
                    ui.label(message.author or say("no author")).classes("font-medium said")
                    ui.label(moment(message.at)).classes("text-gray-500 text-sm")
                    ui.badge(review(message.review), color=_COLOURS[message.review])
                with ui.row().classes("gap-1 no-wrap"):
                    self._single(message, "approved", "check", say("Approve"))
                    self._single(message, "left_out", "block", say("Leave out"))
            ui.html(marked(message.text), sanitize=False).classes("said w-full")

    def _single(self, message: Reviewable, state: Review, icon: str, label: str) -> None:
        async def put() -> None:
            await self._put([message.id], state)

        button = ui.button(icon=icon, on_click=self._visitor.handling(put), color=_COLOURS[state])
        button.props(f'flat round dense aria-label="{label}"').mark(f"{state}-{message.id}").tooltip(label)
        button.set_enabled(message.review != state)
