"""The Text page's members: their roles, and what they answered about training."""

from nicegui import ui

from bot.chat.verbs import text
from bot.panel.leaves import Leaves
from bot.panel.text_words import purpose, role
from bot.panel.visitor import Visitor
from db.members import ROLES, MemberSummary, Purpose
from db.searching import folded
from db.words import say, say_count

_PURPOSES: tuple[Purpose, ...] = ("community", "voice")


class Members:
    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._leaves = Leaves(visitor, say("Find a member"), self._find, self._show)

    async def build(self) -> None:
        told = say("Nobody's text is learned without their yes; an answer is recorded with what it rests on.")
        ui.label(told).classes("said text-gray-700")
        if self._visitor.may("owner"):
            ask = self._visitor.handling(lambda: self._ask(None))
            everyone = ui.button(say("Record an answer for all who never gave one …"), on_click=ask)
            everyone.props("outline dense no-caps padding='2px 12px'").mark("everyone")
        await self._leaves.build(say("Nobody has written yet."))

    async def _find(self, wanted: str) -> list[MemberSummary]:
        found = await self._visitor.call(text.list_members)
        return [one for one in found if wanted in folded(f"{one.name} {one.workspace}")]

    def _show(self, member: MemberSummary) -> None:
        card = ui.card().classes("w-full py-3").mark(f"member-{member.id}")
        with card, ui.row().classes("w-full items-center justify-between gap-x-6 gap-y-1"):
            with ui.column().classes("gap-0 min-w-0"):
                with ui.row().classes("items-center gap-2"):
                    ui.label(member.name).classes("font-medium said")
                    if member.role != "member":
                        ui.badge(role(member.role), color="primary")
                    if member.blocked:
                        ui.badge(say("blocked"), color="negative")
                messages = say_count("{count:,} message", "{count:,} messages", member.messages)
                ui.label(f"{member.workspace} · {messages}").classes("text-gray-600 text-sm said")
            with ui.row().classes("items-center gap-4"):
                for one in _PURPOSES:
                    _answer(one, member.consents.get(one))
                if self._visitor.may("owner"):
                    ask = self._visitor.handling(lambda: self._ask(member))
                    change = ui.button(say("Change …"), on_click=ask).mark(f"change-{member.id}")
                    change.props("flat dense no-caps padding='2px 8px'")

    def _ask(self, member: MemberSummary | None) -> None:
        """An answer of one member, or of all who never gave one; and the one's role."""
        with ui.dialog(value=True) as dialog, ui.card().classes("gap-3 w-full max-w-lg"):
            dialog.on("hide", dialog.delete)
            ui.label(member.name if member else say("All who never answered")).classes("text-lg font-medium said")
            if member:
                self._role(member, dialog)
                ui.separator()
            self._consent(member, dialog)

    def _role(self, member: MemberSummary, dialog: ui.dialog) -> None:
        async def give() -> None:
            await self._visitor.call(text.set_role, f"#{member.id}", chosen.value)
            dialog.close()
            await self._leaves.show()

        with ui.row().classes("w-full items-end gap-3"):
            chosen = ui.select({one: role(one) for one in ROLES}, value=member.role, label=say("Role"))
            chosen.props("outlined dense").classes("grow").mark("role")
            ui.button(say("Give this role"), on_click=self._visitor.handling(give)).props("outline")

    def _consent(self, member: MemberSummary | None, dialog: ui.dialog) -> None:
        ui.label(say("Training on their text")).classes("font-medium")
        chosen = ui.radio({one: purpose(one) for one in _PURPOSES}, value="community").props("dense inline")
        ui.label(
            say(
                "A persona may speak with the community's voice; a voice of their own is a persona that speaks as them."
            )
        ).classes("said text-gray-700 text-sm")
        ground = ui.input(say("What the answer rests on")).classes("w-full").mark("ground")
        ground.props(f'outlined dense hint="{say("for example: signed form of 2 May, kept by the secretary")}"')

        async def record(yes: bool) -> None:
            who = f"#{member.id}" if member else None
            count = await self._visitor.call(text.consent, who, yes, chosen.value, ground.value or "")
            dialog.close()
            ui.notify(say_count("Recorded for {count:,} member.", "Recorded for {count:,} members.", count))
            await self._leaves.show()

        async def agreed() -> None:
            await record(True)

        async def refused() -> None:
            await record(False)

        with ui.row().classes("w-full justify-end gap-2 pt-3"):
            ui.button(say("Not now"), on_click=dialog.close).props("flat")
            ui.button(say("They said no"), on_click=self._visitor.handling(refused), color="negative").props("outline")
            ui.button(say("They agreed"), on_click=self._visitor.handling(agreed))


def _answer(asked: Purpose, answer: bool | None) -> None:
    icon, colour = {True: ("check", "positive"), False: ("close", "negative"), None: ("remove", "grey-5")}[answer]
    told = {True: say("agreed"), False: say("said no"), None: say("never answered")}[answer]
    with ui.row().classes("items-center gap-1 no-wrap"):
        ui.icon(icon, color=colour).props(f'role=img aria-label="{told}"')
        ui.label(purpose(asked)).classes("text-sm" if answer is not None else "text-sm text-gray-500")
        ui.tooltip(told)
