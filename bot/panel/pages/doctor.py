"""Doctor: what Yamabiko stands on, and what to do where something is missing."""

from nicegui import ui

from bot.panel.frame import Page, heading
from bot.panel.house import Finding
from bot.panel.visitor import Visitor
from db.words import say


async def build(visitor: Visitor) -> None:
    heading(say("Doctor"), say("What Yamabiko stands on; each failure says what to do."))
    findings = ui.column().classes("w-full gap-2")

    async def look() -> None:
        await visitor.actor()
        findings.clear()
        with findings:
            ui.spinner(size="lg")
        found = await visitor.house.examine()
        findings.clear()
        with findings:
            for one in found:
                _show(one)

    ui.button(say("Look again"), icon="refresh", on_click=visitor.handling(look)).props("outline")
    ui.timer(0, visitor.handling(look), once=True)


def _show(finding: Finding) -> None:
    icon, colour = ("check_circle", "positive") if finding.ok else ("error", "negative")
    if finding.ok and finding.advice:
        icon, colour = "info", "warning"
    with ui.card().classes("w-full py-3"), ui.row().classes("items-start no-wrap gap-3"):
        ui.icon(icon, color=colour, size="sm")
        with ui.column().classes("gap-0"):
            ui.label(finding.what).classes("font-medium")
            ui.label(finding.detail).classes("said text-gray-700")
            if finding.advice:
                ui.label(finding.advice).classes("said")


PAGE = Page("/doctor", lambda: say("Doctor"), build)
