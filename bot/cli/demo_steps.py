"""The steps that the demo's parts share: a base that is ready, a persona that is there and was taught.

Owns that each looks first whether it was done. Knows neither community nor novel.
"""

from bot.app import Rows
from bot.chat.verbs import personas, training
from bot.chat.verbs.personas import Wishes
from bot.chat.verbs.training import AdapterReport
from bot.cli.common import err, shell
from bot.cli.training import ENDED, run_told, wait_for
from bot.prepare import prepare
from db.personas import NoSuchPersona
from db.words import say


class DemoFailed(Exception):
    """The demo's training did not succeed; the message says why."""


async def base_ready(rows: Rows, base: str) -> None:
    """What keeps a base from being used is said before anything else is done. Raises BaseNotReady."""
    if base in rows.settings.bases.servers or rows.settings.is_prepared(base):
        return
    with err.status(say("preparing the base: {step}", step=base)) as status:

        def progress(step: str, part: float | None) -> None:
            status.update(say("preparing the base: {step}", step=f"{step} {part:.0%}" if part else step))

        await prepare(base, progress)


async def persona_there(rows: Rows, name: str, wishes: Wishes) -> None:
    """The persona, made if it is not there yet."""
    try:
        await personas.show(rows.sessions, shell(), name)
    except NoSuchPersona:
        await personas.create(rows.sessions, shell(), name, wishes)


async def taught(rows: Rows, persona: str, minutes: float) -> tuple[AdapterReport, bool]:
    """The persona's live adapter, and whether it was trained for this. Raises DemoFailed."""
    live = await _live(rows, persona)
    if live is not None:
        return live, False
    await _train(rows, persona, minutes)
    await training.promote(rows.sessions, shell(), persona, None, "the demo")
    live = await _live(rows, persona)
    assert live is not None
    return live, True


async def _live(rows: Rows, persona: str) -> AdapterReport | None:
    found = await training.list_adapters(rows.sessions, shell(), persona)
    return next((adapter for adapter in found if adapter.live), None)


async def _train(rows: Rows, persona: str, minutes: float) -> None:
    runs = await training.list_runs(rows.sessions, shell(), persona)
    open_runs = [run.id for run in runs if run.status not in ENDED]
    if not open_runs and any(
        a.state == "candidate" for a in await training.list_adapters(rows.sessions, shell(), persona)
    ):
        return
    run = (
        open_runs[0]
        if open_runs
        else await training.retrain(
            rows.sessions, shell(), persona, "the demo", {"max_minutes": minutes}, rows.settings.bases.servers
        )
    )
    report = await wait_for(rows, run)
    if report.status != "succeeded":
        raise DemoFailed(run_told(report))
