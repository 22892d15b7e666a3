"""Cards that grow in Slack: in the place of the card that was pressed, or in its dialog."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.chat import placing
from bot.chat.cards import Card, Growing, told
from tests.fakes.scripted_desk import BUTTONS, Bot, pressed_card, shown
from tests.fakes.slack import Channel, FakeSlack, Person


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
    monkeypatch.setattr(placing, "EVERY_S", 0.0)
    card = await pressed_card(slack, ann, general, bot)
    bot.desk.answers["consent yes"] = growing_card(*(f"step {n}" for n in range(9)), "done", every=0.01)
    answered = await ann.press(card, "Yes")
    await slack.until(lambda: shown(slack, ann) == "done")
    assert answered.url is not None
    assert [one["text"] for one in answered.url.posts] == ["step 0", "step 1", "step 2", "step 3", "done"]


async def test_a_growing_card_on_the_page_changes_in_its_dialog(
    slack: FakeSlack, bot: Bot, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "EVERY_S", 0.0)
    bot.page = Card([BUTTONS])
    bot.desk.answers["consent yes"] = growing_card("asking", "done", every=0.1)
    await ann.open_home()
    await ann.press(await slack.until(lambda: ann.home), "Yes")
    view = await slack.until(lambda: ann.modal)
    await slack.until(lambda: "done" in slack.rendered(view))
