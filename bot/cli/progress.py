"""A run's progress on the terminal: one line that moves, or plain lines where output is not a terminal."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from bot.chat.verbs.training import RunReport
from db.coded import phase_shown, shown
from db.words import say

_COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.fields[figures]}"),
)
_PLAIN_EVERY = 10  # steps


class RunProgress:
    """`with RunProgress(console) as progress: progress.show(report)` as often as you like."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(*_COLUMNS, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(say("waiting for the trainer"), total=None, figures="")
        self._told = ""

    def __enter__(self) -> "RunProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, run: RunReport) -> None:
        what = _what(run)
        in_steps = run.phase == "training" and run.steps > 0
        self._bar.update(
            self._task,
            description=what,
            total=run.steps if in_steps else None,
            completed=run.step if in_steps else 0,
            figures=figures(run) if in_steps else "",
        )
        if not self._console.is_terminal:
            self._tell(f"{what}: {figures(run)}" if in_steps else what, run, in_steps)

    def _tell(self, line: str, run: RunReport, in_steps: bool) -> None:
        mark = f"{run.step // _PLAIN_EVERY}" if in_steps else line
        if mark != self._told:
            self._told = mark
            self._console.print(line, markup=False)


def figures(run: RunReport) -> str:
    values = {"step": run.step, "steps": run.steps, "left": clock(run.seconds_left or 0)}
    if run.loss is None:
        return say("step {step} of {steps}, {left} left", **values)
    return say("step {step} of {steps}, loss {loss:.3f}, {left} left", loss=run.loss, **values)


def _what(run: RunReport) -> str:
    if run.phase:
        return phase_shown(run.phase)
    return say("waiting for the trainer") if run.status == "queued" else shown("run status", run.status)


def clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
