"""The real desk in a pretended Discord: commands, buttons and questions with all that stands behind them."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from bot.platforms.discord import naming
from db import members
from db.models import Member
from db.session import Sessions, transaction
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.in_discord import InDiscord, in_discord


async def known(bot: InDiscord, discord: FakeDiscord, who: Person, where: Channel, role: members.RoleName) -> None:
    """They have stood at the desk, and have a role since."""
    await discord.until(lambda: discord.world.commands.get(None) or discord.called("PUT /applications/{app}/commands"))
    await discord.until(lambda: naming.worded("`/yamabiko help`").startswith("<"))
    await who.slash("yamabiko status", where)
    async with transaction(bot.sessions) as session:
        member = (await session.scalars(select(Member).where(Member.platform_id == who.id))).one()
        await members.set_role(session, member.id, role, "test", datetime.now(UTC))


async def test_a_question_asked_by_command_is_answered_under_it_and_can_be_deleted(
    sqlite_sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sqlite_sessions, tmp_path, discord, "Late, as ever.") as bot:
        await known(bot, discord, ann, general, "member")
        await ann.slash("yamabiko ask", general, question="How is the tide?")
        (reply,) = await bot.done()
        question, answer = discord.bot_posts(general)
        assert discord.rendered(question) == "**Ann** asks: How is the tide?"
        assert answer.reference is not None
        assert (answer.reference["message_id"], answer.content.splitlines()[0]) == (question.id, "Late, as ever.")
        await ann.press(answer, "Delete")
        assert "for everyone?" in discord.rendered(ann.ephemerals[-1])
        await ann.press(ann.ephemerals[-1], "Delete")
        await discord.until(lambda: answer.deleted)
        assert reply.status == "done"
        assert (await bot.replies())[0].status in ("deleting", "deleted")


async def test_a_question_about_a_message_is_given_its_words_without_any_intent(
    sqlite_sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sqlite_sessions, tmp_path, discord, "It is.") as bot:
        await known(bot, discord, ann, general, "member")
        about = await discord.person("Ben").post(general, "the tide is late")
        await ann.menu("Ask about this", about)
        assert ann.modal is not None
        await ann.submit(ann.modal, {"question": "Is it?"})
        await bot.done()
        assert "the tide is late" in str(bot.engine.requests[0].turns)


async def test_an_admin_opens_a_channel_and_finds_it_in_the_list_in_her_language(
    sqlite_sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    ann.user.locale = "ja"
    async with in_discord(sqlite_sessions, tmp_path, discord) as bot:
        await known(bot, discord, ann, general, "admin")
        await ann.slash("yamabiko approve", general)
        assert ann.modal is not None
        assert ann.modal.title == "チャンネルの開放"
        await ann.submit(ann.modal, {"for": "training"})
        await ann.slash("yamabiko text channels", general)
        assert "**Town/general**: 学習用に開放" in discord.rendered(ann.ephemerals[-1])
        await ann.slash("yamabiko order pause", general, channel=general)
        assert "general" in discord.rendered(ann.ephemerals[-1])


async def test_who_may_not_is_told_so_whatever_discord_offers(
    sqlite_sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    message = await ann.post(general, "hello")
    moderator = discord.person("Mo", is_admin=True)
    async with in_discord(sqlite_sessions, tmp_path, discord) as bot:
        await known(bot, discord, moderator, general, "member")
        await moderator.menu("Approve for training", message)
        assert discord.rendered(moderator.ephemerals[-1]).startswith("Only a curator may do this")
        assert await moderator.typing("yamabiko cancel", general, run="1") == []
        assert [one.value for one in await moderator.typing("yamabiko ask", general, persona="e")] == ["echo"]
