"""Thumbs on replies: one for each member and reply, the latest of which counts."""

import asyncio

import pytest
from sqlalchemy import select

from bot.chat.events import Cleared, MemberSeen, Thumbed, WorkspaceSeen
from bot.chat.feedback import Feedback
from bot.chat.verbs import moderation, replies
from bot.chat.verbs.authority import Actor, NotAllowed
from db import feedback, members
from db import replies as replies_rows
from db.feedback import Thumbs
from db.models import Feedback as Row
from db.models import Member
from db.replies import NoSuchReply
from db.session import Sessions, reading, transaction
from tests.fakes import community

ADMIN = Actor("shell:me", "admin")
HARBOUR = WorkspaceSeen("slack", "T1", "Harbour")


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    """Three questions of Ann's: answered in one post, in three posts, and with a failure."""
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        persona = await community.persona(session, now)
        for number, (status, ref) in enumerate((("done", "1.1"), ("done", "2.1\n2.2\n2.3"), ("failed", "3.1")), 1):
            text = "Hello." if status == "done" else None
            session.add(place.asked(persona, number, now, status=status, text=text, shown_ref=ref))
            await session.flush()
    return sessions


async def thumb(rows: Sessions, who: str | MemberSeen, ref: str, value: int = 1, *, on: bool = True, **other) -> None:
    member = MemberSeen(who, who) if isinstance(who, str) else who
    await Feedback(rows).thumbed(
        Thumbed(
            other.get("workspace", HARBOUR), other.get("channel", "C1"), ref, member, value, on, other.get("by", "+1")
        )
    )


async def kept(rows: Sessions) -> dict[int, Thumbs]:
    async with reading(rows) as session:
        return await feedback.thumbs(session, [1, 2, 3])


async def test_each_members_thumb_counts_once_on_each_reply(rows: Sessions) -> None:
    for who in ("Ann", "Ben", "Ann"):
        await thumb(rows, who, "1.1")
    await thumb(rows, "Ann", "2.1", -1)
    assert await kept(rows) == {1: Thumbs(2, 0), 2: Thumbs(0, 1)}


async def test_the_latest_thumb_counts(rows: Sessions) -> None:
    await thumb(rows, "Ann", "1.1", 1)
    await thumb(rows, "Ann", "1.1", -1)
    assert await kept(rows) == {1: Thumbs(0, 1)}


async def test_a_thumb_taken_back_is_gone_and_a_newer_one_stays(rows: Sessions) -> None:
    await thumb(rows, "Ann", "1.1", 1)
    await thumb(rows, "Ann", "1.1", 1, on=False)
    assert await kept(rows) == {}
    await thumb(rows, "Ann", "1.1", 1)
    await thumb(rows, "Ann", "1.1", -1, by="-1")
    await thumb(rows, "Ann", "1.1", 1, on=False)
    assert await kept(rows) == {1: Thumbs(0, 1)}


async def test_of_two_reactions_that_mean_the_same_one_may_be_taken_back(rows: Sessions) -> None:
    await thumb(rows, "Ann", "2.1", by="+1")
    await thumb(rows, "Ann", "2.1", by="heart")
    await thumb(rows, "Ann", "2.3", by="+1")
    for ref, by in (("2.1", "+1"), ("2.1", "heart")):
        await thumb(rows, "Ann", ref, on=False, by=by)
        assert await kept(rows) == {2: Thumbs(1, 0)}
    await thumb(rows, "Ann", "2.3", on=False, by="+1")
    assert await kept(rows) == {}


async def test_when_the_latest_reaction_is_taken_back_the_one_before_it_counts(rows: Sessions) -> None:
    await thumb(rows, "Ann", "1.1", 1, by="+1")
    await thumb(rows, "Ann", "1.1", -1, by="-1")
    await thumb(rows, "Ann", "1.1", -1, on=False, by="-1")
    assert await kept(rows) == {1: Thumbs(1, 0)}


async def test_a_reaction_taken_back_leaves_the_button_alone(rows: Sessions) -> None:
    ben = await as_member(rows, "Ben")
    await thumb(rows, "Ben", "1.1", -1, by="-1")
    assert await replies.thumb(rows, ben, 1, 1) == 1
    await thumb(rows, "Ben", "1.1", -1, on=False, by="-1")
    assert await kept(rows) == {1: Thumbs(1, 0)}
    await thumb(rows, "Ben", "1.1", 1, on=False, by="never given")
    assert await kept(rows) == {1: Thumbs(1, 0)}


async def test_a_thumb_of_before_reactions_were_told_apart_can_be_taken_back(rows: Sessions) -> None:
    await thumb(rows, "Ann", "1.1", 1)
    async with transaction(rows) as session:
        (await session.scalars(select(Row))).one().marks = []
    await thumb(rows, "Ann", "1.1", -1, on=False)
    assert await kept(rows) == {1: Thumbs(1, 0)}
    await thumb(rows, "Ann", "1.1", 1, on=False)
    assert await kept(rows) == {}


async def test_what_is_cleared_from_a_post_is_taken_back_for_everybody(rows: Sessions) -> None:
    ann = await as_member(rows, "Ann")
    await replies.thumb(rows, ann, 2, -1)
    await thumb(rows, "Ann", "2.1", by="+1")
    for ref, by in (("2.1", "+1"), ("2.2", "+1")):
        await thumb(rows, "Ben", ref, by=by)
    await thumb(rows, "Zoe", "2.1", by="heart")
    await Feedback(rows).cleared(Cleared(HARBOUR, "C1", "2.1", "heart"))
    assert await kept(rows) == {2: Thumbs(2, 0)}
    await Feedback(rows).cleared(Cleared(HARBOUR, "C1", "2.1"))
    assert await kept(rows) == {2: Thumbs(1, 1)}
    await Feedback(rows).cleared(Cleared(HARBOUR, "C1", "9.9"))
    await Feedback(rows).cleared(Cleared(HARBOUR, "C1", "2.2"))
    assert await kept(rows) == {2: Thumbs(0, 1)}


