"""People in a channel are told what it is open for: once for each state, in their workspace's language."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.cards import Card
from bot.chat.collecting.live import Collecting
from bot.chat.collecting.opening import Opening, notice
from bot.chat.events import Left
from bot.chat.platform import NotShown, OutOfReach
from bot.chat.verbs import text
from db import backfills, noticing, words
from db.backfills import Progress
from db.models import Channel
from db.session import Sessions, reading, transaction
from tests.fakes.past import OWNER, open_channel, progress
from tests.fakes.square import HARBOUR, Square, text_of


@pytest.fixture
async def untold(sessions: Sessions, now) -> Sessions:
    """Harbour/general was opened for context just now."""
    await open_channel(sessions, now, noticed=None)
    return sessions


@pytest.fixture
async def untold_here(sqlite_sessions: Sessions, now) -> Sessions:
    await open_channel(sqlite_sessions, now, noticed=None)
    return sqlite_sessions


async def look(sessions: Sessions, square: Square, days: int = 365) -> None:
    await asyncio.gather(*await Opening(sessions, {"slack": square}, days).look())


async def row(sessions: Sessions) -> Channel:
    async with reading(sessions) as session:
        return await session.get_one(Channel, 1)


async def an_hour_later(sessions: Sessions) -> None:
    """Whoever claimed a notice is surely dead by now."""
    async with transaction(sessions) as session:
        channel = await session.get_one(Channel, 1)
        assert channel.notice_until is not None
        channel.notice_until -= timedelta(hours=1)


async def test_each_state_is_told_once(untold: Sessions, square: Square) -> None:
    for _ in range(2):
        await look(untold, square)
    await text.approve(untold, OWNER, 1, True)
    for _ in range(2):
        await look(untold, square)
    await text.close(untold, OWNER, 1)
    for _ in range(2):
        await look(untold, square)
    told = [text_of(post.card).splitlines()[0] for post in square.posts["C1"]]
    assert told == ["I collect messages here", "I collect messages here", "I no longer collect messages here"]
    found = await row(untold)
    assert (found.noticed, found.notice_ref, found.notice_nonce) == ("closed", square.posts["C1"][-1].ref, None)


async def test_a_channel_that_was_never_opened_is_told_nothing(sqlite_sessions: Sessions, square: Square, now) -> None:
    await open_channel(sqlite_sessions, now, state="closed", noticed=None)
    await look(sqlite_sessions, square)
    assert square.posts == {}


@pytest.mark.parametrize(
    ("state", "days", "says"),
    [
        ("context", 365, "in the last 365 days"),
        ("context", 1, "in the last 1 day is"),
        ("context", 0, "What was written before is not read."),
        ("training", 365, "only from messages of people who said yes"),
        ("context", 365, "[Yes, learn from my messages: consent yes]\n[No, do not: consent no]"),
    ],
)
def test_the_notice_says_what_for_how_far_back_and_how_to_answer(state, days, says) -> None:
    card = notice(Channel(name="general", state=state), days)
    assert not card.private
    assert says in text_of(card)
    assert "/yamabiko privacy" in text_of(card)


async def test_the_notice_is_in_the_language_of_the_workspace_whoever_opened_it(
    untold_here: Sessions, square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []

    def heard(channel: Channel, days: int) -> Card:
        spoken.append(words.language())
        return notice(channel, days)

    monkeypatch.setattr("bot.chat.collecting.opening.notice", heard)
    words.set_default("ja")
    with words.speaking("en"):
        await look(untold_here, square)
    assert spoken == ["ja"]


async def test_a_notice_posted_by_whoever_died_before_keeping_it_is_found(untold: Sessions, square: Square) -> None:
    async def dies_after_posting(name: str) -> None:
        if name == "write":
            raise asyncio.CancelledError

    square.hook = dies_after_posting
    tasks = await Opening(untold, {"slack": square}, 365).look()
    await asyncio.gather(*tasks, return_exceptions=True)
    square.hook = None
    await look(untold, square)
    assert (await row(untold)).noticed is None  # its claim may be alive
    await an_hour_later(untold)
    await look(untold, square)
    [post] = square.posts["C1"]
    assert ((await row(untold)).noticed, (await row(untold)).notice_ref) == ("context", post.ref)


async def test_a_notice_that_nobody_posted_before_dying_is_posted(untold_here: Sessions, square: Square) -> None:
    async def dies_before_posting(name: str) -> None:
        if name == "before write":
            raise asyncio.CancelledError

    square.hook = dies_before_posting
    await asyncio.gather(*await Opening(untold_here, {"slack": square}, 365).look(), return_exceptions=True)
    square.hook = None
    await an_hour_later(untold_here)
    await look(untold_here, square)
    assert len(square.posts["C1"]) == 1


async def test_two_bots_on_the_same_rows_tell_once(untold: Sessions, square: Square) -> None:
    async def slowly(name: str) -> None:
        await asyncio.sleep(0.02)

    square.hook = slowly
    await asyncio.gather(*(look(untold, square) for _ in range(4)))
    assert len(square.posts["C1"]) == 1


async def test_where_the_bot_may_not_write_the_list_of_channels_says_so_until_it_may(
    untold_here: Sessions, square: Square
) -> None:
    opening = Opening(untold_here, {"slack": square}, 365, first_wait_s=0.0)
    square.fails = [OutOfReach("not in channel"), NotShown("restricted")]
    await asyncio.gather(*await opening.look())
    assert await progress(untold_here) == Progress(0, None, False, "not in channel")
    await asyncio.gather(*await opening.look())
    assert await progress(untold_here) == Progress(0, None, False, "may not write")
    [listed] = await text.list_channels(untold_here, OWNER)
    assert listed.past == await progress(untold_here)


async def test_a_refused_notice_waits_but_another_state_is_told_at_once(untold_here: Sessions, square: Square) -> None:
    opening = Opening(untold_here, {"slack": square}, 365)
    square.fails = [ConnectionError()]
    await asyncio.gather(*await opening.look())
    assert await opening.look() == []
    await text.approve(untold_here, OWNER, 1, True)
    await asyncio.gather(*await opening.look())
    assert (await row(untold_here)).noticed == "training"


async def test_thrown_out_nobody_is_told(untold_here: Sessions, square: Square) -> None:
    await look(untold_here, square)
    await Collecting(untold_here).left(Left(HARBOUR))
    await look(untold_here, square)
    assert len(square.posts["C1"]) == 1


async def test_a_closed_channel_that_cannot_be_told_is_left_alone(untold_here: Sessions, square: Square) -> None:
    await look(untold_here, square)
    await text.close(untold_here, OWNER, 1)
    square.fails = [OutOfReach("archived")]
    await look(untold_here, square)
    assert (await row(untold_here)).noticed == "closed"
    async with reading(untold_here) as session:
        assert await noticing.untold(session, ["slack"], datetime.now(UTC)) == []
        assert await backfills.progress(session) == {}
