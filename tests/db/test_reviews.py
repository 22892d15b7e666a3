"""Looking through a channel: search in any width and case, leaves, newest first."""

from datetime import datetime

import pytest

from db import messages, reviews
from db.models.text import Review
from db.session import Sessions, reading, transaction
from tests.fakes import community

SAID = (
    ("Ann", "親譲りの無鉄砲で小供の時から損ばかりしている。"),
    ("Ben", "ＡＮＴＥＮＮＡは屋根の上"),
    ("Ann", "Antenna tuners, 100% real_ones"),
    ("Ben", "ｶﾞｲﾄﾞを読んで"),
    ("Ann", "ガイドは①ページから"),
    ("Ben", "Straße ÉTÉ"),
)


async def found(sessions: Sessions, now: datetime, wanted: str, state: Review | None = None) -> list[str]:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await place.says(session, now, *SAID)
    async with reading(sessions) as session:
        leaf = await reviews.leaf(session, place.channel, state, wanted, 0)
    assert leaf.total == len(leaf.messages)
    return [message.text for message in leaf.messages]


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ("無鉄砲", [0]),
        ("antenna", [2, 1]),
        ("ａｎｔｅｎｎａ", [2, 1]),
        ("ガイド", [4, 3]),
        ("ｶﾞｲﾄﾞ", [4, 3]),
        ("1ページ", [4]),
        ("100%", [2]),
        ("l_o", [2]),
        ("e_i", []),  # not any character
        ("%", [2]),
        ("  tuners ", [2]),
        ("été", [5]),
        ("'; drop table message; --", []),
        ("", [5, 4, 3, 2, 1, 0]),
    ],
)
async def test_a_search_finds_whatever_the_width_and_the_case(
    sessions: Sessions, now: datetime, wanted: str, places: list[int]
) -> None:
    assert await found(sessions, now, wanted) == [SAID[place][1] for place in places]


async def test_leaves_go_from_the_newest_to_the_oldest(sessions: Sessions, now: datetime) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await place.says(session, now, *[("Ann", f"said {number}") for number in range(120)])
        leaves = [await reviews.leaf(session, place.channel, None, "", number) for number in range(4)]
    assert [leaf.total for leaf in leaves] == [120] * 4
    texts = [message.text for leaf in leaves for message in leaf.messages]
    assert texts == [f"said {number}" for number in reversed(range(120))]
    assert [len(leaf.messages) for leaf in leaves] == [50, 50, 20, 0]


async def test_only_a_state_is_looked_through(sessions: Sessions, now: datetime) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await place.says(session, now, ("Ann", "one"), ("Ben", "two"), ("Ann", "three"))
        newest = (await reviews.leaf(session, place.channel, None, "", 0)).messages[0]
        await messages.set_review(session, [newest.id], "left_out")
        left_out = await reviews.leaf(session, place.channel, "left_out", "", 0)
        pending = await reviews.leaf(session, place.channel, "pending", "", 0)
    assert [message.text for message in left_out.messages] == ["three"]
    assert [message.text for message in pending.messages] == ["two", "one"]


async def test_who_is_mentioned_stands_there_by_name(sessions: Sessions, now: datetime) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await place.says(session, now, ("Ann", f"ask <@member:{place.members['Ben'].id}>"))
        (shown,) = (await reviews.leaf(session, place.channel, None, "", 0)).messages
    assert (shown.author, shown.text) == ("Ann", "ask @Ben")
