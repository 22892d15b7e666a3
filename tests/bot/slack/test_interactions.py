"""Commands, presses and shortcuts in Slack: acknowledged at once, answered in the right place."""

from dataclasses import replace

import pytest

from bot.chat.cards import Button, Card, Choice, Menu, Row, Text, told
from bot.chat.commands.asked import Call
from bot.chat.events import Thumbed
from bot.chat.platform import NotShown
from tests.fakes.script import ASK, BUTTONS
from tests.fakes.scripted_desk import Bot, bot_says, connected, pressed_card, shown
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_a_private_card_is_seen_by_its_asker_alone(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    answered = await ann.slash("/yamabiko status", general)
    await slack.until(lambda: ann.ephemerals)
    assert answered.took is not None
    assert shown(slack, ann) == "you asked status"
    assert not slack.bot_posts(general)
    [(_, call)] = bot.desk.heard
    assert (call.member.id, call.member.name, call.workspace.name) == (ann.id, "ann", slack.world.team_domain)
    assert call.channel is not None
    assert (call.channel.name, call.channel.direct) == ("general", False)


async def test_a_card_for_everyone_stands_in_the_channel(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.answers["promote"] = told("harbour speaks anew", private=False)
    await ann.slash("/yamabiko promote", general)
    [post] = await slack.until(lambda: slack.bot_posts(general))
    assert slack.rendered(post) == "harbour speaks anew"
    assert not ann.ephemerals


async def test_a_slow_desk_keeps_nobody_waiting_for_the_acknowledgement(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.slow = 3.5
    answered = await ann.slash("/yamabiko status", general)
    assert answered.delivery.ack is not None
    await slack.until(lambda: ann.ephemerals, 8)


async def test_members_and_channels_are_handed_on_as_slack_marks_them(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    await ann.slash("/yamabiko block @Ann &lt;b&gt; &amp; more in #general", general)
    await slack.until(lambda: bot.desk.heard)
    assert bot.desk.heard[0][0] == f"block <@{ann.id}|ann> <b> & more in <#{general.id}|general>"


async def test_a_command_in_a_direct_message_knows_that_it_is_one(slack: FakeSlack, bot: Bot, ann: Person) -> None:
    await ann.slash("/yamabiko status")
    await slack.until(lambda: ann.ephemerals)
    channel = bot.desk.heard[0][1].channel
    assert channel is not None
    assert (channel.name, channel.direct) == ("", True)


@pytest.mark.usefixtures("commanded")
async def test_names_are_filled_in_by_who_knows_them(slack: FakeSlack, ann: Person, general: Channel) -> None:
    async def named(call: Call) -> Call:
        return replace(call, member=replace(call.member, name="Ann Lee", locale="ja-JP"))

    async with connected(slack, named=named) as bot:
        await ann.slash("/yamabiko status", general)
        await slack.until(lambda: bot.desk.heard)
        assert bot.desk.heard[0][1].member.locale == "ja-JP"


async def test_an_answer_that_slack_refuses_at_its_address_comes_by_another_way(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    slack.fault("response_url", status=404, body="expired_url")
    await ann.slash("/yamabiko status", general)
    await slack.until(lambda: ann.ephemerals)
    assert ann.ephemerals[-1].via == "chat.postEphemeral"


async def test_an_answer_slack_wants_slower_comes_after_that(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    slack.fault("response_url", status=429, retry_after=1)
    await ann.slash("/yamabiko status", general)
    await slack.until(lambda: ann.ephemerals)
    assert shown(slack, ann) == "you asked status"


async def test_what_broke_is_told_in_a_sentence(slack: FakeSlack, bot: Bot, ann: Person, general: Channel) -> None:
    bot.desk.answers["status"] = ZeroDivisionError("secret things")
    await ann.slash("/yamabiko status", general)
    await slack.until(lambda: ann.ephemerals)
    assert shown(slack, ann) == "Something failed; the log of the bot tells what."


async def test_what_slack_itself_says_around_an_answer_is_in_the_members_language(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.spoken, bot.desk.answers["ask"] = "ja", ASK
    await ann.slash("/yamabiko ask", general)
    await slack.until(lambda: ann.modal)
    assert ann.modal is not None
    assert ann.modal.body["close"]["text"] == "キャンセル"


async def test_the_answer_to_a_private_button_takes_its_place(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    card = await pressed_card(slack, ann, general, bot)
    bot.desk.answers["consent yes"] = told("You agreed.")
    await ann.press(card, "consent", "yes")
    await slack.until(lambda: shown(slack, ann) == "You agreed.")
    assert len(ann.ephemerals) == 1


async def test_the_second_of_two_alike_buttons_does_its_own(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    card = await pressed_card(slack, ann, general, bot)
    await ann.press(card, "No")
    await slack.until(lambda: bot.desk.heard[-1][0] == "consent no")


async def test_the_answer_to_a_button_in_the_open_is_private_and_in_its_thread(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    question = await ann.post(general, "question")
    posted = await bot_says(slack, general, Card([Text("Collected from now on."), BUTTONS]))
    await ann.press(posted, "Yes")
    await slack.until(lambda: ann.ephemerals)
    assert shown(slack, ann) == "you asked consent yes"
    assert slack.rendered(posted).startswith("Collected")
    threaded = await bot_says(slack, general, Card([Text("An answer"), BUTTONS]), thread=question.ts)
    await ann.press(threaded, "Yes")
    await slack.until(lambda: len(ann.ephemerals) == 2)
    assert ann.ephemerals[-1].thread_ts == question.ts
    assert bot.desk.heard[-1][1].thread == question.ts


async def test_a_menu_does_what_was_chosen(slack: FakeSlack, bot: Bot, ann: Person, general: Channel) -> None:
    bot.desk.answers["language"] = Card(
        [Row([Menu("Language", "tongue", [Choice("日本語", "ja"), Choice("auto", "")])])]
    )
    await ann.slash("/yamabiko language", general)
    await slack.until(lambda: ann.ephemerals)
    await ann.choose(ann.ephemerals[0], "tongue", "日本語")
    await slack.until(lambda: bot.desk.heard[-1][0] == "tongue ja")
    await slack.until(lambda: "you asked tongue ja" in shown(slack, ann))


async def test_a_button_nobody_knows_is_acknowledged(slack: FakeSlack, bot: Bot, ann: Person, general: Channel) -> None:
    posted = await bot_says(slack, general, Card([Row([Button("Old", "forgotten", "1")])]))
    assert (await ann.press(posted, "Old")).delivery.ack is not None


async def test_an_unknown_shortcut_is_acknowledged(slack: FakeSlack, bot: Bot, ann: Person, general: Channel) -> None:
    message = await ann.post(general, "hello")
    assert (await ann.shortcut("elsewhere", message)).delivery.ack is not None
    assert bot.desk.heard == []


async def test_thumbs_on_the_bots_posts_are_handed_on_and_others_not(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    posted = await bot_says(slack, general, told("An answer"))
    await ann.react(posted, "+1::skin-tone-3")
    await ann.react(posted, "-1")
    await ann.react(posted, "eyes")
    await ann.react(await ann.post(general, "mine"), "+1")
    await ann.unreact(posted, "-1")
    await slack.until(lambda: len(bot.events) == 3)
    thumbs = [one for one in bot.events if isinstance(one, Thumbed)]
    assert [(one.ref, one.value, one.on) for one in thumbs] == [
        (posted.ts, 1, True),
        (posted.ts, -1, True),
        (posted.ts, -1, False),
    ]


async def test_a_letter_comes_as_a_direct_message(slack: FakeSlack, bot: Bot, ann: Person) -> None:
    await bot.writing.write_to(ann.id, Card([Text("Run 7 is done."), BUTTONS]))
    [post] = slack.bot_posts(ann.im)
    assert slack.rendered(post) == "Run 7 is done.\n[Yes] [No]"
    await ann.press(post, "Yes")
    await slack.until(lambda: ann.ephemerals)
    assert shown(slack, ann) == "you asked consent yes"


async def test_a_letter_to_nobody_is_never_shown(slack: FakeSlack, bot: Bot) -> None:
    with pytest.raises(NotShown):
        await bot.writing.write_to("U404", told("hello"))
