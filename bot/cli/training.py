"""`yamabiko train`, `runs`, `cancel`, `adapters`, `promote`, `reject`, `rollback`, `activations`."""

import asyncio
from typing import Annotated, Any

import typer

from bot.app import Rows
from bot.chat.verbs import training, watching
from bot.chat.verbs.training import AdapterReport, RunReport
from bot.cli.common import LEARN, Json, call, err, out, pairs, print_json, shell, table, with_rows
from bot.cli.progress import RunProgress
from bot.trainer_process import is_alive, trainer
from db.coded import activation_shown, phase_shown, shown
from db.runs import RunUnderWay
from db.words import say, say_as

cli = typer.Typer()

ENDED = ("succeeded", "failed", "cancelled", "skipped")


@cli.command(rich_help_panel=LEARN)
def train(
    persona: str,
    wait: Annotated[bool, typer.Option(help="Stay until it ends; starts a trainer if none is alive.")] = False,
    note: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    messages: Annotated[int | None, typer.Option(help="Only the newest so many.", min=1)] = None,
    minutes: Annotated[
        float | None, typer.Option(help="At most so long; the schedule is made to fit.", min=0.1)
    ] = None,
    recipe: Annotated[list[str] | None, typer.Option(help="key=value, e.g. epochs=1, for this run alone.")] = None,
    as_json: Json = False,
) -> None:
    """Queue a fine-tune on what the persona's channels may teach."""
    wanted: dict[str, Any] = {"messages": messages, "max_minutes": minutes, "recipe": pairs(recipe or [])}
    settings = {key: value for key, value in wanted.items() if value}
    if wait:
        report = with_rows(lambda rows: _train_and_wait(rows, persona, note, settings))
        _print_end(report, as_json)
        return
    run = with_rows(lambda rows: _queue(rows, persona, note, settings))
    if as_json:
        print_json({"run": run})
    else:
        out.print(say("Run {run} is queued; `yamabiko runs` shows how it goes.", run=run))
        if not with_rows(lambda rows: is_alive(rows.sessions)):
            out.print(say("No trainer is alive: `yamabiko run` or `python -m trainer` starts one."))


async def _queue(rows: Rows, persona: str, note: str, settings: dict[str, Any]) -> int:
    servers = rows.settings.bases.servers
    return await training.retrain(rows.sessions, shell(), persona, note, settings, servers)


async def _train_and_wait(rows: Rows, persona: str, note: str, settings: dict[str, Any]) -> RunReport:
    try:
        run = await _queue(rows, persona, note, settings)
    except RunUnderWay:
        found = await training.list_runs(rows.sessions, shell(), persona)
        run = next(report.id for report in found if report.status not in ENDED)
        err.print(say("Run {run} is under way already; waiting for it.", run=run))
    return await wait_for(rows, run)


async def wait_for(rows: Rows, run: int) -> RunReport:
    """Show a run's progress to its end, with a trainer of our own if there is none."""
    async with trainer(rows.sessions, rows.settings.trainer_log) as own:
        with RunProgress(err) as progress:
            while True:
                await own.ensure()
                report = await training.run_report(rows.sessions, shell(), run)
                progress.show(report)
                if report.status in ENDED:
                    return report
                await asyncio.sleep(0.5)


def run_told(report: RunReport) -> str:
    """How a run that did not succeed ended, or why one waits."""
    status = shown("run status", report.status)
    return say("Run {run} {status}: {reason}", run=report.id, status=status, reason=report.reason)


def _print_end(report: RunReport, as_json: bool) -> None:
    if as_json:
        print_json(report)
    elif report.status == "succeeded":
        name = report.persona
        out.print(
            say("Adapter {number} of {persona} is a candidate.", number=report.adapter, persona=name), markup=False
        )
        out.print(
            say("Next: `yamabiko compare {persona}`, then `yamabiko promote {persona}`.", persona=name), markup=False
        )
    else:
        err.print(run_told(report), markup=False)
    if report.status != "succeeded":
        raise typer.Exit(1)


