"""The doctor looks at Discord: each thing that is missing says what to mend, and no token is told."""

from collections.abc import AsyncIterator

import pytest

from bot import doctor
from bot.chat.findings import Finding
from bot.platforms.discord import checks
from bot.platforms.discord.checks import examine
from bot.platforms.discord.permissions import BITS, invitation
from db import channels, config, migrate, workspaces
from db.channels import OpenedChannel
from db.session import open_engine, sessions_of, transaction
from tests.fakes.discord import Channel, FakeDiscord

TOKEN = "MTA5" + "x" * 22 + ".GhIjKl." + "y" * 38  # put together, so that no scanner takes it for a real one


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    """With a server that grants just what the link asks for."""
    async with FakeDiscord.running(limits=False) as running:
        running.app.token, running.app.public = TOKEN, False
        running.grant_only(BITS)
        yield running


def opened(discord: FakeDiscord, *places: Channel) -> list[OpenedChannel]:
    return [OpenedChannel(number, discord.guild.id, place.id, place.name) for number, place in enumerate(places)]


async def found(discord: FakeDiscord, *places: Channel, token: str = TOKEN) -> dict[str, Finding]:
    findings = {finding.what: finding for finding in await examine(token, discord.api, opened(discord, *places))}
    assert token not in str(findings)
    return findings


async def test_where_all_is_well_it_names_the_bot_and_its_servers(discord: FakeDiscord) -> None:
    discord.app.message_content = True
    findings = await found(discord, discord.channel("general"))
    assert [finding for finding in findings.values() if not finding.ok or finding.advice] == []
    assert findings["Discord's bot token"].detail == "yamabiko, of the app yamabiko"
    assert findings["Discord's servers"].detail == "Town"
    assert findings["Discord's permissions"].detail == "all granted"
    assert findings["Discord's opened channels"].detail == "1 channel can be read"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("123456789012345678", "holds the app's id"),
        ("0123456789abcdef" * 2, "three parts with dots"),
        ("a.b. c", "three parts with dots"),
    ],
)
async def test_what_is_no_bots_token_is_told_before_discord_sees_it(
    discord: FakeDiscord, wrong: str, told: str
) -> None:
    findings = await found(discord, token=wrong)
    assert told in findings["Discord's bot token"].detail
    assert "Reset Token" in findings["Discord's bot token"].detail
    assert not discord.calls


async def test_a_token_that_discord_does_not_know_says_where_a_new_one_is_made(discord: FakeDiscord) -> None:
    findings = await found(discord, token="MTA5.GhIjKl.other")
    assert list(findings) == ["Discord's bot token"]
    assert "does not know the bot's token" in findings["Discord's bot token"].detail


async def test_without_message_content_the_channels_that_wait_for_it_are_counted(discord: FakeDiscord) -> None:
    assert (await found(discord))["Discord's message content"].ok
    finding = (await found(discord, discord.channel("general"), discord.channel("random")))["Discord's message content"]
    assert not finding.ok
    assert "from 2 opened channels" in finding.detail
    assert "Message Content Intent" in finding.advice


async def test_text_of_a_server_in_which_the_bot_is_not_needs_no_message_content(discord: FakeDiscord) -> None:
    files = OpenedChannel(1, "another", "1", "general")
    findings = {one.what: one for one in await examine(TOKEN, discord.api, [files])}
    assert all(finding.ok for finding in findings.values())


async def test_in_no_server_it_gives_the_link_that_invites_it(discord: FakeDiscord) -> None:
    del discord.guild.members[discord.bot_id]
    finding = (await found(discord))["Discord's servers"]
    assert not finding.ok
    assert invitation(discord.bot_id) in finding.advice


async def test_what_a_server_does_not_grant_is_named_with_what_it_is_for(discord: FakeDiscord) -> None:
    discord.grant_only(BITS & ~checks.HISTORY.bit)
    finding = (await found(discord))["Discord's permissions in Town"]
    assert finding.detail.startswith("missing: Read Message History (to answer under a question")
    assert invitation(discord.bot_id, discord.guild.id) in finding.advice


async def test_an_opened_channel_that_the_bot_may_not_read_is_told_by_its_name(discord: FakeDiscord) -> None:
    general, quiet, gone = (discord.channel(name) for name in ("general", "quiet", "gone"))
    discord.overwrite(quiet, "everyone", deny=["read_message_history"])
    del discord.world.channels[gone.id]
    findings = await found(discord, general, quiet, gone)
    assert "Discord's #general in Town" not in findings
    assert findings["Discord's #quiet in Town"].detail.startswith("missing: Read Message History")
    assert "channel close gone" in findings["Discord's #gone in Town"].advice


@pytest.mark.parametrize(
    ("switch", "value", "is_sound", "told"),
    [
        ("endpoint", "https://example.org/", False, "Empty “Interactions Endpoint URL”"),
        ("require_code_grant", True, False, "Switch off “Requires OAuth2 Code Grant”"),
        ("public", True, True, "switch off “Public Bot”"),
    ],
)
async def test_a_switch_of_the_portal_that_is_in_the_way_is_named(
    discord: FakeDiscord, switch: str, value: object, is_sound: bool, told: str
) -> None:
    setattr(discord.app, switch, value)
    finding = (await found(discord))["Discord's app"]
    assert finding.ok == is_sound
    assert told in finding.advice


async def test_a_bot_that_was_started_too_often_is_told_when_it_may_again(discord: FakeDiscord) -> None:
    discord.gateway.identified = 990
    few = (await found(discord))["Discord's gateway"]
    assert (few.ok, few.detail) == (True, "10 of 1000 new connections are left")
    assert "24.0 hours" in few.advice
    discord.gateway.identified = 1000
    assert not (await found(discord))["Discord's gateway"].ok


async def test_a_discord_that_is_away_is_told_as_that(discord: FakeDiscord) -> None:
    discord.down = True
    assert [(one.what, one.ok) for one in await examine(TOKEN, discord.api)] == [("Discord", False)]
    discord.down = False
    discord.fault("GET /users/@me", status=429, retry_after=1.0)
    assert "trouble of its own (429)" in (await found(discord))["Discord"].detail
    (nowhere,) = await examine(TOKEN, "http://127.0.0.1:9/api/v10")
    assert "does not answer at http://127.0.0.1:9" in nowhere.detail


async def test_the_doctor_looks_at_discord_and_at_the_channels_opened_there(
    discord: FakeDiscord, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torch.py").write_text("raise SystemExit('a stand-in')")
    assert not any("Discord" in one.what for one in await doctor.examine())
    monkeypatch.setenv("YAMABIKO_DISCORD__BOT_TOKEN", TOKEN)
    monkeypatch.setenv("YAMABIKO_DISCORD__API_URL", discord.api)
    engine = open_engine(config.load(doctor.BotConfig).database_url)
    await migrate.upgrade(engine)
    general = discord.channel("general")
    async with transaction(sessions_of(engine)) as session:
        now = doctor.datetime.now(doctor.UTC)
        guild = await workspaces.ensure(session, "discord", discord.guild.id, "Town", now)
        (await channels.ensure(session, guild, general.id, "general", now)).state = "context"
    await engine.dispose()
    findings = {one.what: one for one in await doctor.examine()}
    assert findings["Discord's bot token"].ok
    assert findings["bot"].advice == "`yamabiko run` starts it."
    assert "from 1 opened channel;" in findings["Discord's message content"].detail
