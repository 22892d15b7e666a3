"""A channel and its threads as one row of messages, by the ids alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import discord as library
import pytest

from bot.platforms.discord import timeline
from bot.platforms.discord.timeline import Timeline

DAY = 86400.0


class _Flowing:
    """A thread of messages with these ids."""

    def __init__(self, *ids: int) -> None:
        self.ids, self.calls = sorted(ids, reverse=True), 0

    async def history(self, *, limit: int, before: Any) -> Any:
        self.calls += 1
        for one in [one for one in self.ids if one < before.id][:limit]:
            yield library.Object(one)


def row_of(*flows: _Flowing) -> Timeline:
    """Of threads alone, whose ends are known."""
    made = Timeline(_NoChannel(), None, 0.0)  # type: ignore[arg-type]
    for number, flow in enumerate(flows):
        made._add(flow, number, flow.ids[0])  # type: ignore[arg-type]
    return made


class _NoChannel:
    id = 0

    def __init__(self) -> None:
        self.guild = self

    async def active_threads(self) -> list[library.Thread]:
        return []


async def through(row: Timeline, size: int) -> list[list[int]]:
    pages: list[list[int]] = []
    while not row.ended:
        pages.append([one.id for one in await row.page(size)])
    return pages


async def test_threads_are_laid_together_by_time_and_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [number << 22 for number in range(1, 1201)]
    flows = [_Flowing(*at[first::3]) for first in range(3)]
    pages = await through(row_of(*flows), 100)
    assert [one for page in pages for one in page] == at[::-1]
    assert [flow.calls for flow in flows] == [5, 5, 5]
    monkeypatch.setattr(timeline, "KEPT", 150)  # what does not fit is read again when its time comes
    again = [_Flowing(*at[first::3]) for first in range(3)]
    assert [one for page in await through(row_of(*again), 100) for one in page] == at[::-1]


async def test_a_page_ends_between_two_milliseconds() -> None:
    same = [(500 << 22) + number for number in range(150)]
    flow = _Flowing(*same, 7 << 22)
    row = row_of(flow)
    first = await row.page(100)
    assert sorted(one.id for one in first) == same
    assert row.back_to <= library.utils.snowflake_time(500 << 22)
    assert [one.id for one in await row.page(100)] == [7 << 22]
    assert row.ended


async def test_where_there_is_much_to_ask_a_page_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "CALLS", 3)
    flows = [_Flowing(number << 22) for number in range(1, 11)]
    pages = await through(row_of(*flows), 100)
    assert len(pages) > 3
    assert [one >> 22 for page in pages for one in page] == list(range(10, 0, -1))


def test_ids_are_made_of_the_time() -> None:
    moment = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    found = library.utils.snowflake_time(library.utils.time_snowflake(moment, high=True))
    assert found - moment < timedelta(milliseconds=1)
