"""The Text page's channels: what each holds, what it is open for, and what of it may be learned."""

from urllib.parse import quote

from nicegui import ui

from bot.chat.collecting import past_words
from bot.chat.verbs import text
from bot.panel.leaves import Leaves
from bot.panel.text_words import left_out, open_for, provenance, terms, together
from bot.panel.visitor import Visitor
from db.channels import ChannelSummary
from db.datasets import Tally
from db.models import API_TEXT
from db.searching import folded
from db.words import say, say_count

_COLOURS = {"closed": "grey-6", "context": "blue-grey-6", "training": "positive"}
_NOT_OPEN = "channel not approved for training"


class Channels:
    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._leaves = Leaves(visitor, say("Find a channel"), self._find, self._show)

    async def build(self) -> None:
        await self._leaves.build(
            say("There is no text yet; bring some in under Import, or let the bot into a channel.")
        )

    async def _find(self, wanted: str) -> list[tuple[ChannelSummary, Tally]]:
        channels = await self._visitor.call(text.list_channels)
        tallies = await self._visitor.call(text.tally)
        found = [(one, tallies.get(one.id, Tally())) for one in channels]
        return [(one, tally) for one, tally in found if wanted in folded(f"{one.workspace}/{one.name}")]

    def _show(self, found: tuple[ChannelSummary, Tally]) -> None:
        channel, tally = found
        with ui.card().classes("w-full gap-2").mark(f"channel-{channel.id}"):
            with ui.row().classes("w-full items-start justify-between gap-x-3 gap-y-1"):
                with ui.column().classes("gap-0 min-w-0"):
                    ui.label(channel.name).classes("text-lg font-medium said")
                    ui.label(self._whence(channel, tally)).classes("text-gray-600 text-sm said")
                    if channel.past is not None and channel.state != "closed":
                        trouble = " text-orange-800" if channel.past.trouble else " text-gray-600"
                        ui.label(past_words.told(channel.past)).classes("text-sm said" + trouble)
                with ui.row().classes("gap-1 py-1"):
                    ui.badge(open_for(channel), color=_COLOURS[channel.state]).classes("px-2 py-1")
                    if channel.paused:
                        ui.badge(say("paused"), color="warning").classes("px-2 py-1")
            if tally.authors:
                ui.label(_agreement(tally)).classes("said")
            if channel.state == "training" and channel.messages:
                _learnable(tally)
            self._buttons(channel, tally)

    def _whence(self, channel: ChannelSummary, tally: Tally) -> str:
        messages = say_count("{count:,} message", "{count:,} messages", channel.messages)
        sources = together(provenance(one) for one, _ in tally.provenances.most_common())
        facts = (channel.workspace, messages, say("from {sources}", sources=sources) if sources else "")
        return " · ".join(fact for fact in facts if fact)

    def _buttons(self, channel: ChannelSummary, tally: Tally) -> None:
        visitor = self._visitor

        async def context() -> None:
            await visitor.call(text.approve, channel.id, False)
            await self._leaves.show()

        async def close() -> None:
            await visitor.call(text.close, channel.id)
            await self._leaves.show()

        with ui.row().classes("gap-2"):
            if channel.messages:
                address = f"/text?channel={quote(f'{channel.workspace}/{channel.name}')}&row={channel.id}"
                review = ui.button(say("Review"), on_click=lambda: ui.navigate.to(address))
                review.props("outline dense no-caps padding='2px 12px'")
            if not visitor.may("admin"):
                return
            if channel.state != "context":
                _button(say("Open for context"), visitor.handling(context)).mark(f"context-{channel.id}")
            training = say("Change training …") if channel.state == "training" else say("Open for training …")
            ask = visitor.handling(lambda: self._ask(channel, tally))
            _button(training, ask).mark(f"training-{channel.id}")
            if channel.state != "closed":
                _button(say("Close"), visitor.handling(close)).mark(f"close-{channel.id}")

    def _ask(self, channel: ChannelSummary, tally: Tally) -> None:
        """What opening for training means, before it is done."""
        with ui.dialog(value=True) as dialog, ui.card().classes("gap-3 max-w-lg"):
            dialog.on("hide", dialog.delete)
            ui.label(say("Open {channel} for training", channel=channel.name)).classes("text-lg font-medium")
            told = say("Personas may learn from this channel: from messages whose authors agreed, and no others.")
            ui.label(told).classes("said")
            ui.label(terms()).classes("said text-gray-700")
            if any(tally.provenances[one] for one in API_TEXT):
                ui.label(say("What came through an API also needs the owner's permission.")).classes("said")
            each = ui.switch(say("Review each message: learn only what was approved"), value=channel.review_each)

            async def agreed() -> None:
                await self._visitor.call(text.approve, channel.id, True, each.value)
                dialog.close()
                await self._leaves.show()

            with ui.row().classes("w-full justify-end gap-2"):
                ui.button(say("Not now"), on_click=dialog.close).props("flat")
                ui.button(say("Open for training"), on_click=self._visitor.handling(agreed)).mark("agreed")


def _button(label: str, pressed: object) -> ui.button:
    button = ui.button(label).props("flat dense no-caps padding='2px 8px'")
    return button.on_click(pressed)  # type: ignore[arg-type]


def _agreement(tally: Tally) -> str:
    silent = tally.authors - tally.yes - tally.no
    answers = (
        (tally.yes, say_count("{count:,} agreed to training", "{count:,} agreed to training", tally.yes)),
        (tally.no, say_count("{count:,} said no", "{count:,} said no", tally.no)),
        (silent, say_count("{count:,} never answered", "{count:,} never answered", silent)),
    )
    people = say_count("{count:,} person wrote here", "{count:,} people wrote here", tally.authors)
    told = together(answer for count, answer in answers if count)
    return say("{people}: {answers}.", people=people, answers=told)


def _learnable(tally: Tally) -> None:
    """How much may be learned, as a bar and in words, and why the rest may not."""
    whole = tally.learnable + sum(tally.left_out.values())
    with ui.element("div").classes("shares w-full"):
        ui.element("div").style(f"width: {100 * tally.learnable / max(whole, 1):.1f}%; background: #3f7d58")
    told = say_count("{count:,} message may be learned.", "{count:,} messages may be learned.", tally.learnable)
    ui.label(told).classes("font-medium")
    reasons = [left_out(reason, count) for reason, count in tally.left_out.most_common() if reason != _NOT_OPEN]
    if reasons:
        ui.label(say("Not learned: {reasons}.", reasons=together(reasons))).classes("said text-gray-700 text-sm")
