"""Questions asked by a command or about a message in Discord: posted for everyone, then mentions of that post."""

from collections.abc import AsyncIterator

import pytest

from bot.chat.cards import Question
from bot.chat.events import Mention
from tests.fakes.commanded_discord import Bot, connected
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.script import ASK


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    discord.limits.on = False
    async with connected(discord) as bot:
        yield bot


def asked(bot: Bot) -> Mention:
    mention = bot.events[-1]
    assert isinstance(mention, Mention)
    return mention


async def test_a_question_is_posted_for_everyone_and_becomes_a_mention_of_that_post(
    bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.answers["ask"] = Question(f"What does <@{ann.id}> say, <@{bot.discord.bot_id}> & @here?", "gull")
    await ann.slash("yamabiko ask", general, question="hm")
    await bot.discord.until(lambda: len(bot.events) == 2)
    [post] = bot.discord.bot_posts(general)
    assert post.content.replace("\u200b", "") == "**Ann** asks: What does @… say, @… & @here?"
    assert post.pings == []
    mention = asked(bot)
    assert (mention.id, mention.thread, mention.author.id, mention.persona) == (post.id, None, ann.id, "gull")
    assert mention.text == f"What does <@member:{ann.id}> say,  & @here?"
    assert [one.id for one in mention.people] == [ann.id]


async def test_a_question_about_a_message_answers_that_message_and_knows_its_words(
    bot: Bot, ann: Person, general: Channel
) -> None:
    about = await ann.post(general, "the tide is late")
    bot.desk.answers |= {f"ask_about {about.id}": ASK, "ask_about v1": Question("Is it?", None, about.id)}
    await ann.menu("Ask about this", about)
    assert ann.modal is not None
    await ann.submit(ann.modal, {"What?": "Is it?"})
    await bot.discord.until(lambda: len(bot.events) == 2)
    [post] = bot.discord.bot_posts(general)
    assert post.reference is not None
    assert (post.reference["message_id"], post.pings) == (about.id, [])
    assert asked(bot).id == post.id
    [noted] = bot.noted
    assert noted.reference is not None
    assert getattr(noted.reference.resolved, "content", None) == "the tide is late"
    posted = bot.desk.heard[0][1].message
    assert posted is not None
    assert (posted.id, posted.author, posted.text) == (about.id, ann.id, "the tide is late")
    assert not ann.ephemerals


async def test_a_question_in_a_thread_is_asked_there(bot: Bot, ann: Person, general: Channel) -> None:
    thread = await ann.start_thread(general, "tides")
    bot.desk.answers["ask"] = Question("Is it?")
    await ann.slash("yamabiko ask", thread, question="hm")
    await bot.discord.until(lambda: len(bot.events) == 2)
    assert (asked(bot).channel.id, asked(bot).thread) == (general.id, thread.id)


async def test_a_question_in_direct_messages_is_asked_there(bot: Bot, ann: Person) -> None:
    bot.desk.answers["ask"] = Question("Is it?")
    await ann.slash("yamabiko ask", ann.dm_channel, question="hm")
    await bot.discord.until(lambda: len(bot.events) == 2)
    assert (asked(bot).channel.direct, asked(bot).workspace.id) == (True, bot.discord.guild.id)


async def test_a_question_where_the_bot_may_not_write_says_so_and_gives_the_words_back(
    bot: Bot, ann: Person, general: Channel
) -> None:
    bot.discord.overwrite(general, "bot", deny=["send_messages"])
    bot.desk.answers["ask"] = Question("Is it?")
    await ann.slash("yamabiko ask", general, question="hm")
    await bot.discord.until(lambda: ann.ephemerals)
    assert bot.shown(ann).splitlines() == [
        "┃ I may not write here, or not read what was written. Let me do both first, then ask.",
        "┃ -# Is it?",
    ]
    assert len(bot.events) == 1


async def test_a_slow_question_leaves_nothing_that_thinks(
    bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.interactions.SOON_S", 0.05)
    bot.desk.slow, bot.desk.answers["ask"] = 0.3, Question("Is it?")
    await ann.slash("yamabiko ask", general, question="hm")
    await bot.discord.until(lambda: len(bot.events) == 2)
    assert asked(bot).id == bot.discord.bot_posts(general)[0].id
    assert not ann.ephemerals


async def test_a_question_is_asked_also_where_the_bot_may_not_read_what_was_written(
    bot: Bot, ann: Person, general: Channel
) -> None:
    bot.discord.overwrite(general, "bot", deny=["read_message_history"])
    bot.desk.answers["ask"] = Question("Is it?")
    await ann.slash("yamabiko ask", general, question="hm")
    await bot.discord.until(lambda: len(bot.events) == 2)
    assert asked(bot).id == bot.discord.bot_posts(general)[0].id


async def test_a_question_about_a_message_that_takes_long_to_post_is_answered_in_time(
    bot: Bot, ann: Person, general: Channel
) -> None:
    bot.discord.patience = 0.3
    about = await ann.post(general, "the tide is late")
    bot.desk.answers |= {f"ask_about {about.id}": ASK, "ask_about v1": Question("Is it?", None, about.id)}
    await ann.menu("Ask about this", about)
    assert ann.modal is not None
    bot.discord.fault("POST /channels/*/messages", status=429, retry_after=0.6)
    answered = await ann.submit(ann.modal, {"What?": "Is it?"})
    await bot.discord.until(lambda: len(bot.events) == 2)
    assert (answered.error, answered.thinking) == (None, False)
