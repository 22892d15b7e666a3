"""Runs: what the trainer did and does, and one run as it goes."""

from dataclasses import replace
from typing import Any

from nicegui import ui

from bot.chat.verbs import training, watching
from bot.chat.verbs.training import RunReport
from bot.panel.dialogs import confirm
from bot.panel.frame import Page, heading
from bot.panel.loss_chart import LossChart
from bot.panel.shown import ENDED, address, badge, clock, colour, facts, loss, state_word, way, when
from bot.panel.ticking import every_second
from bot.panel.visitor import Visitor
from db.coded import phase_shown
from db.runs import NoSuchRun
from db.words import say


async def build(visitor: Visitor) -> None:
    asked = visitor.asked.get("run")
    if asked is None:
        await _build_list(visitor)
    elif asked.isdecimal() and len(asked) < 19:
        await _OneRun(visitor, int(asked)).build()
    else:
        raise NoSuchRun(say("There is no run {run}.", run=asked))


async def _build_list(visitor: Visitor) -> None:
    persona = visitor.asked.get("persona") or None
    heading(
        say("Runs of {persona}", persona=persona) if persona else say("Runs"),
        say("What the trainer did and does, the newest first."),
    )
    table = ui.table(columns=_columns(), rows=[], row_key="id").classes("w-full").props("flat bordered")
    table.add_slot(
        "body-cell-id",
        '<q-td :props="props"><a :href="props.row.link" class="text-primary font-medium">{{ props.value }}</a></q-td>',
    )
    table.add_slot(
        "body-cell-status",
        '<q-td :props="props"><q-badge outline class="px-2 py-1" :color="props.row.colour">'
        "{{ props.value }}</q-badge></q-td>",
    )
    table.add_slot("no-data", f"<span>{say('Nothing has been trained yet.')}</span>")

    async def look() -> bool:
        found = await visitor.call(training.list_runs, persona, 30)
        rows = [_row(run) for run in found]
        if rows != table.rows:
            table.rows = rows
        return any(run.status not in ENDED for run in found)

    await every_second(visitor, look)
    if persona:
        way(say("All runs"), "/runs")


def _columns() -> list[dict[str, Any]]:
    def column(name: str, label: str, narrow: bool = True, **more: Any) -> dict[str, Any]:
        hidden = {} if narrow else {"classes": "max-sm:hidden", "headerClasses": "max-sm:hidden"}
        return {"name": name, "label": label, "field": name, "align": "left", **hidden, **more}

    return [
        column("id", say("run"), align="right"),
        column("persona", say("persona")),
        column("status", say("status")),
        column("progress", say("progress")),
        column("loss", say("loss"), narrow=False, align="right"),
        column("adapter", say("adapter"), narrow=False, align="right"),
        column("asked", say("asked at"), narrow=False),
        column("reason", say("reason"), narrow=False, style="white-space: normal; min-width: 12rem"),
    ]


def _row(run: RunReport) -> dict[str, Any]:
    steps = f"{run.step} / {run.steps}" if run.steps else ""
    return {
        "id": run.id,
        "link": address("/runs", run=run.id),
        "persona": run.persona,
        "status": say("stopping") if run.stopping else state_word(run.status),
        "colour": colour(run.status),
        "progress": f"{steps} {phase_shown(run.phase)}".strip() or "–",
        "loss": loss(run.loss),
        "adapter": run.adapter or "–",
        "asked": when(run.created_at),
        "reason": run.reason,
    }


