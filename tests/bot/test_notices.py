"""Whoever asked for a run hears how it ended, once, in their language."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.chat.notices import TOLD, Notices
from bot.chat.platform import NotShown
from db import members, notices, personas, runs
from db.members import RoleName
from db.models import Notice, Run
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.cards import rendered
from tests.fakes.messenger import RecordingMessenger


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    """Ann is an admin, and so is Ben."""
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await community.persona(session, now)
        for member in place.members.values():
            await members.set_role(session, member.id, "admin", "test", now)
    return sessions


@pytest.fixture
def slack() -> RecordingMessenger:
    return RecordingMessenger()


async def to(rows: Sessions, name: str) -> str:
    async with reading(rows) as session:
        return f"member:{(await members.named(session, name)).id}"


async def run_ended(rows: Sessions, status: runs.RunStatus, reason: str = "", by: str | None = None) -> None:
    """As the trainer leaves it, now."""
    now, by = datetime.now(UTC), by or await to(rows, "Ann")
    async with transaction(rows) as session:
        persona = await personas.named(session, "echo")
        figures = {"base": {"loss": 4.874}, "candidate": {"loss": 3.0}}
        values: dict[str, object] = {}
        if status == "succeeded":
            adapter = await community.candidate(session, persona, now, figures=figures)
            run = await session.get_one(Run, adapter.run_id)
            values["adapter"] = adapter.number
        else:
            run = await runs.enqueue(session, persona, kind="train", by=by, note="", settings={}, now=now)
            run.status, run.reason, run.finished_at = status, reason, now
        notices.leave(session, by, "run_ended", {"run": run.id, "status": status, "reason": reason, **values}, now)


async def left(rows: Sessions) -> list[Notice]:
    async with reading(rows) as session:
        return list(await session.scalars(select(Notice).order_by(Notice.id)))


async def later(rows: Sessions, time: timedelta) -> None:
    """As if so much more time had gone by for every notice."""

    def moved(value: object) -> object:
        return (datetime.fromisoformat(value) - time).isoformat() if isinstance(value, str) else value

    async with transaction(rows) as session:
        for notice in await session.scalars(select(Notice)):
            delivery = {name: moved(value) for name, value in notice.values.get("delivery", {}).items()}
            notice.values = {**notice.values, "delivery": delivery}


async def test_a_run_that_succeeded_comes_with_figures_and_what_to_do(
    rows: Sessions, slack: RecordingMessenger
) -> None:
    await run_ended(rows, "succeeded")
    await Notices(rows, {"slack": slack}).deliver()
    ((workspace, member, card),) = slack.written
    assert (workspace, member) == ("T1", "Ann")
    assert rendered(card).splitlines() == [
        "Run 1 of **echo** is done: adapter 1 waits to be promoted.",
        "loss on held-out text: 4.87 → 3.00",
        "took: 1 minute",
        "[Promote → promote echo 1] [Compare → compare echo 1] [All adapters → adapters echo]",
    ]
    (notice,) = await left(rows)
    assert notice.delivered_at is not None
    assert "delivery" not in notice.values


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        ("failed", "The disk is full.", "Run 1 of **echo** failed: The disk is full.\n[Train again → retrain echo]"),
        ("cancelled", "", "Run 1 of **echo** was cancelled.\n[Train again → retrain echo]"),
        ("skipped", "Too little new text.", "Run 1 of **echo** was skipped: Too little new text."),
    ],
)
async def test_how_else_a_run_ends_is_told_with_its_reason(
    rows: Sessions, slack: RecordingMessenger, status: runs.RunStatus, reason: str, told: str
) -> None:
    await run_ended(rows, status, reason)
    await Notices(rows, {"slack": slack}).deliver()
    assert [rendered(card) for _, _, card in slack.written] == [told]


@pytest.mark.parametrize("role", ["member", "curator"])
async def test_who_may_promote_no_more_is_told_without_buttons(
    rows: Sessions, slack: RecordingMessenger, role: RoleName
) -> None:
    async with transaction(rows) as session:
        ann = await members.named(session, "Ann")
        await members.set_role(session, ann.id, role, "test", ann.created_at)
    await run_ended(rows, "succeeded")
    await Notices(rows, {"slack": slack}).deliver()
    assert "[" not in rendered(slack.written[0][2])


async def test_it_is_told_in_the_members_language(rows: Sessions, slack: RecordingMessenger, monkeypatch) -> None:
    from db import words

    spoken: list[str] = []

    async def listening(*given):
        spoken.append(words.language())
        return await told(*given)

    told = TOLD["run_ended"]
    monkeypatch.setitem(TOLD, "run_ended", listening)
    async with transaction(rows) as session:
        members.choose_language(await members.named(session, "Ann"), "ja")
        (await members.named(session, "Ben")).locale = "en-GB"
    await run_ended(rows, "skipped", "x")
    await run_ended(rows, "skipped", "x", by=await to(rows, "Ben"))
    await Notices(rows, {"slack": slack}).deliver()
    assert sorted(spoken) == ["en", "ja"]


async def test_each_is_sent_once_whoever_looks_at_the_same_moment(rows: Sessions, slack: RecordingMessenger) -> None:
    for number in range(4):
        await run_ended(rows, "skipped", f"reason {number}")
    several = [Notices(rows, {"slack": slack}) for _ in range(4)]
    await asyncio.gather(*(one.deliver() for one in several))
    await asyncio.gather(*(one.deliver() for one in several))
    told = [rendered(card) for _, _, card in slack.written]
    assert len(told) == 4 == len(set(told))


async def test_the_shell_other_networks_and_unknown_kinds_are_let_alone(
    rows: Sessions, slack: RecordingMessenger
) -> None:
    await run_ended(rows, "skipped", "x", by="shell:me")
    async with transaction(rows) as session:
        notices.leave(session, await to(rows, "Ann"), "of a later version", {}, datetime.now(UTC))
    await Notices(rows, {"slack": slack}).deliver()
    await run_ended(rows, "skipped", "x")
    await Notices(rows, {"discord": RecordingMessenger("discord")}).deliver()
    assert slack.written == []
    assert [notice.delivered_at for notice in await left(rows)] == [None, None, None]
    await Notices(rows, {"slack": slack}).deliver()
    assert len(slack.written) == 1


async def test_one_who_cannot_be_written_to_holds_up_nobody(rows: Sessions, slack: RecordingMessenger) -> None:
    slack.refuses["Ann"] = NotShown("Ann has left.")
    await run_ended(rows, "skipped", "x")
    await run_ended(rows, "skipped", "y", by=await to(rows, "Ben"))
    await Notices(rows, {"slack": slack}).deliver()
    assert [member for _, member, _ in slack.written] == ["Ben"]


async def test_it_is_tried_again_with_growing_pauses_and_given_up_after_a_day(
    rows: Sessions, slack: RecordingMessenger
) -> None:
    telling = Notices(rows, {"slack": slack})
    slack.refuses["Ann"] = OSError("away")
    await run_ended(rows, "skipped", "x")
    pauses: list[int] = []
    for _ in range(60):
        await telling.deliver()
        (notice,) = await left(rows)
        if notice.delivered_at is not None:
            break
        wait = datetime.fromisoformat(notice.values["delivery"]["not_before"]) - datetime.now(UTC)
        pauses.append(round(wait.total_seconds()))
        await later(rows, wait + timedelta(seconds=1))
    assert pauses == sorted(pauses)
    assert pauses[0] in (4, 5)
    assert pauses[-1] == 3600
    assert len(pauses) < 40
    assert "given_up" in notice.values["delivery"]
    slack.refuses.clear()
    await telling.deliver()
    assert slack.written == []


async def test_who_can_be_reached_again_hears_it_then(rows: Sessions, slack: RecordingMessenger) -> None:
    telling = Notices(rows, {"slack": slack})
    slack.refuses["Ann"] = OSError("away")
    await run_ended(rows, "skipped", "x")
    await telling.deliver()
    slack.refuses.clear()
    await telling.deliver()
    assert slack.written == []  # not yet
    await later(rows, timedelta(seconds=10))
    await telling.deliver()
    assert len(slack.written) == 1
    assert (await left(rows))[0].delivered_at is not None


async def test_what_a_process_held_when_it_died_is_sent_a_minute_later(
    rows: Sessions, slack: RecordingMessenger
) -> None:
    await run_ended(rows, "skipped", "x")
    async with transaction(rows) as session:
        assert await notices.claim(session, ["slack"], ["run_ended"], datetime.now(UTC), 5)
    telling = Notices(rows, {"slack": slack})
    await telling.deliver()
    assert slack.written == []
    await later(rows, notices.HELD_FOR)
    await telling.deliver()
    assert len(slack.written) == 1


async def test_following_tells_what_comes_and_survives_what_fails(rows: Sessions, slack: RecordingMessenger) -> None:
    following = asyncio.create_task(Notices(rows, {"slack": slack}).follow())
    try:
        await asyncio.sleep(0.1)
        await run_ended(rows, "skipped", "x")
        async with asyncio.timeout(10):
            while True:
                if slack.written:
                    break
                await asyncio.sleep(0.05)
    finally:
        following.cancel()
