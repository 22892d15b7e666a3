"""One line out of a run's points, whatever became of its attempts."""

from dataclasses import dataclass

from bot.panel.loss_chart import MOST, LossLine


@dataclass
class At:
    attempt: int
    step: int
    loss: float


def test_points_stand_in_their_order() -> None:
    line = LossLine()
    line.add([At(1, 1, 4.0), At(1, 2, 3.0)])
    line.add([At(1, 3, 2.0)])
    assert line.thinned() == [[1, 4.0], [2, 3.0], [3, 2.0]]
    assert line.last == (1, 3)


def test_a_resumed_attempt_takes_the_place_of_what_went_beyond_its_beginning() -> None:
    line = LossLine()
    line.add([At(1, step, 4.0) for step in range(1, 8)])
    line.add([At(2, step, 2.0) for step in (5, 6)])
    assert line.thinned() == [[1, 4.0], [2, 4.0], [3, 4.0], [4, 4.0], [5, 2.0], [6, 2.0]]
    line.add([At(3, 1, 9.0)])
    assert line.thinned() == [[1, 9.0]]


def test_a_long_run_is_thinned_by_means_and_ends_at_its_last_step() -> None:
    line = LossLine()
    line.add([At(1, step, float(step)) for step in range(1, 10_001)])
    drawn = line.thinned()
    assert len(drawn) == MOST
    assert drawn[0] == [20, 10.5]
    assert drawn[-1] == [10_000, 9990.5]


def test_a_line_without_points_is_empty() -> None:
    assert LossLine().thinned() == []