@pytest.mark.parametrize("ref", ["2.1", "2.2", "2.3"])
async def test_a_thumb_on_any_post_of_a_long_reply_is_on_the_reply(rows: Sessions, ref: str) -> None:
    await thumb(rows, "Ben", ref)
    assert await kept(rows) == {2: Thumbs(1, 0)}


@pytest.mark.parametrize("ref", ["9.9", "2.", "2.1\n2.2", "3.1", "%", "_._", ""])
async def test_posts_that_are_no_replies_are_passed_over(rows: Sessions, ref: str) -> None:
    await thumb(rows, "Zoe", ref)
    assert await kept(rows) == {}
    async with reading(rows) as session:
        assert "Zoe" not in set(await session.scalars(select(Member.name)))


async def test_other_channels_and_workspaces_hold_other_posts(rows: Sessions) -> None:
    await thumb(rows, "Ann", "1.1", channel="C2")
    await thumb(rows, "Ann", "1.1", workspace=WorkspaceSeen("slack", "T2", "Elsewhere"))
    await thumb(rows, "Ann", "1.1", workspace=WorkspaceSeen("discord", "T1", "Harbour"))
    assert await kept(rows) == {}


async def test_bots_and_blocked_members_have_no_say(rows: Sessions) -> None:
    await thumb(rows, MemberSeen("B1", "robot", is_bot=True), "1.1")
    await moderation.block(rows, ADMIN, "Ben")
    await thumb(rows, "Ben", "1.1")
    assert await kept(rows) == {}


async def test_who_was_never_seen_before_becomes_a_member(rows: Sessions) -> None:
    await thumb(rows, MemberSeen("U9", "Zoe", locale="ja-JP"), "1.1")
    async with reading(rows) as session:
        zoe = await members.named(session, "Zoe")
        assert (zoe.platform_id, zoe.locale) == ("U9", "ja-JP")
    assert await kept(rows) == {1: Thumbs(1, 0)}


async def test_many_at_once_leave_one_thumb_each(rows: Sessions) -> None:
    people = [f"U{n}" for n in range(5)]
    await asyncio.gather(*(thumb(rows, "Ann", "1.1", value) for value in (1, -1, 1, -1, 1)))
    await asyncio.gather(*(thumb(rows, who, "2.2", -1) for who in people))
    async with reading(rows) as session:
        assert len((await session.scalars(select(Row).where(Row.reply_id == 1))).all()) == 1
    assert (await kept(rows))[2] == Thumbs(0, 5)


async def as_member(rows: Sessions, name: str) -> Actor:
    async with reading(rows) as session:
        return Actor(f"member:{(await members.named(session, name)).id}", "member")


async def test_the_same_button_pressed_again_takes_the_thumb_back(rows: Sessions) -> None:
    ben = await as_member(rows, "Ben")
    assert await replies.thumb(rows, ben, 1, 1) == 1
    assert await replies.thumb(rows, ben, 1, -1) == -1
    assert await kept(rows) == {1: Thumbs(0, 1)}
    assert await replies.thumb(rows, ben, 1, -1) is None
    assert await kept(rows) == {}


async def test_a_button_pressed_by_who_has_reacted_takes_no_thumb_back_that_still_shows(rows: Sessions) -> None:
    await thumb(rows, "Ben", "1.1", 1, by="+1")
    ben = await as_member(rows, "Ben")
    assert await replies.thumb(rows, ben, 1, 1) == 1
    assert await replies.thumb(rows, ben, 1, 1) == 1, "the reaction still says so"
    await thumb(rows, "Ben", "1.1", 1, on=False, by="+1")
    assert await kept(rows) == {}


async def test_a_button_says_why_a_thumb_is_not_kept(rows: Sessions) -> None:
    ben = await as_member(rows, "Ben")
    for gone in (3, 99):
        with pytest.raises(NoSuchReply):
            await replies.thumb(rows, ben, gone, 1)
    await moderation.block(rows, ADMIN, "Ben")
    with pytest.raises(NotAllowed, match="An admin has asked me not to answer you here"):
        await replies.thumb(rows, ben, 1, 1)
    assert await kept(rows) == {}


async def test_thumbs_are_counted_where_replies_are_listed(rows: Sessions) -> None:
    await thumb(rows, "Ann", "1.1")
    await thumb(rows, "Ben", "1.1")
    await thumb(rows, "Ben", "2.3", -1)
    found = {reply.id: reply.thumbs for reply in await moderation.list_replies(rows, ADMIN)}
    assert found == {1: Thumbs(2, 0), 2: Thumbs(0, 1), 3: Thumbs(0, 0)}


@pytest.mark.parametrize("ref", ["1.1", "2.2"])
async def test_a_thumb_given_while_its_reply_is_erased_is_not_kept(rows: Sessions, ref: str) -> None:
    async with transaction(rows) as session:
        await replies_rows.erase(session, await replies_rows.numbered(session, int(ref[0])))
        coming = asyncio.create_task(thumb(rows, "Ann", ref))
        await asyncio.sleep(0.3)
    await coming
    assert await kept(rows) == {}
