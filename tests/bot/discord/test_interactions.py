"""Commands, presses and menus in Discord: answered in time, and in the right place."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.chat import placing
from bot.chat.cards import Card, Choice, Text, told
from bot.platforms.discord import interactions, kept
from tests.fakes.commanded_discord import Bot, connected
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.script import BUTTONS, growing_card


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    discord.limits.on = False
    async with connected(discord) as bot:
        yield bot


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for the desk."""
    monkeypatch.setattr(interactions, "SOON_S", 0.05)


async def test_a_private_card_is_seen_by_its_asker_alone(bot: Bot, ann: Person, general: Channel) -> None:
    answered = await (await ann.slash("yamabiko status", general)).until_answered()
    assert [bot.discord.rendered(one) for one in answered.ephemerals] == ["you asked status"]
    assert not answered.messages
    [(_, call)] = bot.desk.heard
    assert (call.member.id, call.member.name, call.member.locale) == (ann.id, "Ann", "en-US")
    assert call.channel is not None
    assert (call.workspace.name, call.channel.name, call.channel.direct) == ("Town", "general", False)


async def test_a_card_for_everyone_stands_in_the_channel(bot: Bot, ann: Person, general: Channel) -> None:
    bot.desk.answers["promote"] = told("harbour speaks anew", private=False)
    await ann.slash("yamabiko promote", general)
    [post] = await bot.discord.until(lambda: bot.discord.bot_posts(general))
    assert bot.discord.rendered(post) == "harbour speaks anew"
    assert not ann.ephemerals


