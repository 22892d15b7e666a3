"""Questions asked by a command or about a message in Slack: posted for everyone, then mentions of that post."""

from bot.chat.cards import Question
from bot.chat.events import Mention
from tests.fakes.script import ASK
from tests.fakes.scripted_desk import Bot, shown
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_a_question_is_posted_for_everyone_and_becomes_a_mention_of_that_post(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.answers["ask hm"] = Question(
        f"What does <@{ann.id}|ann> say in <#{general.id}|general>, <!here> & @here?", "gull"
    )
    await ann.slash("/yamabiko ask hm", general)
    [mention] = await slack.until(lambda: bot.events)
    [post] = slack.bot_posts(general)
    assert slack.rendered(post).replace("\u200b", "") == (
        "*ann* asks: What does @ann say in #general, &lt;!here&gt; &amp; @here?"
    )
    assert post.pings == []
    assert isinstance(mention, Mention)
    assert (mention.id, mention.thread, mention.author.id, mention.persona) == (post.ts, post.ts, ann.id, "gull")
    assert mention.text == f"What does <@member:{ann.id}> say in #general, <!here> & @here?"
    assert [one.id for one in mention.people] == [ann.id]


async def test_a_question_about_a_message_stands_in_its_thread(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    about = await ann.post(general, "the tide is late")
    bot.desk.answers |= {f"ask_about {about.ts}": ASK, "ask_about v1": Question("Is it?", None, about.ts)}
    await ann.shortcut("ask_about", about)
    view = await slack.until(lambda: ann.modal)
    await ann.submit(view, {"question": "Is it?"})
    await slack.until(lambda: bot.events)
    [mention] = bot.events
    assert isinstance(mention, Mention)
    assert mention.thread == about.ts
    assert [one.thread_ts for one in slack.bot_posts(general)] == [about.ts]
    posted = bot.desk.heard[0][1].message
    assert posted is not None
    assert (posted.id, posted.author, posted.text) == (about.ts, ann.id, "the tide is late")


async def test_a_question_where_the_bot_is_not_says_so_and_gives_the_words_back(
    slack: FakeSlack, bot: Bot, ann: Person
) -> None:
    elsewhere = slack.channel("elsewhere", ann, bot=False)
    bot.desk.answers["ask hm"] = Question("Is it?")
    await ann.slash("/yamabiko ask hm", elsewhere)
    await slack.until(lambda: ann.ephemerals)
    assert shown(slack, ann).splitlines() == [
        "I am not in this channel, so I cannot answer here. Add me first (`/invite` and my name), then ask.",
        "~ Is it?",
    ]
    assert bot.events == []
