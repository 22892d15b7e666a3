"""What a channel holds, counted: it must say what training would take."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from db import channels, datasets, members, messages, personas, workspaces
from db.datasets import Tally
from db.messages import NewMessage
from db.models import Channel, Message, Workspace
from db.models.text import Provenance, Review
from db.session import Sessions, reading, transaction
from tests.fakes import community

PROVENANCES: tuple[Provenance, ...] = ("owner_file", "slack_export", "slack_api")
REVIEWS: tuple[Review, ...] = ("pending", "approved", "left_out")
AUTHORS = ("Yes", "No", "Silent", "Voice", "Blocked", None)


async def every_case(session: AsyncSession, now: datetime) -> list[Channel]:
    """Channels of all states in two workspaces, each with a message for all that a message can be."""
    made: list[Channel] = []
    for name in ("with a ground", "without"):
        workspace = await workspaces.ensure(session, "slack", name, name, now)
        workspace.permission_ground = "an agreement" if name == "with a ground" else None
        people = await members.ensure(session, workspace, [(one, one) for one in AUTHORS if one], now)
        ids = {one: member.id for one, member in people.items()}
        agreed = [ids["Yes"], ids["No"], ids["Blocked"]]
        await members.answer(session, agreed, "community", True, "asked", "test", now)
        await members.answer(session, [ids["No"]], "community", False, "changed their mind", "test", now)
        await members.answer(session, [ids["Voice"]], "voice", True, "asked", "test", now)
        await members.block(session, ids["Blocked"], "test", "", now)
        for state, each in product(("closed", "context", "training"), (False, True)):
            channel = await channels.ensure(session, workspace, f"{state} {each}", f"{state} {each}", now)
            channel.state, channel.review_each = state, each
            await say_everything(session, channel, ids, now)
            made.append(channel)
        await forgotten(session, workspace, now)
    return made


async def say_everything(session: AsyncSession, channel: Channel, ids: dict[str, int], now: datetime) -> None:
    for place, (provenance, review, author) in enumerate(product(PROVENANCES, REVIEWS, AUTHORS)):
        message = NewMessage(str(place), ids.get(author or ""), now + timedelta(minutes=place), f"number {place}")
        await messages.store(session, channel, [message], provenance, now)
        await session.execute(
            update(Message)
            .where(Message.channel_id == channel.id, Message.platform_id == str(place))
            .values(review=review)
        )


async def forgotten(session: AsyncSession, workspace: Workspace, now: datetime) -> None:
    erased = await channels.ensure(session, workspace, "erased", "erased", now)
    await messages.store(session, erased, [NewMessage("1", None, now, "gone")], "owner_file", now)
    await session.execute(update(Message).where(Message.channel_id == erased.id).values(deleted_at=now))


async def test_a_tally_says_what_a_persona_of_that_channel_would_learn(sessions: Sessions, now: datetime) -> None:
    async with transaction(sessions) as session:
        made = await every_case(session, now)
        for channel in made:
            await community.persona(session, now, channel, name=f"of {channel.id}")
    async with reading(sessions) as session:
        tallies = await datasets.tallies(session)
        assert tallies.keys() == {channel.id for channel in made}
        for channel in made:
            found = await datasets.learnable(session, await personas.named(session, f"of {channel.id}"))
            tally = tallies[channel.id]
            assert (tally.learnable, tally.left_out) == (len(found.texts), found.left_out), channel.name
            assert tally.provenances == Counter(dict.fromkeys(PROVENANCES, 18))
            assert (tally.authors, tally.yes, tally.no) == (5, 2, 1)


async def test_every_reason_is_met_and_the_first_that_holds_is_told(sessions: Sessions, now: datetime) -> None:
    async with transaction(sessions) as session:
        made = {(c.workspace_id, c.name): c.id for c in await every_case(session, now)}
        permitted, refused = sorted({workspace for workspace, _ in made})
        tallies = await datasets.tallies(session)
    assert tallies[made[permitted, "context False"]] == Tally(
        Counter(dict.fromkeys(PROVENANCES, 18)), 0, Counter({"channel not approved for training": 54}), 5, 2, 1
    )
    reviewed = tallies[made[permitted, "training True"]]
    assert (reviewed.learnable, reviewed.left_out) == (
        4,  # approved: of who said yes in each provenance, and the owner's own file without an author
        Counter(
            {
                "left out in review": 18,
                "not reviewed yet": 18,
                "no consent": 9,
                "author blocked": 3,
                "author unknown": 2,
            }
        ),
    )
    unpermitted = tallies[made[refused, "training False"]]
    assert unpermitted.left_out["no permission for API text"] == 12
    assert unpermitted.learnable == 2 * 3


async def test_without_any_text_there_is_nothing_to_tally(sessions: Sessions) -> None:
    async with reading(sessions) as session:
        assert await datasets.tallies(session) == {}