@pytest.mark.usefixtures("impatient")
async def test_a_slow_desk_is_waited_for_in_the_open_and_answers_in_its_place(
    bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.slow = 0.3
    answered = await ann.slash("yamabiko status", general)
    assert answered.deferred
    await bot.discord.until(lambda: ann.ephemerals and bot.shown(ann) == "you asked status")
    assert len(ann.ephemerals) == 1


@pytest.mark.usefixtures("impatient")
async def test_a_card_for_everyone_that_came_late_is_no_private_one(bot: Bot, ann: Person, general: Channel) -> None:
    bot.desk.slow, bot.desk.answers["promote"] = 0.3, told("harbour speaks anew", private=False)
    await ann.slash("yamabiko promote", general)
    [post] = await bot.discord.until(lambda: bot.discord.bot_posts(general))
    assert bot.discord.rendered(post) == "harbour speaks anew"
    assert not ann.ephemerals


async def test_options_are_handed_on_as_the_desk_wants_them(bot: Bot, ann: Person, general: Channel) -> None:
    await ann.calls_themselves("Annie|<b>")
    await ann.slash("yamabiko order block", general, member=ann, why="noise")
    await ann.slash("yamabiko approve", general, channel=general, review=True, **{"for": "training"})
    await ann.slash("yamabiko retrain", general, persona="Cap", epochs="2", now=False)
    assert [name for name, _ in bot.desk.heard] == ["block", "approve", "retrain"]
    assert bot.desk.given == [
        {"member": f"<@{ann.id}|Annie b >", "why": "noise"},
        {"channel": f"<#{general.id}|general>", "review": "yes", "for": "training"},
        {"persona": "Cap", "epochs": "2", "now": "no"},
    ]


async def test_what_an_option_could_be_is_offered_while_it_is_typed(bot: Bot, ann: Person, general: Channel) -> None:
    bot.desk.choices = [Choice("Cap", "Cap"), Choice("Cap", "twice"), Choice("x" * 200, "long"), Choice("y", "z" * 101)]
    found = await ann.typing("yamabiko promote", general, persona="ca")
    assert bot.desk.heard[0][0] == "promote persona: ca"
    assert [one.value for one in found] == ["twice", "long"]


async def test_nothing_is_offered_where_the_desk_is_slow(
    bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "SUGGESTED_S", 0.05)
    bot.desk.slow = 0.2
    assert await ann.typing("yamabiko promote", general, persona="ca") == []


async def test_a_command_in_a_direct_message_is_of_the_guild_they_share(bot: Bot, ann: Person) -> None:
    await ann.slash("yamabiko status", ann.dm_channel)
    [(_, call)] = bot.desk.heard
    assert call.channel is not None
    assert (call.workspace.id, call.channel.direct, call.channel.name) == (bot.discord.guild.id, True, "@Ann")


async def test_whoever_shares_no_guild_is_told_so(bot: Bot, ann: Person) -> None:
    await ann.leave(bot.discord.guild)
    await ann.slash("yamabiko status", ann.dm_channel)
    assert "I answer only members of my own server" in bot.shown(ann)
    assert bot.desk.heard == []


async def test_a_command_in_a_thread_belongs_to_its_channel(bot: Bot, ann: Person, general: Channel) -> None:
    thread = await ann.start_thread(general, "tides")
    await ann.slash("yamabiko status", thread)
    [(_, call)] = bot.desk.heard
    assert call.channel is not None
    assert (call.channel.id, call.thread) == (general.id, thread.id)


async def test_what_broke_is_told_in_a_sentence(bot: Bot, ann: Person, general: Channel) -> None:
    bot.desk.answers["status"] = ZeroDivisionError("secret things")
    await ann.slash("yamabiko status", general)
    assert bot.shown(ann) == "Something failed; the log of the bot tells what."


async def test_a_growing_card_changes_in_its_place(
    bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "EVERY_S", 0.0)
    bot.desk.answers["compare"] = growing_card("step 1", "step 2", "done")
    await ann.slash("yamabiko compare", general)
    await bot.discord.until(lambda: ann.ephemerals and bot.shown(ann) == "done")
    assert [bot.discord.rendered(one) for one in ann.ephemerals] == ["done"]


async def test_past_its_quarter_of_an_hour_an_answer_comes_as_a_direct_message(
    bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "EVERY_S", 0.0)
    going = asyncio.Event()

    async def cards():
        yield told("this takes a while")
        await going.wait()
        yield Card([Text("done"), BUTTONS])

    bot.desk.answers["compare"] = placing.Growing(cards())
    await ann.slash("yamabiko compare", general)
    await bot.discord.until(lambda: ann.ephemerals)
    bot.discord.clock.advance(16 * 60)
    going.set()
    [letter] = await bot.discord.until(lambda: bot.discord.bot_posts(ann.dm_channel))
    assert bot.discord.rendered(letter) == "┃ done\n┃ [Yes] [No]"
    await ann.press(letter, "Yes")
    assert bot.desk.heard[-1][1].workspace.id == bot.discord.guild.id


async def test_an_answer_that_is_too_late_even_for_the_first_time_comes_as_a_direct_message(
    bot: Bot, ann: Person, general: Channel
) -> None:
    bot.discord.patience, bot.desk.slow = 0.1, 0.3
    await ann.slash("yamabiko status", general)
    [letter] = await bot.discord.until(lambda: bot.discord.bot_posts(ann.dm_channel))
    assert bot.discord.rendered(letter) == "you asked status"


@pytest.mark.usefixtures("impatient")
async def test_what_is_asked_for_is_done_and_told_where_discord_takes_no_first_word(
    bot: Bot, ann: Person, general: Channel
) -> None:
    bot.desk.slow = 0.2
    bot.discord.fault("POST /interactions/{interaction}/{token}/callback", status=400, code=0)
    await ann.slash("yamabiko status", general)
    await bot.discord.until(lambda: ann.ephemerals)
    assert bot.shown(ann) == "you asked status"


async def test_what_discord_tells_twice_is_done_once(bot: Bot, ann: Person, general: Channel) -> None:
    posted = await bot.says(general, Card([BUTTONS]))
    bot.discord.duplicate_events(2)
    await ann.press(posted, "Yes")
    await bot.discord.settled()
    await asyncio.sleep(0.05)
    assert len(bot.desk.heard) == 1
    assert len(ann.ephemerals) == 1


async def test_no_token_reaches_the_log(
    bot: Bot, ann: Person, general: Channel, capfd: pytest.CaptureFixture[str]
) -> None:
    bot.discord.patience, bot.desk.slow = 0.1, 0.3
    bot.discord.fault("POST /users/@me/channels", status=403, code=50007)
    await ann.slash("yamabiko status", general)
    await bot.discord.until(lambda: bot.discord.called("POST /users/@me/channels"))
    await bot.discord.settled()
    said = "".join(capfd.readouterr())
    assert not any(token in said for token in bot.discord.world.interactions)
    assert kept.SURE.get(("en", "nothing")) is None
