"""A newcomer's five minutes, as the README walks through them: from the invitation to the first answer."""

import asyncio
import json
import signal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.platforms.discord.permissions import BITS, SCOPES
from tests.fakes import openai_server
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_process import TOKEN, assert_no_secret, running, shell


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_from_the_invitation_to_the_first_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeDiscord.running() as discord, openai_server.serving(otherwise="Copy, skipper. Over.") as server:
        discord.app.token = TOKEN
        discord.leave_guild(discord.guild)
        monkeypatch.setenv("YAMABIKO_BASES__SERVERS__HOUSE__URL", server.url)
        monkeypatch.setenv("YAMABIKO_BASES__SERVERS__HOUSE__MODEL", server.models[0])
        link, _ = await asyncio.gather(
            shell(discord, tmp_path, "invite", "discord"),
            shell(discord, tmp_path, "persona", "create", "echo", "--base", "house", "--system", "Be brief."),
        )
        accept(discord, link)
        findings = json.loads(await shell(discord, tmp_path, "doctor", "--json"))["findings"]
        assert [one["detail"] for one in findings if one["what"] == "Discord's permissions"] == ["all granted"]
        async with running(discord, tmp_path) as bot:
            await bot.says("Discord: connected")
            code = json.loads(await shell(discord, tmp_path, "claim", "--json"))
            ann, general = discord.person("Ann"), discord.channel("general")
            await ann.slash("yamabiko claim", general, code=code["code"])
            await discord.until(lambda: "owner" in " ".join(map(discord.rendered, ann.ephemerals)), 20)
            await ann.mention(general, "how was your week?")
            await discord.until(
                lambda: [one for one in discord.bot_posts(general) if "Copy, skipper" in one.content], 30
            )
            assert await bot.end(signal.SIGINT) == 130
            assert "Traceback" not in bot.told
    assert_no_secret(tmp_path, discord)


def accept(discord: FakeDiscord, link: str) -> None:
    """What Discord does when somebody opens the link and chooses a server."""
    asked = parse_qs(urlsplit(link.strip()).query)
    assert asked["client_id"] == [discord.app.id]
    assert asked["scope"] == [" ".join(SCOPES)]
    assert asked["permissions"] == [str(BITS)]
    discord.invite(discord.guild, int(asked["permissions"][0]))
    discord.grant_only(BITS)
