"""A run's loss over its steps, as one line that grows.

Owns which points count after an attempt was resumed, and how many a browser is given. Knows no rows.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from nicegui import ui

from bot.panel.frame import GREEN, SUN
from bot.panel.shown import loss as in_words
from db.words import say

MOST = 500  # points in the browser, whatever the run's length
_FEW = 20  # points, which a line alone would hide
_GREY = "#8a938f"


class Point(Protocol):
    @property
    def attempt(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def loss(self) -> float: ...


class LossLine:
    """`add` what is new; an attempt that was resumed takes the place of what had gone beyond that step."""

    def __init__(self) -> None:
        self.last = (0, -1)  # (attempt, step): what comes after it is new
        self._steps: list[int] = []
        self._losses: list[float] = []

    def add(self, points: Iterable[Point]) -> None:
        """Points in the order of attempt and step."""
        for point in points:
            while self._steps and self._steps[-1] >= point.step:
                self._steps.pop()
                self._losses.pop()
            self._steps.append(point.step)
            self._losses.append(point.loss)
            self.last = (point.attempt, point.step)

    def thinned(self, most: int = MOST) -> list[list[float]]:
        """`[step, loss]` in order, at most `most`: beyond that each stands for some, at the last step, by the mean."""
        each = -(-len(self._steps) // most) or 1
        drawn: list[list[float]] = []
        for start in range(0, len(self._steps), each):
            losses = self._losses[start : start + each]
            step = self._steps[min(start + each, len(self._steps)) - 1]
            drawn.append([step, round(sum(losses) / len(losses), 4)])
        return drawn


class LossChart:
    """The line in a chart, beside what base and candidate lose on held-out text once that is known."""

    def __init__(self) -> None:
        self.line = LossLine()
        self._chart = ui.echart(_options()).classes("w-full h-80")
        self._chart.props["role"] = "img"
        self._chart.props["aria-label"] = say("The loss of each training step")

    def add(self, points: Iterable[Point], steps: int) -> None:
        """Further points of a run of `steps` steps."""
        self.line.add(points)
        options = self._chart.options
        options["xAxis"]["max"] = max(steps, 2)
        drawn = self.line.thinned()
        options["series"][0] |= {"data": drawn, "showSymbol": len(drawn) < _FEW}
        self._chart.update()

    def hold_out(self, base: float | None, candidate: float | None, steps: int) -> None:
        """What base and candidate lose on held-out text, as lines across the whole run."""
        names = (
            say("held out, base: {loss}", loss=in_words(base)),
            say("held out, candidate: {loss}", loss=in_words(candidate)),
        )
        for place, (name, value) in enumerate(zip(names, (base, candidate), strict=True), start=1):
            if value is not None:
                series = self._chart.options["series"][place]
                series["name"], series["data"] = name, [[1, value], [max(steps, 2), value]]
        shown = [series["name"] for series in self._chart.options["series"] if series["name"]]
        self._chart.options["legend"]["data"] = shown
        self._chart.update()


def _options() -> dict[str, Any]:
    training = say("training")
    return {
        "animation": False,  # each second something comes; what is drawn stays where it is
        "grid": {"left": 8, "right": 20, "top": 52, "bottom": 8, "containLabel": True},
        "legend": {"data": [training], "top": 0, "left": 0, "icon": "rect", "itemHeight": 3, "itemWidth": 22},
        "tooltip": {"trigger": "axis", ":valueFormatter": "value => Number(value).toFixed(3)"},
        "xAxis": {"type": "value", "min": 1, "minInterval": 1, "splitLine": {"show": False}},
        "yAxis": {"type": "value", "scale": True, "splitLine": {"lineStyle": {"color": "#ebe8dd"}}},
        "series": [
            _series("train", training, GREEN, width=2),
            _series("base", "", _GREY, width=1.5, type="dashed"),
            _series("candidate", "", SUN, width=1.5, type="dashed"),
        ],
    }


def _series(id: str, name: str, colour: str, **line: Any) -> dict[str, Any]:
    look = {"type": "line", "showSymbol": False, "itemStyle": {"color": colour}, "lineStyle": {"color": colour, **line}}
    return {"id": id, "name": name, "data": [], **look}
