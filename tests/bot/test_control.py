"""The control message: one in a workspace, shown anew when something changed, gone when it is wanted no more."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.chat import control
from bot.chat.cards import Card
from bot.chat.platform import NotShown, OutOfReach
from bot.chat.verbs import moderation
from bot.chat.verbs.authority import Actor
from db import channels, members, workspaces
from db.models import Audit, ControlMessage
from db.session import reading, transaction
from tests.fakes.cards import buttons, rendered
from tests.fakes.counter import Counter
from tests.fakes.square import Post, Square
from tests.fakes.watching import Watching

OWNER = Actor("shell:me", "owner")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PACE_S", 0.0)


def watching(counter: Counter, square: Square, first_wait_s: float = 0.0) -> Watching:
    """A process that keeps control messages in the square."""
    return Watching(counter.desk, square, first_wait_s)


def posts(square: Square) -> list[Post]:
    return [post for channel in square.posts.values() for post in channel]


async def rows(counter: Counter) -> list[ControlMessage]:
    async with reading(counter.sessions) as session:
        return list(await session.scalars(select(ControlMessage).order_by(ControlMessage.id)))


async def lease_ended(counter: Counter) -> None:
    """Whoever posts it is surely dead by now."""
    async with transaction(counter.sessions) as session:
        for one in await session.scalars(select(ControlMessage)):
            assert one.posting_until is not None
            one.posting_until -= timedelta(hours=1)


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


async def test_posted_by_whoever_died_before_keeping_it_it_is_found(counter: Counter, square: Square) -> None:
    async def dies_after_posting(name: str) -> None:
        if name == "write":
            raise asyncio.CancelledError

    await counter.reads("Ada", "control")
    square.hook = dies_after_posting
    await watching(counter, square).looks()
    square.hook = None
    await watching(counter, square).looks(2)
    assert (await rows(counter))[0].ref is None  # whoever posts it may be alive
    await lease_ended(counter)
    await watching(counter, square).looks(2)
    assert [(await rows(counter))[0].ref] == [post.ref for post in posts(square)]


async def test_taken_away_while_it_is_posted_it_goes_too(sqlite_counter: Counter, square: Square) -> None:
    async def takes_away(name: str) -> None:
        if name == "before write":
            await sqlite_counter.reads("Ada", "control remove=yes")

    await sqlite_counter.reads("Ada", "control")
    square.hook = takes_away
    process = watching(sqlite_counter, square)
    await process.looks()
    square.hook = None
    await process.looks()
    assert (posts(square), await rows(sqlite_counter)) == ([], [])


async def test_taken_away_while_it_is_shown_anew_it_goes_and_is_not_shown_again(
    sqlite_counter: Counter, square: Square
) -> None:
    await sqlite_counter.reads("Ada", "control")
    process = watching(sqlite_counter, square)
    await process.begins()

    async def takes_away(name: str) -> None:
        if name == "rewrite":
            square.hook = None
            await sqlite_counter.reads("Ada", "control remove=yes")
            await process.looked()

    square.hook = takes_away
    [row] = await rows(sqlite_counter)
    await process.begins()
    assert not process.pages.stands(("control", row.id))
    await process.looks()
    assert (posts(square), await rows(sqlite_counter)) == ([], [])


async def test_posted_by_whoever_died_and_wanted_no_more_it_goes(sqlite_counter: Counter, square: Square) -> None:
    async def dies_after_posting(name: str) -> None:
        if name == "write":
            raise asyncio.CancelledError

    await sqlite_counter.reads("Ada", "control")
    square.hook = dies_after_posting
    await watching(sqlite_counter, square).looks()
    square.hook = None
    await sqlite_counter.reads("Ada", "control remove=yes")
    await watching(sqlite_counter, square).looks()
    assert len(posts(square)) == 1
    await lease_ended(sqlite_counter)
    await watching(sqlite_counter, square).looks()
    assert (posts(square), await rows(sqlite_counter)) == ([], [])


async def test_two_bots_on_the_same_rows_post_one(counter: Counter, square: Square) -> None:
    async def slowly(name: str) -> None:
        await asyncio.sleep(0.02)

    await counter.reads("Ada", "control")
    square.hook = slowly
    await asyncio.gather(*(watching(counter, square).looks() for _ in range(3)))
    assert len(posts(square)) == 1


async def test_two_admins_who_place_it_at_the_same_moment_place_one(counter: Counter) -> None:
    await asyncio.gather(*(counter.reads(who, "control") for who in ("Ada", "Ann", "Ada", "Ann")))
    assert sum(one.taken_back_at is None for one in await rows(counter)) == 1


async def test_deleted_by_hand_it_is_wanted_no_more(sqlite_counter: Counter, square: Square) -> None:
    process = watching(sqlite_counter, square)
    await sqlite_counter.reads("Ada", "control")
    await process.looks(2)
    square.posts.clear()
    await moderation.pause(sqlite_counter.sessions, OWNER)
    await process.looks(3)
    assert (square.posts, await rows(sqlite_counter)) == ({}, [])


@pytest.mark.parametrize("trouble", ["no such channel", "not in channel"])
async def test_it_ends_with_its_channel(sqlite_counter: Counter, square: Square, trouble) -> None:
    process = watching(sqlite_counter, square)
    await sqlite_counter.reads("Ada", "control")
    await process.looks(2)
    square.fails = [OutOfReach(trouble)]
    await moderation.pause(sqlite_counter.sessions, OWNER)
    with capture_logs() as logged:
        await process.looks(3)
    assert await rows(sqlite_counter) == []
    assert {one["log_level"] for one in logged} == {"info"}
    assert square.letters == {}


async def test_where_it_may_not_be_posted_whoever_placed_it_is_told(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    square.fails = [NotShown("Nobody may write there.")]
    await watching(sqlite_counter, square).looks()
    [letter] = square.letters["Ada"]
    assert rendered(letter) == "The control message cannot stand in #general: Nobody may write there."
    assert await rows(sqlite_counter) == []


@pytest.mark.parametrize("failure", [ConnectionError(), OutOfReach("archived")])
async def test_what_fails_for_a_while_is_tried_again(sqlite_counter: Counter, square: Square, failure) -> None:
    process = watching(sqlite_counter, square)
    await sqlite_counter.reads("Ada", "control")
    await process.looks(2)
    square.fails = [failure, failure]
    await moderation.pause(sqlite_counter.sessions, OWNER)
    await process.looks(4)
    [post] = posts(square)
    assert "Paused" in rendered(post.card)
    assert (await rows(sqlite_counter))[0].ref == post.ref


async def test_a_network_that_fails_is_not_called_again_at_once(sqlite_counter: Counter, square: Square) -> None:
    process = watching(sqlite_counter, square, first_wait_s=100.0)
    await sqlite_counter.reads("Ada", "control")
    square.fails = [ConnectionError()]
    await process.looks(3)
    assert len(posts(square)) == 1  # by the one call that came through before it failed


async def test_a_network_that_is_away_is_not_called(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    square.here = False
    process = watching(sqlite_counter, square)
    await process.looks(2)
    assert square.posts == {}
    square.here = True
    await process.looks()
    assert len(posts(square)) == 1


async def test_after_a_restart_it_goes_on_in_the_same_post(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    await watching(sqlite_counter, square).looks(2)
    await moderation.pause(sqlite_counter.sessions, OWNER)
    await watching(sqlite_counter, square).looks(2)
    [post] = posts(square)
    assert "Paused" in rendered(post.card)


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
