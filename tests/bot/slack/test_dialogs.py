"""Dialogs in Slack, and the bot's own page, whose presses are answered in dialogs."""

import pytest

from bot.chat.cards import Button, Card, Row, Text, told
from bot.chat.commands.asked import FormRefused
from bot.platforms.slack import interactions
from tests.fakes.script import ASK, BUTTONS
from tests.fakes.scripted_desk import Bot, shown
from tests.fakes.slack import Channel, FakeSlack, Person


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
    assert shown(slack, ann) == "Your network waited too long to open this; please do the same again."


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
