"""What a fine-tune may learn of Discord's files, from the file to the examples."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.chat.collecting.ingest import Import
from bot.importers.discord_export import DiscordExport
from bot.importers.discord_package import DiscordPackage
from db import channels, workspaces
from db.session import Sessions, transaction
from db.transcript import NOTHING_SAID
from tests.fakes import community, discord_export, discord_package
from tests.fakes.archive import OWNER
from tests.fakes.town import RULES
from trainer import dataset
from trainer.dataset import Built, TooLittleText


async def learned(sessions: Sessions, channel: str, now: datetime) -> Built:
    """The dataset of a persona that has this channel, opened for training."""
    async with transaction(sessions) as session:
        row = await channels.named(session, channel)
        row.state = "training"
        persona = await community.persona(session, now, row, name=f"echo of {now}")
    return await dataset.build(sessions, persona, RULES, newest=None, min_targets=1)


async def test_text_of_an_export_needs_permission_beside_consent(
    sqlite_sessions: Sessions, tmp_path: Path, now: datetime
) -> None:
    said, ben = discord_export.said, discord_export.BEN
    rows = [said(f"how is the tide, {n}?", 120 * n) for n in range(4)]
    rows += [said(f"rising, {n}", 120 * n + 1, ben) for n in range(4)]
    opened = DiscordExport(discord_export.export(tmp_path / "x.json", *rows))
    await Import(sqlite_sessions, opened, "discord_export", OWNER).run("signed forms", lambda share: None)
    with pytest.raises(TooLittleText, match="8 no permission for API text"):
        await learned(sqlite_sessions, "general", now)
    async with transaction(sqlite_sessions) as session:
        workspaces.permit(await workspaces.named(session, "Harbour"), "Discord's letter", "owner", now)
    built = await learned(sqlite_sessions, "general", now.replace(year=2027))
    assert built.shape == "chat"
    assert built.counts["by_provenance"] == {"discord_export": 8}
    answers = [example.content["turns"] for example in built.examples if len(example.content["turns"]) == 3]
    assert [turn["content"] for turn in answers[1][1:]] == ["how is the tide, 0?", "rising, 0"]


async def test_a_package_is_learned_message_by_message_as_words_that_answer_nobody(
    sqlite_sessions: Sessions, tmp_path: Path, now: datetime
) -> None:
    rows = [discord_package.said(f"my word {n}", n) for n in range(30)] + [discord_package.said("/roll 6", 50)]
    path = discord_package.package(tmp_path / "p.zip", discord_package.channel(discord_package.GENERAL, *rows))
    with DiscordPackage(path) as opened:
        await Import(sqlite_sessions, opened, "discord_package", OWNER).run("they gave it to us", lambda share: None)
    built = await learned(sqlite_sessions, "Harbour/general", now)
    assert built.shape == "chat"
    assert built.counts["left_out"] == {"command": 1}
    spoken = [[turn["content"] for turn in example.content["turns"][1:]] for example in built.examples]
    assert sorted(spoken) == sorted([NOTHING_SAID, f"my word {n}"] for n in range(30))
    assert all(not example.context for example in built.examples)
    assert 0 < len(built.part(held_out=True)) < 15
