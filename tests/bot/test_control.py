"""The control message: one in a workspace, shown anew when something changed, gone when it is wanted no more."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.chat import control
from bot.chat.cards import Card
from bot.chat.verbs import moderation
from bot.chat.verbs.authority import Actor
from db import channels, members, workspaces
from db.models import Audit
from db.session import reading, transaction
from tests.fakes.cards import buttons, rendered
from tests.fakes.counter import Counter
from tests.fakes.square import Square
from tests.fakes.watching import posts, rows, watching

OWNER = Actor("shell:me", "owner")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PACE_S", 0.0)


async def test_an_admin_places_it_and_it_is_shown_anew_when_something_changed(counter: Counter, square: Square) -> None:
    assert (await counter.reads("Ada", "control")).splitlines()[0] == (
        "The control message comes to #general. There is one at a time: an earlier one goes."
    )
    process = watching(counter, square)
    await process.looks(3)
    [post] = posts(square)
    assert post.card.private is False
    assert "# Training" in rendered(post.card)
    changed = post.changed
    await process.looks(3)
    assert post.changed == changed
    await moderation.pause(counter.sessions, OWNER)
    await process.looks()
    assert post.changed == changed + 1
    assert "[Resume everything → resume 0]" in rendered(post.card)
    async with reading(counter.sessions) as session:
        audited = await session.scalar(select(Audit).where(Audit.verb == "place_control"))
    assert audited is not None
    assert audited.subject == {"channel": counter.here.channel.id}


async def test_nothing_that_is_one_members_own_stands_in_it(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    await watching(sqlite_counter, square).looks()
    presses = {button.press for button in buttons(posts(square)[0].card)}
    assert not presses & {"consent", "my_data"}
    assert "Where you are" not in rendered(posts(square)[0].card)


async def test_placed_anew_it_moves(counter: Counter, square: Square) -> None:
    process = watching(counter, square)
    await counter.reads("Ada", "control")
    await process.looks(2)
    async with transaction(counter.sessions) as session:
        other = await channels.ensure(session, counter.here.workspace, "C2", "board", datetime.now(UTC))
    await counter.reads("Ann", f"control #{other.id}")
    await process.looks(2)
    assert [len(square.posts[one]) for one in ("C1", "C2")] == [0, 1]
    assert len(await rows(counter)) == 1


async def test_it_goes_when_an_admin_takes_it_away(counter: Counter, square: Square) -> None:
    process = watching(counter, square)
    assert "There is no control message" in await counter.reads("Ada", "control remove=yes")
    await counter.reads("Ada", "control")
    await process.looks(2)
    assert await counter.reads("Ann", "control remove=yes") == "The control message goes."
    await process.looks()
    assert (posts(square), await rows(counter)) == ([], [])


async def test_taken_away_before_it_was_posted_it_never_comes(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    await sqlite_counter.reads("Ada", "control remove=yes")
    await watching(sqlite_counter, square).looks()
    assert (square.posts, await rows(sqlite_counter)) == ({}, [])


async def test_who_is_no_admin_places_none(sqlite_counter: Counter) -> None:
    assert "Only an admin may do this" in await sqlite_counter.reads("Cleo", "control")
    assert await rows(sqlite_counter) == []


async def test_it_stands_in_a_channel_of_the_workspace_it_is_asked_in(sqlite_counter: Counter) -> None:
    async with transaction(sqlite_counter.sessions) as session:
        far = await workspaces.ensure(session, "slack", "T9", "Elsewhere", datetime.now(UTC))
        other = await channels.ensure(session, far, "C9", "far", datetime.now(UTC))
    assert "That channel belongs elsewhere" in await sqlite_counter.reads("Ada", f"control #{other.id}")
    assert await rows(sqlite_counter) == []


async def test_it_is_nobodys_once_who_placed_it_is_no_admin(sqlite_counter: Counter, square: Square) -> None:
    process = watching(sqlite_counter, square)
    await sqlite_counter.reads("Ada", "control")
    await process.looks(2)
    async with transaction(sqlite_counter.sessions) as session:
        ada = sqlite_counter.here.members["Ada"].id
        await members.set_role(session, ada, "curator", "test", datetime.now(UTC))
    await moderation.pause(sqlite_counter.sessions, OWNER)
    await process.looks(2)
    [post] = posts(square)
    assert rendered(post.card).splitlines() == [
        "Whoever placed this message is no admin any more, so it is nobody's and shows nothing.",
        "(An admin has it again with `/yamabiko control`.)",
    ]
    await sqlite_counter.reads("Ann", "control")
    await process.looks(3)
    [post] = posts(square)
    assert "# Training" in rendered(post.card)


async def test_it_changes_less_often_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(control, "PACE_S", 5.0)
    assert control._pace(now) == 5.0
    assert control._pace(now - timedelta(hours=2)) == control.PACE_OF_OLD_S


async def test_it_is_never_longer_than_a_message_may_be(
    sqlite_counter: Counter, square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with transaction(sqlite_counter.sessions) as session:
        for number in range(30):
            one = await channels.ensure(
                session, sqlite_counter.here.workspace, f"C{number + 10}", f"{'x' * 95}{number:05}", datetime.now(UTC)
            )
            one.state = "context"
    sqlite_counter.live.errors.update({f"persona {number}": "y" * 1000 for number in range(30)})
    for _ in range(6):
        await sqlite_counter.learned(datetime.now(UTC))
    await sqlite_counter.reads("Ada", "control")
    await watching(sqlite_counter, square).looks()
    [post] = posts(square)
    assert len(rendered(post.card)) < 4000
    assert sum(hasattr(part, "actions") for part in post.card.parts) <= 5
    assert "There is more than fits here" in rendered(post.card)


async def test_it_speaks_the_language_of_the_config(
    sqlite_counter: Counter, square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []

    async def heard(asked: object) -> Card:
        spoken.append(control.words.language())
        return Card([])

    monkeypatch.setattr(control.home, "control", heard)
    await sqlite_counter.reads("Ada", "control")
    control.words.set_default("ja")
    await watching(sqlite_counter, square).looks()
    assert set(spoken) == {"ja"}
