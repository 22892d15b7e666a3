"""Collecting in Slack: the real SDK against the pretended one, rows in both databases."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.chat.collecting.backfill import Backfill
from bot.chat.collecting.live import Collecting
from bot.chat.collecting.opening import Opening
from bot.chat.commands.asked import Around
from bot.chat.desk import Desk
from bot.chat.events import Event, Mention, Missed
from bot.chat.verbs import text
from bot.platforms.slack.checks import Keys
from bot.platforms.slack.pace import Pace
from bot.platforms.slack.platform import Slack
from db import channels, workspaces
from db.backfills import Progress
from db.models import Channel, Member, Message
from db.session import Sessions, reading, transaction
from tests.fakes import slack as fake
from tests.fakes.past import OWNER, every_text, kept, progress, texts
from tests.fakes.slack import FakeSlack

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Bot:
    """What of the bot reads, listens and tells."""

    def __init__(self, sessions: Sessions, network: Slack) -> None:
        self.sessions, self.network = sessions, network
        self.opening = Opening(sessions, {"slack": network}, 365, first_wait_s=0.0)
        self.backfill = Backfill(sessions, {"slack": network}, 365, first_wait_s=0.0)

    async def opens(self, channel: fake.Channel, *, training: bool = False) -> None:
        """An admin opens a channel that has been seen; everyone there is told, and its past is read."""
        async with transaction(self.sessions) as session:
            place = await workspaces.ensure(session, "slack", FakeSlack.team, "Harbour", MORNING)
            number = (await channels.ensure(session, place, channel.id, channel.name, MORNING)).id
        await text.approve(self.sessions, OWNER, number, training)
        await self.works()

    async def works(self) -> None:
        await asyncio.gather(*await self.opening.look())
        await asyncio.gather(*await self.backfill.look())

    async def row(self, channel: fake.Channel) -> Channel:
        async with reading(self.sessions) as session:
            return (await session.scalars(select(Channel).where(Channel.platform_id == channel.id))).one()

    async def progress(self, channel: fake.Channel) -> Progress | None:
        return await progress(self.sessions, (await self.row(channel)).id)

    async def texts(self) -> list[str]:
        return await texts(self.sessions)


@asynccontextmanager
async def listening(sessions: Sessions, slack: FakeSlack) -> AsyncGenerator[Bot]:
    """A bot that is connected and hears."""
    keys = Keys(slack.bot_token, slack.app_token, "socket", slack.signing_secret, slack.api)
    network = Slack(Desk(Around(sessions, cast(Any, SimpleNamespace()))), keys, pace=Pace(scale=0.05))
    collecting = Collecting(sessions)

    async def on_event(event: Event) -> None:
        name = type(event).__name__.lower()
        if not isinstance(event, Mention) and hasattr(collecting, name):
            await getattr(collecting, name)(event)
        if isinstance(event, Missed):
            connected.set()

    connected = asyncio.Event()
    running = asyncio.create_task(network.run(on_event))
    async with asyncio.timeout(20):
        await connected.wait()
    try:
        yield Bot(sessions, network)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_written_edited_and_deleted_in_an_opened_channel_is_followed(
    sessions: Sessions, slack: FakeSlack
) -> None:
    ann, ben = slack.person("Ann", locale="ja-JP"), slack.person("Ben")
    general, random = slack.channel("general", ann, ben), slack.channel("random", ann)
    async with listening(sessions, slack) as bot:
        await bot.opens(general)
        first = await ann.post(general, f"hello <@{ben.id}> & all, see <https://a.example|the page>")
        second = await ben.post(general, "helo")
        third = await ben.post(general, "I regret this", thread=first)
        await ann.post(random, "nobody opened this")
        await ann.dm("between us")
        await ann.mention(general, "what do you think?")
        await slack.settled()
        await ben.edit(second, "hello")
        await ben.delete(third)
        await slack.settled()
        ben_row = await member(sessions, ben.id)
        bot_row = await member(sessions, slack.bot_user)
        assert await kept(sessions) == [
            ("Ann", f"hello <@member:{ben_row.id}> & all, see the page (https://a.example)", 1),
            ("Ben", "hello", 2),
            ("Ann", f"<@member:{bot_row.id}> what do you think?", 1),
        ]
        assert (await member(sessions, ann.id)).locale == "ja-JP"
        assert "I regret this" not in await every_text(sessions)
        async with reading(sessions) as session:
            assert set(await session.scalars(select(Message.provenance))) == {"slack_api"}


async def member(sessions: Sessions, platform_id: str) -> Member:
    async with reading(sessions) as session:
        return (await session.scalars(select(Member).where(Member.platform_id == platform_id))).one()


async def test_an_edit_within_the_second_of_the_message_is_not_taken_for_older(
    sqlite_sessions: Sessions, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(general)
        said = await ann.post(general, "helo")
        await slack.settled()
        before = general.shown_message(said)
        said.text, said.edited = "hello", {"user": ann.id, "ts": f"{said.ts.partition('.')[0]}.000000"}
        slack.tell_change(general, said, before)
        await slack.settled()
        assert await bot.texts() == ["hello"]
        slack.tell_message(general, said)  # and again, as Slack may
        await slack.settled()
        assert await bot.texts() == ["hello"]


async def test_people_in_the_channel_are_told_once_for_each_state(sessions: Sessions, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with listening(sessions, slack) as bot:
        await bot.opens(general)
        await bot.works()
        [notice] = slack.bot_posts(general)
        shown = slack.rendered(notice)
        assert "nothing of it is learned" in shown
        assert "Yes, learn from my messages" in shown
        assert notice.pings == []
        assert (await bot.row(general)).notice_ref == notice.ts
        await bot.opens(general, training=True)
        assert "only from messages of people who said yes" in slack.rendered(slack.bot_posts(general)[-1])
        await text.close(sessions, OWNER, (await bot.row(general)).id)
        await bot.works()
        await bot.works()
        assert len(slack.bot_posts(general)) == 3
        assert "no longer collect" in slack.rendered(slack.bot_posts(general)[-1])
        assert await bot.texts() == []  # what the bot says itself is never kept


async def test_a_notice_that_was_posted_and_not_kept_is_found_and_not_posted_again(
    sqlite_sessions: Sessions, slack: FakeSlack
) -> None:
    general = slack.channel("general", slack.person("Ann"))
    slack.fault("chat.postMessage", status=500, after=True)
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(general)
        assert (await bot.row(general)).noticed is None
        await bot.works()
        [notice] = slack.bot_posts(general)
        assert (await bot.row(general)).notice_ref == notice.ts


async def test_the_past_is_read_with_threads_and_without_bots_and_strangers(
    sessions: Sessions, slack: FakeSlack
) -> None:
    ann, cy = slack.person("Ann"), slack.person("Cy", team="T0000FRND")
    general = slack.channel("general", ann, cy, ext_shared=True)
    past = slack.fill(general, ann, [f"word {number}" for number in range(130)])
    slack.fill(general, cy, ["a secret of ours"])
    await ann.post(general, "in a thread", thread=past[3])
    await cy.post(general, "another secret", thread=past[3])
    async with listening(sessions, slack) as bot:
        await bot.opens(general)
        found = await bot.texts()
        assert sorted(found) == sorted([*(f"word {number}" for number in range(130)), "in a thread"])
        assert await bot.progress(general) == Progress(131, None, True, None)
        await cy.post(general, "a third secret")
        await slack.settled()
        assert len(await every_text(sessions)) == 131
        async with reading(sessions) as session:
            assert cy.id not in set(await session.scalars(select(Member.platform_id)))


async def test_limits_are_kept_and_waited_for(sqlite_sessions: Sessions, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    slack.page_at_most = 15
    slack.fill(general, ann, [f"word {number}" for number in range(60)])
    slack.fault("conversations.history", times=2, status=429, retry_after=1)
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(general)
        assert len(await bot.texts()) == 60
        assert (await bot.progress(general)) == Progress(60, None, True, None)


async def test_what_happened_while_the_bot_was_away_is_caught_up_with(sessions: Sessions, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    past = slack.fill(general, ann, [f"word {number}" for number in range(10)], apart=600)
    async with listening(sessions, slack) as bot:
        await bot.opens(general)
    await ann.edit(past[4], "an edited word")
    await ann.delete(past[6])
    await ann.post(general, "while you were away")
    async with listening(sessions, slack) as bot:
        await bot.works()
        expected = [f"word {n}" if n != 4 else "an edited word" for n in range(10) if n != 6]
        assert await bot.texts() == [*expected, "while you were away"]
        assert "word 6" not in await every_text(sessions)


async def test_public_channels_are_joined_and_for_private_ones_the_admin_is_told_why_nothing_comes(
    sqlite_sessions: Sessions, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    public = slack.channel("public", ann, bot=False)
    private = slack.channel("private", ann, bot=False, private=True)
    slack.fill(public, ann, ["hello"])
    slack.fill(private, ann, ["psst"])
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(public)
        await bot.opens(private)
        assert public.bot_is_in
        assert await bot.texts() == ["hello"]
        assert await bot.progress(private) == Progress(0, None, False, "not in channel")
        await ann.invite_bot(private)
        await bot.works()
        assert await bot.texts() == ["hello", "psst"]
        assert await bot.progress(private) == Progress(1, None, True, None)


async def test_an_archived_channel_cannot_be_told_and_is_not_read(sqlite_sessions: Sessions, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    old = slack.channel("old", ann, archived=True)
    slack.fill(old, ann, ["hello"])
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(old)
        assert await bot.texts() == []
        assert await bot.progress(old) == Progress(0, None, False, "archived")


async def test_thrown_out_of_a_channel_the_bot_does_not_come_back_by_itself(
    sqlite_sessions: Sessions, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(general)
        await ann.remove_bot(general)
        await slack.settled()
        await bot.works()
        assert (await bot.row(general)).state == "closed"
        assert not general.bot_is_in


@pytest.mark.parametrize("how", ["uninstall", "revoke"])
async def test_uninstalled_or_revoked_nothing_is_collected_any_more(
    sqlite_sessions: Sessions, slack: FakeSlack, how: str
) -> None:
    general = slack.channel("general", slack.person("Ann"))
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(general)
        slack.uninstall() if how == "uninstall" else slack.revoke_tokens()
        await slack.settled()
        assert (await bot.row(general)).state == "closed"


async def test_a_deleted_channel_takes_its_text_along_and_a_renamed_one_its_name(
    sqlite_sessions: Sessions, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with listening(sqlite_sessions, slack) as bot:
        await bot.opens(general)
        await ann.post(general, "hello")
        await slack.settled()
        slack._tell({"type": "channel_rename", "channel": {"id": general.id, "name": "quay"}}, "channel_rename")
        await slack.settled()
        assert (await bot.row(general)).name == "quay"
        slack._tell({"type": "channel_deleted", "channel": general.id}, "channel_deleted")
        await slack.settled()
        assert (await bot.row(general)).state == "closed"
        assert await every_text(sqlite_sessions) == [""]