class _OneRun:
    """One run's page; `look` brings it up to date."""

    def __init__(self, visitor: Visitor, number: int) -> None:
        self._visitor, self._number = visitor, number
        self._shown: RunReport | None = None

    async def build(self) -> None:
        report = await self._visitor.call(training.run_report, self._number)
        with ui.row().classes("w-full items-start justify-between gap-3"):
            heading(say("Run {run} of {persona}", run=self._number, persona=report.persona))
            self._actions = ui.row().classes("gap-2 items-center")
        with ui.card().classes("w-full gap-3"):
            self._state = ui.row().classes("w-full items-center gap-3")
            self._bar = ui.linear_progress(0, show_value=False, size="8px").props("rounded")
            self._figures = ui.label().classes("text-gray-700")
            self._said = ui.label().classes("said")
        with ui.card().classes("w-full"):
            ui.label(say("Loss (nats per token, lower is better) by step")).classes("font-medium")
            self._chart = LossChart()
        with ui.card().classes("w-full"):
            await self._facts(report)
        await every_second(self._visitor, self.look)

    async def _facts(self, report: RunReport) -> None:
        by = (await self._visitor.call(watching.who, [report.requested_by]))[report.requested_by]
        facts(
            [
                (say("asked by"), by),
                (say("asked at"), when(report.created_at)),
                (say("note"), report.note),
            ]
        )
        with ui.row().classes("gap-4"):
            way(say("All runs"), "/runs")
            way(say("Runs of {persona}", persona=report.persona), address("/runs", persona=report.persona))

    async def look(self) -> bool:
        """Whether there may be more to see later."""
        report = await self._visitor.call(training.run_report, self._number)
        while points := await self._visitor.call(watching.run_points, self._number, self._chart.line.last):
            self._chart.add(points, report.steps)
        waits = report.status == "queued" and not await self._visitor.call(watching.is_trainer_alive)
        self._said.text = say("No trainer is alive: `yamabiko run` starts one.") if waits else report.reason
        self._said.set_visibility(bool(self._said.text))
        if report != self._shown:
            self._show(report)
        return report.status not in ENDED

    def _show(self, report: RunReport) -> None:
        before, self._shown = self._shown, report
        self._figures.text = _figures(report)
        self._figures.set_visibility(bool(self._figures.text))
        self._bar.value = report.step / report.steps if report.steps else 0
        self._bar.set_visibility(report.steps > 0 or report.status in ("queued", "running"))
        self._bar.props(remove="indeterminate") if report.steps or report.status in ENDED else self._bar.props(
            "indeterminate"
        )
        if before is None or _without_figures(before) != _without_figures(report):
            self._show_state(report)
            self._show_actions(report)
            self._chart.hold_out(report.base_loss, report.candidate_loss, report.steps)

    def _show_state(self, report: RunReport) -> None:
        self._state.clear()
        with self._state:
            badge(report.status)
            doing = say("stopping") if report.stopping else phase_shown(report.phase)
            if report.status == "queued":
                doing = say("waiting for the trainer")
            if doing:
                ui.label(doing)
            if report.finished_at:
                ui.label(say("ended {at}", at=when(report.finished_at))).classes("text-gray-600")

    def _show_actions(self, report: RunReport) -> None:
        self._actions.clear()
        with self._actions:
            if report.adapter is not None:
                target = address("/adapters", persona=report.persona, compare=report.adapter)
                ui.button(say("Compare"), icon="compare", on_click=lambda: ui.navigate.to(target))
            if self._visitor.may("admin") and report.status not in ENDED and not report.stopping:
                ui.button(say("Cancel"), icon="stop", on_click=self._visitor.handling(self._ask)).props("outline")

    def _ask(self) -> None:
        below = say("What it has learned so far is lost.")
        confirm(self._visitor, say("Stop run {run}?", run=self._number), below, say("Stop it"), self._cancel)

    async def _cancel(self) -> None:
        await self._visitor.call(training.cancel, self._number)
        await self.look()


def _figures(report: RunReport) -> str:
    """How far it is, how fast, and how long it will still take."""
    if not report.steps:
        return ""
    told = [say("step {step} of {steps}", step=report.step, steps=report.steps)]
    if report.loss is not None:
        told.append(say("loss {loss}", loss=loss(report.loss)))
    if report.tokens_per_second:
        told.append(say("{speed} tokens a second", speed=round(report.tokens_per_second)))
    if report.status == "running" and report.seconds_left is not None and report.step < report.steps:
        told.append(say("{time} left", time=clock(report.seconds_left)))
    return " · ".join(told)


def _without_figures(report: RunReport) -> RunReport:
    return replace(report, step=0, loss=None, seconds_left=None, tokens_per_second=None)


PAGE = Page("/runs", lambda: say("Runs"), build)
