"""Everyone's own page: what a member sees of themselves, and whoever runs the bot of what it is at."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chat import commands
from bot.chat.cards import Card
from bot.chat.commands.asked import Around, Call
from bot.chat.desk import Desk
from bot.chat.events import MemberSeen, WorkspaceSeen
from bot.chat.keeping import Standing
from bot.chat.verbs import moderation, watching
from bot.chat.verbs.authority import Actor
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
from db import channels, heartbeats, members, pauses, personas, runs
from db.members import RoleName
from db.models import Reply
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.cards import buttons, rendered
from tests.fakes.engine import ScriptedEngine, weightless

MOST_BLOCKS = 60


class House:
    """Harbour, where Ann has written and asked, Ben has a role, and the persona echo learns from #general."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        async def open_engine(base: str) -> ScriptedEngine:
            return ScriptedEngine()

        self.sessions = sessions
        self.live = LiveAdapters(sessions, Engines(weightless, open_engine), folder)
        self.desk = Desk(Around(sessions, self.live))

    async def page(self, who: str = "Ann", **member) -> Card:
        return await self.desk.home(Call(WorkspaceSeen("slack", "T1", "Harbour"), MemberSeen(who, who, **member)))

    async def said(self, who: str = "Ann", **member) -> str:
        return rendered(await self.page(who, **member))

    async def makes(self, name: str, role: RoleName) -> None:
        async with transaction(self.sessions) as session:
            member = await members.named(session, name)
            await members.set_role(session, member.id, role, "test", datetime.now(UTC))

    async def trains(self, step: int = 0, phase: str = "training") -> int:
        """A run under way."""
        now = datetime.now(UTC)
        async with transaction(self.sessions) as session:
            persona = await personas.named(session, "echo")
            await runs.enqueue(session, persona, kind="train", by="member:1", note="", settings={}, now=now)
            run = await runs.claim(session, "trainer", now)
            assert run is not None
            await runs.renew(session, run, now, phase)
            facts = {"step": step, "steps": 200, "loss": 3.214, "tokens_per_second": 5.0, "seconds_left": 130.0}
            runs.add_point(session, run, facts, now)
        return run.id

    async def candidate(self, **changed) -> int:
        async with transaction(self.sessions) as session:
            persona = await personas.named(session, "echo")
            return (await community.candidate(session, persona, datetime.now(UTC), **changed)).number


@pytest.fixture
async def house(sessions: Sessions, tmp_path: Path, now):
    async with transaction(sessions) as session:
        place = await community.found(session, now, "Ann", "Ben")
        persona = await community.persona(session, now, place.channel)
        await place.says(session, now, ("Ann", "good morning"), ("Ann", "the ferry is late"))
        hidden = await channels.ensure(session, place.workspace, "C9", "board", now)
        hidden.state = "context"
        for number, status in enumerate(("done", "queued"), 1):
            session.add(
                Reply(
                    channel_id=place.channel.id,
                    persona_id=persona.id,
                    asker_id=place.members["Ann"].id,
                    platform_message_id=f"m{number}",
                    asked="hello",
                    status=status,
                    created_at=datetime.now(UTC) - timedelta(minutes=3),
                )
            )
    house = House(sessions, tmp_path)
    yield house
    await house.live.aclose()


async def test_a_member_sees_who_speaks_their_channels_consent_and_data(house: House) -> None:
    assert (await house.said()).splitlines() == [
        "# Who speaks here",
        "• **echo**, as its base speaks",
        "Where you are:",
        "• #general: **echo** (collected for training)",
        "(Mention me in a channel, or write to me in Messages; `/yamabiko help` shows what else I do.)",
        "# May I learn from what you write?",
        "You have not answered yet; that counts as no.",
        "[Yes, learn from it → consent yes] [No → consent no]",
        "Kept here: 2 messages of yours, 2 questions, 0 thumbs.",
        "[My data → my_data]",
    ]


async def test_a_member_hears_of_no_channel_they_never_spoke_in(house: House) -> None:
    assert "board" not in await house.said("Ann")
    assert "general" not in await house.said("Ben")
    assert "board" not in await house.said("Zoe")


async def test_an_answer_given_by_button_stands_on_the_page_at_once(house: House) -> None:
    call = Call(WorkspaceSeen("slack", "T1", "Harbour"), MemberSeen("Ann", "Ann"))
    await house.desk.press(call, "consent", "yes")
    page = await house.said()
    assert "Yes: in channels opened for training" in page
    assert "[No → consent no]" in page
    assert "consent yes" not in page
    await house.desk.press(call, "consent", "no")
    page = await house.said()
    assert "No: no persona is trained on it." in page
    assert "consent no" not in page


async def test_the_channels_own_persona_and_its_adapter_are_named(house: House, now) -> None:
    await house.candidate(figures={})
    async with transaction(house.sessions) as session:
        other = await community.persona(session, now, name="gull")
        general = await channels.named(session, "general")
        general.persona_id = other.id
        echo = await personas.named(session, "echo")
        (adapter,) = await watching.adapters.of(session, echo.id)
        await personas.activate(session, echo, adapter, expected=None, by="t", why="", now=now)
    page = await house.said()
    assert "• **echo**: adapter 1, the community's voice" in page
    assert "• #general: **gull** (collected for training)" in page
    async with transaction(house.sessions) as session:
        (await channels.named(session, "general")).persona_id = None
    assert "• #general: whom you name (collected for training)" in await house.said()


async def test_the_page_speaks_the_members_language(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from db import words

    spoken: set[str] = set()

    async def seen(*given, **named):
        spoken.add(words.language())
        return await own(*given, **named)

    own = watching.myself
    monkeypatch.setattr(watching, "myself", seen)
    await house.page("Ann", locale="ja-JP")
    assert spoken == {"ja"}


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
        "• slack: refused",
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


async def test_with_no_persona_yet_the_page_says_so(sessions: Sessions, tmp_path: Path) -> None:
    house = House(sessions, tmp_path)
    assert "There is no persona yet." in await house.said()
    await house.makes("Ann", "owner")
    page = await house.said()
    assert "Nothing was trained yet." in page
    assert "No channel is open yet; `/yamabiko approve` opens the one it is typed in." in page


async def test_looking_for_changes_sees_what_the_page_tells_of(house: House, now) -> None:
    before = await watching.changes(house.sessions)
    assert await watching.changes(house.sessions) == before
    seen = {before}
    run = await house.trains(step=1)
    seen.add(await watching.changes(house.sessions))
    async with transaction(house.sessions) as session:
        facts = {"step": 2, "steps": 200, "loss": 3.0, "tokens_per_second": 5.0, "seconds_left": 130.0}
        runs.add_point(session, await runs.by_id(session, run), facts, now)
    seen.add(await watching.changes(house.sessions))
    async with transaction(house.sessions) as session:
        await runs.end(session, await runs.by_id(session, run), "failed", "why", now)
    seen.add(await watching.changes(house.sessions))
    call = Call(WorkspaceSeen("slack", "T1", "Harbour"), MemberSeen("Ann", "Ann"))
    await house.desk.press(call, "consent", "yes")
    seen.add(await watching.changes(house.sessions))
    await moderation.pause(house.sessions, Actor("member:2", "admin"))
    seen.add(await watching.changes(house.sessions))
    async with transaction(house.sessions) as session:
        (await session.get_one(Reply, 2)).status = "failed"
    seen.add(await watching.changes(house.sessions))
    assert len(seen) == 7
