"""The Text page's permission: the owner's ground for training on what came through an API, workspace by workspace."""

from nicegui import ui

from bot.chat.verbs import text
from bot.panel.text_words import moment, terms
from bot.panel.visitor import Visitor
from db.words import say, say_count
from db.workspaces import PACKAGES, WorkspaceSummary

_WITH_API = ("slack", "discord")


class Permission:
    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def build(self) -> None:
        ui.label(terms()).classes("said")
        told = say(
            "As written, they forbid it without their own leave. Where you have that leave, an owner records what it "
            "rests on; imported files of your own do not need this."
        )
        ui.label(told).classes("said text-gray-700")
        self._place = ui.column().classes("w-full gap-3")
        await self._show()

    async def _show(self) -> None:
        found = await self._visitor.call(text.list_workspaces)
        concerned = [one for one in found if _has_api(one) or one.api_messages or one.ground]
        self._place.clear()
        with self._place:
            if not concerned:
                ui.label(say("No workspace of Slack or Discord is here yet.")).classes("said")
            for workspace in concerned:
                self._card(workspace)

    def _card(self, workspace: WorkspaceSummary) -> None:
        with ui.card().classes("w-full gap-2").mark(f"workspace-{workspace.id}"):
            with ui.row().classes("w-full items-center justify-between gap-3"):
                ui.label(workspace.name).classes("text-lg font-medium said")
                permitted = say("training permitted") if workspace.ground else say("not permitted")
                ui.badge(permitted, color="positive" if workspace.ground else "grey-6").classes("px-2 py-1")
            through = say_count(
                "{count:,} message came through an API.", "{count:,} messages came through an API.",
                workspace.api_messages,
            )  # fmt: skip
            ui.label(through).classes("text-gray-600 text-sm")
            if workspace.ground and workspace.at:
                ui.label(workspace.ground).classes("said")
                recorded = say("recorded by {who}, {at}", who=workspace.by, at=moment(workspace.at))
                ui.label(recorded).classes("text-gray-600 text-sm")
            if self._visitor.may("owner"):
                self._change(workspace)

    def _change(self, workspace: WorkspaceSummary) -> None:
        async def permit() -> None:
            if not (ground.value or "").strip():
                raise text.GroundMissing(say("Say what this permission rests on."))
            await self._visitor.call(text.permit_training, workspace.id, ground.value)
            await self._show()

        async def withdraw() -> None:
            await self._visitor.call(text.permit_training, workspace.id, "")
            await self._show()

        with ui.row().classes("w-full items-center gap-2"):
            if workspace.ground:
                back = ui.button(say("Withdraw"), on_click=self._visitor.handling(withdraw), color="negative")
                back.props("outline").mark(f"withdraw-{workspace.id}")
                return
            ground = ui.input(say("What the permission rests on")).props("outlined dense").classes("grow")
            ground.mark(f"ground-{workspace.id}")
            ui.button(say("Permit training"), on_click=self._visitor.handling(permit)).mark(f"permit-{workspace.id}")


def _has_api(workspace: WorkspaceSummary) -> bool:
    return workspace.platform in _WITH_API and (workspace.platform, workspace.platform_id) != PACKAGES