@cli.command(rich_help_panel=LEARN)
def runs(persona: Annotated[str | None, typer.Argument()] = None, limit: int = 20, as_json: Json = False) -> None:
    """The newest runs, and how each goes or went."""
    found = call(training.list_runs, persona, limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (run.id, run.persona, shown("run status", run.status), _progress(run), run.loss, run.adapter, run.created_at)
        for run in found
    ]
    headings = (say("run"), say("persona"), say("status"), say("progress"), say("loss"), say("adapter"), say("asked"))
    table(headings, rows, say("Nothing has been trained yet; `yamabiko train PERSONA` does."))
    for run in found:
        if run.reason:
            out.print(run_told(run), markup=False)


def _progress(run: RunReport) -> str:
    steps = f"{run.step}/{run.steps}" if run.steps else ""
    return f"{steps} {phase_shown(run.phase)}".strip() or "–"


@cli.command(rich_help_panel=LEARN)
def cancel(run: int, as_json: Json = False) -> None:
    """Take a run from the queue, or stop it."""
    status = call(training.cancel, run)
    if as_json:
        print_json({"run": run, "status": status})
    else:
        told = say("asked to stop") if status == "running" else shown("run status", status)
        out.print(say("Run {run}: {status}.", run=run, status=told))


@cli.command(rich_help_panel=LEARN)
def adapters(persona: str, as_json: Json = False) -> None:
    """A persona's adapters and how well each predicts unseen talk.

    Losses are the bare base's and the adapter's, in nats per token on text that was held out; lower is
    better.
    """
    found = call(training.list_adapters, persona)
    if as_json:
        print_json(found)
        return
    rows = [_adapter_row(adapter) for adapter in found]
    headings = (say("no."), say("state"), say("run"), say("base"), say("messages"), say("held-out loss"), say("made"))
    table(headings, rows, say("{persona} has no adapter yet; `yamabiko train {persona}` makes one.", persona=persona))


def _adapter_row(adapter: AdapterReport) -> tuple[Any, ...]:
    return (
        adapter.number,
        say("● live") if adapter.live else shown("adapter state", adapter.state),
        adapter.run,
        adapter.base.rpartition("/")[2],
        adapter.messages,
        _change(adapter.loss("base"), adapter.loss("candidate")),
        adapter.created_at,
    )


def _change(before: float | None, after: float | None) -> str | None:
    return f"{before:.2f} → {after:.2f}" if before is not None and after is not None else None


@cli.command(rich_help_panel=LEARN)
def promote(
    persona: str,
    number: Annotated[int | None, typer.Argument(help="An adapter's number (default: the newest candidate).")] = None,
    why: str = "",
    as_json: Json = False,
) -> None:
    """Make an adapter speak for its persona."""
    _say_live(persona, call(training.promote, persona, number, why), as_json)


@cli.command(rich_help_panel=LEARN)
def reject(persona: str, number: int, as_json: Json = False) -> None:
    """Mark a candidate as not wanted."""
    call(training.reject, persona, number)
    if as_json:
        print_json({"persona": persona, "rejected": number})
    else:
        out.print(say("Adapter {number} of {persona} is rejected.", number=number, persona=persona), markup=False)


@cli.command(rich_help_panel=LEARN)
def rollback(
    persona: str,
    to: Annotated[
        int | None, typer.Option(help="An adapter's number; 0 is the bare base (default: the one before).")
    ] = None,
    why: str = "",
    as_json: Json = False,
) -> None:
    """Go back to what spoke before."""
    _say_live(persona, call(training.rollback, persona, to, why), as_json)


def _say_live(persona: str, number: int | None, as_json: bool) -> None:
    if as_json:
        print_json({"persona": persona, "live": number})
    else:
        out.print(_live(persona, number), markup=False)


def _live(persona: str, number: int | None) -> str:
    if number:
        return say("{persona} now speaks with adapter {number}.", persona=persona, number=number)
    return say("{persona} now speaks with the bare base.", persona=persona)


@cli.command(rich_help_panel=LEARN)
def activations(persona: str, as_json: Json = False) -> None:
    """What went live when, by whom and why."""
    found = call(watching.list_activations, persona)
    if as_json:
        print_json(found)
        return
    rows = [
        (row.at, row.previous or say("base"), row.adapter or say("base"), row.by, activation_shown(row.why))
        for row in found
    ]
    headings = (say("at"), say_as("activation", "from"), say_as("activation", "to"), say("by"), say("why"))
    table(headings, rows, say("Nothing but the bare base has spoken for {persona} yet.", persona=persona))
