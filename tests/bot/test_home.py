"""Everyone's own page: what a member sees of themselves, and when it is drawn anew."""

from pathlib import Path

import pytest

from bot.chat.commands.asked import Call
from bot.chat.events import MemberSeen, WorkspaceSeen
from bot.chat.verbs import moderation, watching
from bot.chat.verbs.authority import Actor
from db import channels, personas, runs
from db.models import Reply
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.house import House


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
