"""The page of whoever runs the bot: what it is at, what failed, and what may be pressed."""

import dataclasses
from datetime import UTC, datetime, timedelta

from bot.chat import commands
from bot.chat.keeping import Standing
from bot.chat.verbs import watching
from db import channels, heartbeats, members, pauses, personas, runs
from db.models import Reply
from db.session import transaction
from tests.fakes import community
from tests.fakes.cards import buttons
from tests.fakes.house import House

MOST_BLOCKS = 60


async def test_an_admin_sees_a_run_go_with_bar_step_loss_and_time(house: House) -> None:
    await house.makes("Ben", "admin")
    run = await house.trains(step=50)
    page = await house.said("Ben")
    line = next(line for line in page.splitlines() if line.startswith(f"Run {run} of **echo**"))
    for part in ("▓▓░", "50/200", "loss 3.21", "2 min left"):
        assert part in line
    assert f"[Cancel → cancel {run}]" in page
    assert "[Train → retrain]" in page


async def test_an_admin_sees_candidates_with_figures_and_buttons(house: House) -> None:
    await house.makes("Ben", "admin")
    await house.candidate(figures={"base": {"loss": 4.874}, "candidate": {"loss": 3.0}})
    page = await house.said("Ben")
    assert "**echo**, adapter 1: held-out loss 4.87 → 3.00" in page
    assert "[Promote → promote echo 1] [Compare → compare echo 1] [Reject → reject echo 1]" in page
    assert "Run 1 of **echo** is done: adapter 1, held-out loss 4.87 → 3.00." in page


async def test_what_is_live_or_was_rejected_is_no_candidate_any_more(house: House, now) -> None:
    await house.makes("Ben", "admin")
    for _ in range(3):
        await house.candidate()
    async with transaction(house.sessions) as session:
        echo = await personas.named(session, "echo")
        newest, middle, _ = await watching.adapters.of(session, echo.id)
        newest.state = "rejected"
        await personas.activate(session, echo, middle, expected=None, by="t", why="", now=now)
    assert "# Candidates" not in await house.said("Ben")
    await house.candidate()
    assert "adapter 4: no figures" in await house.said("Ben")


async def test_an_admin_sees_the_queue_pauses_and_open_channels(house: House, now) -> None:
    await house.makes("Ben", "admin")
    async with transaction(house.sessions) as session:
        await pauses.begin(session, None, "test", now)
        await pauses.begin(session, (await channels.named(session, "general")).id, "test", now)
    page = await house.said("Ben")
    for line in ("waiting: 1", "being answered: 0", "oldest: 3 minutes", "Paused: everything, #general"):
        assert line in page
    assert "[Resume everything → resume 0]" in page
    assert "• #board: **echo** (collected for context)" in page


async def test_what_failed_within_a_day_is_grouped_by_its_reason(house: House) -> None:
    await house.makes("Ben", "admin")
    assert "(Nothing failed within the last day.)" in await house.said("Ben")
    now = datetime.now(UTC)
    async with transaction(house.sessions) as session:
        first = await session.get_one(Reply, 1)
        for number, (why, ago) in enumerate((("busy", 1), ("busy", 2), ("the disk is full " * 50, 3), ("old", 25))):
            values = {"status": "failed", "finish": why, "finished_at": now - timedelta(hours=ago), "asked": ""}
            ids = {"channel_id": first.channel_id, "persona_id": first.persona_id, "asker_id": first.asker_id}
            session.add(Reply(**ids, **values, platform_message_id=f"f{number}", created_at=now))
        persona = await personas.named(session, "echo")
        run = await runs.enqueue(session, persona, kind="train", by="t", note="", settings={}, now=now)
        run.status, run.reason, run.finished_at = "failed", "The child died.", now
    networks = [dataclasses.asdict(Standing(name, None, why)) for name, why in (("slack", "refused"), ("other", None))]
    async with transaction(house.sessions) as session:
        await heartbeats.beat(session, "bot", "one", {"networks": networks, "errors": {}}, now)
    house.live.errors["echo"] = "The file of adapter 1 is missing."
    page = await house.said("Ben")
    assert "• 2 replies: busy" in page
    assert "• 1 reply: the disk is full" in page
    assert "old" not in page.split("# What failed")[1].split("#")[0]
    assert max(map(len, page.splitlines())) < 400
    for line in (
        "• run 1 of echo failed: The child died.",
        "• Slack: refused",
        "• echo: The file of adapter 1 is missing.",
    ):
        assert line in page


async def test_a_curator_sees_it_all_and_may_press_less(house: House) -> None:
    await house.makes("Ben", "curator")
    await house.candidate()
    await house.trains()
    presses = {button.press for button in buttons(await house.page("Ben"))}
    assert presses == {"consent", "my_data", "compare"}
    assert "# Training" in await house.said("Ben")


async def test_a_member_sees_nothing_of_how_the_bot_is_run(house: House) -> None:
    await house.candidate()
    await house.trains()
    page = await house.said("Ben")
    assert "Run" not in page
    assert "# Candidates" not in page


async def test_every_button_leads_somewhere_and_the_page_stays_short(house: House, now) -> None:
    await house.makes("Ben", "owner")
    async with transaction(house.sessions) as session:
        place = (await channels.named(session, "general")).workspace_id
        ben = await members.named(session, "Ben")
        for number in range(40):
            persona = await community.persona(session, now, name=f"persona{number}")
            await community.candidate(session, persona, now)
            channel = channels.Channel(
                workspace_id=place, platform_id=f"X{number}", name=f"room{number}", state="context", created_at=now
            )
            session.add(channel)
            await session.flush()
            session.add(
                Reply(
                    channel_id=channel.id,
                    persona_id=persona.id,
                    asker_id=ben.id,
                    platform_message_id="m",
                    asked="",
                    status="failed",
                    finish=f"reason {number}",
                    finished_at=datetime.now(UTC),
                    created_at=now,
                )
            )
    page = await house.page("Ben")
    assert len(page.parts) <= MOST_BLOCKS
    assert {button.press for button in buttons(page)} <= set(commands.PRESSES)
