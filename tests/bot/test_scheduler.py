"""Who runs next, whatever happens: checked move by move against what must always hold."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from bot.generation.engine import EngineBusy
from bot.generation.scheduler import Scheduler

ROWS, WAITING = 4, 3


@dataclass(eq=False)
class Asked:
    rows: int


class Moves(RuleBasedStateMachine):
    """People come, give up at any moment and are done; `line` is what is fair: the order of coming."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.scheduler: Scheduler[Asked] = Scheduler(ROWS, WAITING)
        self.line: list[Asked] = []

    @rule(target=tickets, rows=st.integers(1, 2 * ROWS))
    def come(self, rows: int) -> Asked:
        ticket = Asked(rows)
        before = self.scheduler.all()
        try:
            self.scheduler.enter(ticket, rows)
            self.line.append(ticket)
        except EngineBusy:
            assert self.scheduler.all() == before, "who is refused changes nothing"
            assert len(list(self.scheduler.places())) == WAITING
        return ticket

    @rule(ticket=consumes(tickets))
    def leave(self, ticket: Asked) -> None:
        self.scheduler.leave(ticket)
        self.scheduler.leave(ticket)
        self.line = [one for one in self.line if one is not ticket]

    @precondition(lambda self: self.scheduler.running)
    @rule()
    def the_oldest_is_done(self) -> None:
        self.leave(self.scheduler.running[0])

    @invariant()
    def nobody_is_overtaken_lost_or_kept(self) -> None:
        waiting = [ticket for _, ticket in self.scheduler.places()]
        assert self.scheduler.running + waiting == self.scheduler.all() == self.line

    @invariant()
    def rows_are_never_more_than_there_are_and_never_idle_for_the_next(self) -> None:
        used = sum(min(ticket.rows, ROWS) for ticket in self.scheduler.running)
        assert used <= ROWS
        for _, following in list(self.scheduler.places())[:1]:
            assert used + min(following.rows, ROWS) > ROWS

    @invariant()
    def the_line_is_bounded_and_its_places_are_counted_from_one(self) -> None:
        places = [place for place, _ in self.scheduler.places()]
        assert places == list(range(1, len(places) + 1))
        assert len(places) <= WAITING

    def teardown(self) -> None:
        """However it went, everyone who came is served when those before are done: no one starves."""
        for _ in range(len(self.line)):
            assert self.scheduler.running
            self.the_oldest_is_done()
        assert self.scheduler.all() == []


TestScheduler = Moves.TestCase


def test_one_who_wants_more_rows_than_there_are_runs_alone() -> None:
    scheduler: Scheduler[str] = Scheduler(2, 5)
    scheduler.enter("small", 1)
    scheduler.enter("huge", 9)
    scheduler.enter("late", 1)
    assert scheduler.running == ["small"]
    scheduler.leave("small")
    assert scheduler.running == ["huge"]
    scheduler.leave("huge")
    assert scheduler.running == ["late"]


def test_a_full_line_is_busy() -> None:
    scheduler: Scheduler[str] = Scheduler(1, 1)
    scheduler.enter("speaks", 1)
    scheduler.enter("waits", 1)
    with pytest.raises(EngineBusy, match="1 requests are waiting already"):
        scheduler.enter("refused", 1)
    assert scheduler.all() == ["speaks", "waits"]
