"""Commands, presses, dialogs and shortcuts in Slack: acknowledged at once, answered in the right place."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Button, Card, Choice, Field, Form, Growing, Menu, Question, Row, Text, told
from bot.chat.commands.asked import Call, FormRefused
from bot.chat.events import Mention, Thumbed
from bot.chat.platform import NotShown
from bot.platforms.slack import growing, interactions
from bot.platforms.slack.places import message
from tests.fakes.scripted_desk import Bot, connected
from tests.fakes.slack import Channel, FakeSlack, Person

ASK = Form("Ask about this", "ask_about", "Ask", [Field("question", "What?", "text", required=True)], "v1")
BUTTONS = Row([Button("Yes", "consent", "yes", "primary"), Button("No", "consent", "no")])


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(limits=False) as slack:
        slack.commands = {"/yamabiko": {"should_escape": True}}
        yield slack


@pytest.fixture
async def bot(slack: FakeSlack) -> AsyncIterator[Bot]:
    async with connected(slack) as bot:
        yield bot


@pytest.fixture
def ann(slack: FakeSlack) -> Person:
    return slack.person("Ann")


@pytest.fixture
def general(slack: FakeSlack, ann: Person) -> Channel:
    return slack.channel("general", ann)


def shown(slack: FakeSlack, who: Person) -> str:
    """The newest thing that only this person sees."""
    return slack.rendered(who.ephemerals[-1])


async def pressed_card(slack: FakeSlack, who: Person, channel: Channel, bot: Bot):
    bot.desk.answers["consent"] = Card([Text("Do you agree?"), BUTTONS])
    await who.slash("/yamabiko consent", channel)
    await slack.until(lambda: who.ephemerals)
    return who.ephemerals[-1]


# --- Commands.


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


# --- Buttons and menus.


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


async def bot_says(slack: FakeSlack, channel: Channel, card: Card, thread: str | None = None):
    client = AsyncWebClient(slack.bot_token, base_url=slack.api)
    posted = await client.chat_postMessage(channel=channel.id, thread_ts=thread, **message(card))
    return channel.messages[str(posted["ts"])]


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


# --- Dialogs.


async def test_a_form_opens_and_what_is_filled_in_is_answered_in_private(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.answers |= {"retrain": ASK, "ask_about v1": told("Run 7 waits.")}
    await ann.slash("/yamabiko retrain", general)
    view = await slack.until(lambda: ann.modal)
    assert await ann.submit(view, {"question": "why?"}) is None
    await slack.until(lambda: ann.ephemerals)
    assert ann.modal is None
    assert shown(slack, ann) == "Run 7 waits."
    assert bot.desk.given == [{"question": "why?"}]
    call = bot.desk.heard[-1][1]
    assert call.channel is not None
    assert (call.channel.id, call.channel.name) == (general.id, "general")


async def test_what_is_to_be_mended_stands_at_its_field_and_nothing_is_lost(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.answers |= {"retrain": ASK, "ask_about v1": FormRefused("question", "Write what you ask.")}
    await ann.slash("/yamabiko retrain", general)
    view = await slack.until(lambda: ann.modal)
    assert await ann.submit(view, {"question": "why?"}) == {"question": "Write what you ask."}
    assert ann.modal is view


async def test_a_form_answered_late_shows_its_answer_where_it_was(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "SOON_S", 0.05)
    bot.desk.answers |= {"retrain": ASK, "ask_about v1": told("Run 7 waits.")}
    await ann.slash("/yamabiko retrain", general)
    view = await slack.until(lambda: ann.modal)
    bot.desk.slow = 0.5
    assert await ann.submit(view, {"question": "why?"}) is None
    assert "One moment …" in slack.rendered(view)
    await slack.until(lambda: "Run 7 waits." in slack.rendered(view))


async def test_a_form_refused_late_comes_back_filled_in(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "SOON_S", 0.05)
    bot.desk.answers |= {"retrain": ASK, "ask_about v1": FormRefused("question", "Longer, please.")}
    await ann.slash("/yamabiko retrain", general)
    view = await slack.until(lambda: ann.modal)
    bot.desk.slow = 0.5
    await ann.submit(view, {"question": "why?"})
    await slack.until(lambda: "Longer, please." in slack.rendered(view))
    assert "why?" in slack.rendered(view)
    bot.desk.slow, bot.desk.answers["ask_about v1"] = 0, told("Good.")
    await ann.submit(view)
    await slack.until(lambda: ann.ephemerals)
    assert bot.desk.given[-1] == {"question": "why?"}


async def test_a_form_that_comes_too_late_for_slack_asks_to_try_again(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.answers["retrain"] = ASK
    slack.fault("views.open", error="expired_trigger_id")
    await ann.slash("/yamabiko retrain", general)
    await slack.until(lambda: ann.ephemerals)
    assert shown(slack, ann) == "Slack waited too long to open this; please do the same again."


async def test_where_the_bot_is_not_in_the_channel_a_forms_answer_comes_in_direct_messages(
    slack: FakeSlack, bot: Bot, ann: Person
) -> None:
    elsewhere = slack.channel("elsewhere", ann, bot=False)
    bot.desk.answers["retrain"] = ASK
    await ann.slash("/yamabiko retrain", elsewhere)
    view = await slack.until(lambda: ann.modal)
    await ann.submit(view, {"question": "why?"})
    [post] = await slack.until(lambda: slack.bot_posts(ann.im))
    assert slack.rendered(post) == "you asked ask_about v1"


# --- The bot's own page.


async def test_opening_the_page_draws_it(slack: FakeSlack, bot: Bot, ann: Person) -> None:
    bot.page = Card([Text("Your **page**"), BUTTONS])
    await ann.open_home()
    await slack.until(lambda: ann.home)
    assert ann.home is not None
    assert "Your *page*" in slack.rendered(ann.home)


async def test_a_press_on_the_page_shows_its_answer_in_a_dialog_and_draws_the_page_anew(
    slack: FakeSlack, bot: Bot, ann: Person
) -> None:
    bot.page = Card([BUTTONS])
    bot.desk.answers["consent yes"] = Card([Text("You agreed."), Row([Button("Undo", "consent", "no")])])
    await ann.open_home()
    home = await slack.until(lambda: ann.home)
    await ann.press(home, "Yes")
    view = await slack.until(lambda: ann.modal)
    assert "You agreed." in slack.rendered(view)
    await slack.until(lambda: len(bot.pages) == 2)
    await ann.press(view, "Undo")
    await slack.until(lambda: "you asked consent no" in slack.rendered(view))
    assert bot.desk.heard[-1][1].channel is None


async def test_a_slow_press_on_the_page_opens_a_dialog_that_waits(
    slack: FakeSlack, bot: Bot, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "SOON_S", 0.05)
    bot.page, bot.desk.slow = Card([BUTTONS]), 0.5
    bot.desk.answers["consent yes"] = ASK
    await ann.open_home()
    await ann.press(await slack.until(lambda: ann.home), "Yes")
    view = await slack.until(lambda: ann.modal)
    assert "One moment …" in slack.rendered(view)
    await slack.until(lambda: "What?" in slack.rendered(view))
    assert await ann.submit(view, {"question": "why?"}) is None
    await slack.until(lambda: "you asked ask_about v1" in slack.rendered(view))


async def test_a_dialog_closed_meanwhile_does_not_swallow_the_answer(
    slack: FakeSlack, bot: Bot, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "SOON_S", 0.05)
    bot.page, bot.desk.slow = Card([BUTTONS]), 0.5
    await ann.open_home()
    await ann.press(await slack.until(lambda: ann.home), "Yes")
    await ann.close(await slack.until(lambda: ann.modal))
    [post] = await slack.until(lambda: slack.bot_posts(ann.im))
    assert slack.rendered(post) == "you asked consent yes"


async def test_opening_the_messages_tab_suggests_what_to_ask(slack: FakeSlack, bot: Bot, ann: Person) -> None:
    await ann.open_messages()
    await slack.until(lambda: slack.world.prompts)
    assert slack.world.prompts[0]["channel"] == ann.im.id
    assert not bot.pages


# --- Questions.


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


# --- Cards that grow.


def growing_card(*words: str, every: float = 0.0) -> Growing:
    async def cards() -> AsyncGenerator[Card]:
        for word in words:
            yield told(word)
            await asyncio.sleep(every)

    return Growing(cards())


async def test_a_growing_card_of_a_command_shows_its_first_and_its_last(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.answers["compare"] = growing_card(*(f"step {n}" for n in range(9)), "done")
    await ann.slash("/yamabiko compare", general)
    await slack.until(lambda: len(ann.ephemerals) == 2)
    assert [slack.rendered(one) for one in ann.ephemerals] == ["step 0", "done"]


async def test_a_growing_card_of_a_button_changes_in_place_five_times_at_most(
    slack: FakeSlack, bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "EVERY_S", 0.0)
    card = await pressed_card(slack, ann, general, bot)
    bot.desk.answers["consent yes"] = growing_card(*(f"step {n}" for n in range(9)), "done", every=0.01)
    answered = await ann.press(card, "Yes")
    await slack.until(lambda: shown(slack, ann) == "done")
    assert answered.url is not None
    assert [one["text"] for one in answered.url.posts] == ["step 0", "step 1", "step 2", "step 3", "done"]


async def test_a_growing_card_on_the_page_changes_in_its_dialog(
    slack: FakeSlack, bot: Bot, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "EVERY_S", 0.0)
    bot.page = Card([BUTTONS])
    bot.desk.answers["consent yes"] = growing_card("asking", "done", every=0.1)
    await ann.open_home()
    await ann.press(await slack.until(lambda: ann.home), "Yes")
    view = await slack.until(lambda: ann.modal)
    await slack.until(lambda: "done" in slack.rendered(view))


# --- Shortcuts and reactions.


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


# --- Cards that nobody pressed for.


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
