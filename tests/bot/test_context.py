"""What a reply is given beside its question."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.chat.events import ChannelSeen, MemberSeen, Posted, Thread, WorkspaceSeen, Written
from bot.chat.replying.reply import Limits
from db import members, messages
from db.messages import NewMessage
from db.models import Channel, Member, Message, ReplySource
from db.session import reading, transaction
from tests.fakes.platform import RecordingPlatform
from tests.fakes.replying import Bot, MakeBot

PLACE = WorkspaceSeen("slack", "T1", "Harbour"), ChannelSeen("C1", "general")


class Seeing(RecordingPlatform):
    """A network whose threads can be read."""

    def __init__(self, *written: Written, fails: bool = False) -> None:
        super().__init__()
        self.written, self.asked_for, self._fails = written, 0, fails

    async def thread(self, to: Thread) -> Sequence[Written]:
        self.asked_for += 1
        if self._fails:
            raise OSError("away")
        return self.written


def written(author: str, text: str, minutes_ago: float, number: int = 0) -> Written:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return Written(*PLACE, MemberSeen(f"U{author}", author), Posted("C1", f"w{number}{author}", f"U{author}", at, text))


async def stored(bot: Bot, *lines: tuple[str, str, float], thread: str | None = None, state: str = "context") -> None:
    """Messages of the channel, opened: author, text, minutes ago. Somebody has asked there before."""
    async with transaction(bot.sessions) as session:
        channel = (await session.scalars(select(Channel))).one()
        channel.state = state
        workspace = (await session.get_one(Member, 1)).workspace_id
        people = {}
        for author, _, _ in lines:
            member = await session.scalar(select(Member).where(Member.platform_id == f"U{author}"))
            if member is None:
                member = Member(
                    workspace_id=workspace, platform_id=f"U{author}", name=author, created_at=datetime.now(UTC)
                )
                session.add(member)
                await session.flush()
            people[author] = member
        batch = [
            NewMessage(
                f"{thread or 's'}-{place}",
                people[author].id,
                datetime.now(UTC) - timedelta(minutes=ago),
                text,
                thread=thread,
            )
            for place, (author, text, ago) in enumerate(lines)
        ]
        await messages.store(session, channel, batch, "slack_api", datetime.now(UTC))


async def sources(bot: Bot) -> list[str | None]:
    async with reading(bot.sessions) as session:
        rows = await session.execute(
            select(Message.platform_id).join(ReplySource, ReplySource.message_id == Message.id).order_by(Message.id)
        )
        return [row[0] for row in rows]


async def test_what_members_wrote_in_an_opened_thread_is_given_in_order_with_its_lineage(make_bot: MakeBot) -> None:
    bot = await make_bot("Aye.", "Still aye.")
    await bot.asked("hello", thread="t1")
    await stored(bot, ("Ben", "I like boats", 9), ("Cleo", "and gulls", 8), thread="t1")
    await bot.asked("who likes what?", thread="t1")
    assert bot.turns()[1:] == [
        ("user", "Ben: I like boats\nCleo: and gulls\nAnn: hello"),
        ("assistant", "Aye."),
        ("user", "Ann: who likes what?"),
    ]
    assert await sources(bot) == ["t1-0", "t1-1"]


async def test_outside_threads_the_last_half_hour_of_an_opened_channel_is_given(make_bot: MakeBot) -> None:
    bot = await make_bot(limits=Limits(context_messages=2, context_replies=0))
    await bot.asked("hello")
    await stored(bot, ("Ben", "long ago", 45), ("Ben", "older", 20), ("Ben", "newer", 10), ("Cleo", "newest", 5))
    await bot.asked("what now?", thread="m-own", id="m-own")
    assert bot.turns()[-1] == ("user", "Ben: newer\nCleo: newest\nAnn: what now?")


async def test_a_closed_channels_rows_deleted_messages_and_blocked_members_are_left_out(make_bot: MakeBot) -> None:
    bot = await make_bot(limits=Limits(context_replies=0))
    await bot.asked("hello")
    await stored(bot, ("Ben", "blocked", 9), ("Cleo", "deleted", 8), ("Dee", "stays", 7), thread="t1")
    async with transaction(bot.sessions) as session:
        ben = (await session.scalars(select(Member).where(Member.name == "Ben"))).one()
        await members.block(session, ben.id, "t", "", datetime.now(UTC))
        gone = (await session.scalars(select(Message).where(Message.platform_id == "t1-1"))).one()
        gone.deleted_at = datetime.now(UTC)
    await bot.asked("and?", thread="t1")
    assert bot.turns()[-1] == ("user", "Dee: stays\nAnn: and?")
    async with transaction(bot.sessions) as session:
        (await session.scalars(select(Channel))).one().state = "closed"
    await bot.asked("and now?", thread="t1")
    assert bot.turns()[-1] == ("user", "and now?")


async def test_a_thread_of_a_closed_channel_is_read_for_the_moment_and_kept_nowhere(make_bot: MakeBot) -> None:
    seeing = Seeing(
        written("Ben", "my mail is ben@example.com, says <@member:UCleo> and <@member:U9>", 9), written("Cleo", "ha", 8)
    )
    bot = await make_bot(platform=seeing)
    await bot.asked("what was said?", thread="t1")
    assert bot.turns()[-1] == (
        "user",
        "Ben: my mail is [e-mail], says @Cleo and @someone\nCleo: ha\nAnn: what was said?",
    )
    async with reading(bot.sessions) as session:
        assert await session.scalar(select(Message.id)) is None
        assert set(await session.scalars(select(Member.name))) == {"Ann"}
    assert await sources(bot) == []


async def test_an_opened_channels_thread_is_not_asked_of_the_network(make_bot: MakeBot) -> None:
    seeing = Seeing(written("Ben", "not mine to say", 9))
    bot = await make_bot(platform=seeing)
    await bot.asked("first", thread="t1", id="t1")
    await stored(bot, ("Ben", "kept", 9), thread="t1")
    await bot.asked("second", thread="t1")
    assert seeing.asked_for == 0
    assert "Ben: kept" in bot.turns()[1][1]


async def test_a_network_that_cannot_show_a_thread_costs_no_answer(make_bot: MakeBot) -> None:
    bot = await make_bot("Aye.", platform=Seeing(fails=True))
    reply = await bot.asked("hello", thread="t1")
    assert (reply.status, reply.text) == ("done", "Aye.")


async def test_a_blocked_members_words_in_a_closed_thread_are_left_out(make_bot: MakeBot) -> None:
    seeing = Seeing(written("Ann", "mine", 9), written("Ben", "theirs", 8))
    bot = await make_bot(platform=seeing)
    await bot.asked("hello", MemberSeen("UBen", "Ben"))
    async with transaction(bot.sessions) as session:
        ben = (await session.scalars(select(Member).where(Member.name == "Ben"))).one()
        await members.block(session, ben.id, "t", "", datetime.now(UTC))
    await bot.asked("who spoke?", MemberSeen("UAnn", "Ann"), thread="t1")
    assert bot.turns()[-1] == ("user", "mine\nwho spoke?")


async def test_a_mention_without_words_still_asks_something(make_bot: MakeBot) -> None:
    bot = await make_bot()
    await bot.asked("")
    assert bot.turns()[-1] == ("user", "…")
