"""A run's progress on the terminal: one line that moves, or plain lines where output is not a terminal."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from bot.chat.verbs.training import RunReport

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
        self._task = self._bar.add_task("waiting for the trainer", total=None, figures="")
        self._told = ""

    def __enter__(self) -> "RunProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, run: RunReport) -> None:
        what = run.phase or ("waiting for the trainer" if run.status == "queued" else run.status)
        in_steps = what == "training" and run.steps > 0
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
    loss = f"loss {run.loss:.3f}, " if run.loss is not None else ""
    return f"step {run.step} of {run.steps}, {loss}{clock(run.seconds_left or 0)} left"


def clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
