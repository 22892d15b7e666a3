"""The commands as Discord has them: all of them, told when they changed, and each reaches the desk."""

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import pytest

from bot.chat.commands import COMMANDS
from bot.chat.commands.asked import Command, Option
from bot.chat.commands.shortcuts import SHORTCUTS
from bot.platforms.discord import naming, syncing
from bot.platforms.discord.commands import definition
from bot.platforms.discord.naming import path
from db.words import speaking
from tests.fakes.commanded_discord import Bot, connected
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.pretended_discord.commands import check_commands, words_of

COMMANDS_ROUTE = "PUT /applications/{app}/commands"


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    discord.limits.on = False
    async with connected(discord) as bot:
        yield bot


def value(option: Option, ann: Person, general: Channel) -> Any:
    match option.kind:
        case "channel":
            return general
        case "member":
            return ann
        case "number":
            return 3
        case "yes":
            return True
        case "one":
            return option.choices[0]
        case _:
            return "Cap"


async def test_every_command_is_offered_and_reaches_the_desk_with_what_it_is_told(
    bot: Bot, ann: Person, general: Channel
) -> None:
    for name, command in COMMANDS.items():
        told = {option.name: value(option, ann, general) for option in command.options}
        await ann.slash(f"yamabiko {path(name)}", general, **told)
        assert bot.desk.heard[-1][0] == name
        assert set(bot.desk.given[-1]) == set(told)


async def test_every_shortcut_is_offered_on_messages_and_reaches_the_desk(
    bot: Bot, ann: Person, general: Channel, discord: FakeDiscord
) -> None:
    message = await ann.post(general, "hello")
    admin = discord.person("Ada", is_admin=True)
    for one in SHORTCUTS:
        await admin.menu(one.name, message)
        assert bot.desk.heard[-1][0] == f"{one.press} {message.id}"
    assert len(SHORTCUTS) <= 5


def test_discord_takes_the_commands() -> None:
    wanted = definition()
    check_commands(wanted)
    assert sorted(words_of(wanted[0])) == sorted(f"yamabiko {path(name)}" for name in COMMANDS)
    assert wanted[0]["description_localizations"]["ja"]
    assert "default_member_permissions" not in wanted[0]  # everyone's commands stand there


def test_more_commands_than_discord_takes_side_by_side_find_room_in_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    more = {f"new-{n}": Command(f"new-{n}", "New", next(iter(COMMANDS.values())).do) for n in range(10)}
    monkeypatch.setattr("bot.platforms.discord.commands.COMMANDS", COMMANDS | more)
    monkeypatch.setattr(naming, "COMMANDS", COMMANDS | more)
    wanted = definition()
    check_commands(wanted)
    assert "yamabiko more new-9" in words_of(wanted[0])


async def test_discord_is_told_of_the_commands_once_and_not_at_every_start(discord: FakeDiscord) -> None:
    for _ in range(2):
        async with connected(discord):
            assert len(discord.called(COMMANDS_ROUTE)) == 1
    with speaking("ja"):
        async with connected(discord):
            pass
    assert len(discord.called(COMMANDS_ROUTE)) == 1


async def test_discord_is_told_again_when_a_command_changed(
    discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(discord):
        pass
    changed = deepcopy(definition())
    changed[0]["options"][0]["description_localizations"] = {"ja": "別の説明"}
    monkeypatch.setattr(syncing, "definition", lambda: changed)
    async with connected(discord):
        assert len(discord.called(COMMANDS_ROUTE)) == 2
    async with connected(discord):
        assert len(discord.called(COMMANDS_ROUTE)) == 2


async def test_a_discord_that_will_not_hear_of_commands_is_served_all_the_same(
    discord: FakeDiscord, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(discord):
        pass
    monkeypatch.setattr(syncing, "FIRST_PAUSE_S", 0.05)
    discord.fault("GET /applications/{app}/commands", times=2, status=403, code=50001)
    async with connected(discord) as bot:
        await ann.slash("yamabiko status", general)
        assert bot.shown(ann) == "you asked status"
