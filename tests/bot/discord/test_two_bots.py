"""Two bots with one token on the same rows: Discord tells both everything, and each thing is done once."""

from pathlib import Path

from sqlalchemy import select

from bot.chat.attendance import Attendance
from db.models import Feedback
from db.session import Sessions, reading
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.in_discord import in_discord


async def test_a_question_is_answered_and_a_button_counts_once(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord) as one, in_discord(sessions, tmp_path, discord):
        await discord.connected(2)
        await ann.mention(general, "hello")
        await one.done()
        (shown,) = discord.bot_posts(general)
        for times in (1, 2, 3):
            await (await ann.press(shown, "👍")).until_answered()
            async with reading(sessions) as session:
                kept = list(await session.scalars(select(Feedback.value)))
            assert kept == ([1] if times % 2 else []), "pressed again it is taken back"


async def test_what_nobody_can_say_is_answered(sessions: Sessions) -> None:
    ours, theirs = Attendance(sessions, "discord"), Attendance(sessions, "discord")
    assert [await ours.takes("1"), await theirs.takes("1"), await ours.takes("2")] == [True, False, True]

    class Away:
        def begin(self) -> None:
            raise OSError

    assert await Attendance(Away(), "discord").takes("3")  # type: ignore[arg-type]
