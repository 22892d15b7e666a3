"""Buttons and menus in Discord: whose they are, what they ask first, and that they outlive the bot."""

from collections.abc import AsyncIterator

import pytest

from bot.chat.cards import Button, Card, Choice, Menu, Row, Text
from bot.platforms.discord import asides, interactions
from bot.platforms.discord.kept import Remembered
from db.words import speaking
from tests.fakes.commanded_discord import Bot, connected
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.script import BUTTONS


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    discord.limits.on = False
    async with connected(discord) as bot:
        yield bot


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for the desk."""
    monkeypatch.setattr(interactions, "SOON_S", 0.05)


async def pressed_card(bot: Bot, who: Person, channel: Channel) -> None:
    bot.desk.answers["consent"] = Card([Text("Do you agree?"), BUTTONS])
    await who.slash("yamabiko consent", channel)


async def test_the_answer_to_a_private_button_takes_its_place(bot: Bot, ann: Person, general: Channel) -> None:
    await pressed_card(bot, ann, general)
    await ann.press(ann.ephemerals[0], "No")
    assert [bot.discord.rendered(one) for one in ann.ephemerals] == ["you asked consent no"]


@pytest.mark.usefixtures("impatient")
async def test_a_slow_answer_to_a_private_button_takes_its_place_too(bot: Bot, ann: Person, general: Channel) -> None:
    await pressed_card(bot, ann, general)
    bot.desk.slow = 0.3
    await ann.press(ann.ephemerals[0], "Yes")
    await bot.discord.until(lambda: bot.shown(ann) == "you asked consent yes")
    assert len(ann.ephemerals) == 1


async def test_the_answer_to_a_button_in_the_open_is_private(bot: Bot, ann: Person, general: Channel) -> None:
    posted = await bot.says(general, Card([Text("Collected from now on."), BUTTONS]))
    await ann.press(posted, "Yes")
    assert bot.shown(ann) == "you asked consent yes"
    assert bot.discord.rendered(posted).startswith("┃ Collected")


async def test_a_button_with_nothing_to_say_says_nothing(bot: Bot, ann: Person, general: Channel) -> None:
    bot.desk.answers["consent yes"] = None
    posted = await bot.says(general, Card([BUTTONS]))
    answered = await ann.press(posted, "Yes")
    assert not answered.error
    assert not ann.ephemerals


async def test_a_button_works_after_a_restart(discord: FakeDiscord, ann: Person, general: Channel) -> None:
    async with connected(discord) as before:
        posted = await before.says(general, Card([Text("Run 7"), BUTTONS]))
    async with connected(discord) as after:
        await ann.press(posted, "No")
        assert [asked for asked, _ in after.desk.heard] == ["consent no"]


async def test_a_letter_s_button_is_of_the_guild_that_sent_it(bot: Bot, ann: Person, discord: FakeDiscord) -> None:
    other = discord.new_guild("Village")
    await ann.join(other)
    await discord.until(lambda: len(bot.connection.client.guilds) == 2)
    letter = await bot.says(ann.dm_channel, Card([BUTTONS]), other.id)
    await ann.press(letter, "Yes")
    assert bot.desk.heard[-1][1].workspace.id == other.id
    await ann.leave(other)
    await ann.press(letter, "Yes")
    assert len(bot.desk.heard) == 1
    assert "only members of my own server" in bot.shown(ann)


async def test_a_dangerous_button_asks_first(bot: Bot, ann: Person, general: Channel) -> None:
    row = Row([Button("Close", "close", "3", "danger", sure="Nothing of #x is read. Close it?")])
    posted = await bot.says(general, Card([Text("#x"), row]))
    await ann.press(posted, "Close")
    assert bot.shown(ann) == "┃ Nothing of #x is read. Close it?\n┃ [Close] [No]"
    await ann.press(ann.ephemerals[-1], "No")
    await bot.discord.until(lambda: not ann.ephemerals)
    await ann.press(posted, "Close")
    await ann.press(ann.ephemerals[-1], "Close")
    assert bot.shown(ann) == "you asked close 3"
    assert [asked for asked, _ in bot.desk.heard] == ["close 3"]


async def test_a_dangerous_button_asks_after_a_restart_too(
    bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    buttons = [Button("Close", "close", "3", sure="Sure?"), Button("Delete", "delete", "3", sure="Sure?")]
    posted = await bot.says(general, Card([Row(buttons)]))
    monkeypatch.setattr(asides, "SURE", Remembered[tuple[str, str], str](1, 1.0))
    await ann.press(posted, "Close")
    assert "**Close**: Are you sure?" in bot.shown(ann)
    await ann.press(posted, "Delete")
    assert "Erase this answer, and what was asked, for everyone?" in bot.shown(ann)


async def test_a_dangerous_button_asks_whoever_presses_it_in_their_language(
    bot: Bot, ann: Person, general: Channel
) -> None:
    with speaking("ja"):
        posted = await bot.says(general, Card([Row([Button("Close", "close", "4", sure="閉じますか。")])]))
    await ann.press(posted, "Close")
    assert "**Close**: Are you sure?" in bot.shown(ann)
    bot.desk.spoken = "ja"
    await ann.press(posted, "Close")
    assert "閉じますか。" in bot.shown(ann)


async def test_a_menu_does_what_was_chosen(bot: Bot, ann: Person, general: Channel) -> None:
    menu = Menu("Language", "tongue", [Choice("日本語", "ja"), Choice("auto", "")])
    bot.desk.answers["language"] = Card([Row([menu])])
    await ann.slash("yamabiko language", general)
    await ann.choose(ann.ephemerals[0], "Language", "auto")
    assert bot.desk.heard[-1][0] == "tongue"
    assert bot.shown(ann) == "you asked tongue"


async def test_many_buttons_become_menus_that_do_the_same(bot: Bot, ann: Person, general: Channel) -> None:
    parts = [
        part for n in range(12) for part in (Text(f"**{n}**"), Row([Button("Up", "up", str(n)), Button("No", "no")]))
    ]
    posted = await bot.says(general, Card(parts))
    await ann.choose(posted, "What to do?", "Up")
    assert bot.desk.heard[-1][0].startswith("up ")
