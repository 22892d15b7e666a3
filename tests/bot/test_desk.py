"""The desk: who stands there, what is suggested while they type, and that every failure is a sentence."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import func, select

from bot.chat.cards import Choice
from db import channels, pauses, personas
from db.models import Channel, Member
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.cards import rendered
from tests.fakes.counter import Counter


async def test_a_button_of_an_earlier_version_is_met_with_a_sentence(sqlite_counter: Counter) -> None:
    told = await sqlite_counter.presses("Ben", "abolished", "1")
    assert told == "This button does nothing any more; `/yamabiko help` shows what I do."


async def test_a_fault_of_ours_is_a_sentence_and_stands_in_the_log(
    sqlite_counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await sqlite_counter.presses("Ben", "consent", "maybe") == "Something failed; the log of the bot tells what."
    assert "KeyError: 'maybe'" in capsys.readouterr().out


async def test_rows_that_cannot_be_reached_are_a_sentence_too(
    sqlite_counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("bot.chat.desk.workspaces.ensure", fails)
    assert await sqlite_counter.reads("Ben", "status") == "Something failed; the log of the bot tells what."


async def test_two_first_calls_at_the_same_moment_make_one_member(counter: Counter) -> None:
    told = await asyncio.gather(*(counter.reads("Zoe", "status") for _ in range(5)))
    assert len(set(told)) == 1
    assert "Speaks here: echo" in told[0]
    async with reading(counter.sessions) as session:
        zoes = await session.scalar(select(func.count()).select_from(Member).where(Member.platform_id == "Zoe"))
    assert zoes == 1


async def test_options_that_a_network_took_apart_lead_to_the_same(counter: Counter, now: datetime) -> None:
    await counter.learned(now)
    given = {"persona": "echo", "adapter": "1", "why": ""}
    shown = rendered(await counter.desk.command(counter.call("Ada"), "promote", given))
    assert shown.startswith("**echo**: the bare base → adapter 1")
    closed = rendered(await counter.desk.command(counter.call("Ada"), "close", {"channel": "<#C1>"}))
    assert closed.startswith("#general is closed")


async def suggested(counter: Counter, who: str, command: str, option: str, typed: str) -> list[Choice]:
    return list(await counter.desk.suggest(counter.call(who), command, option, typed))


async def test_what_an_option_could_be_is_suggested_while_it_is_typed(counter: Counter, now: datetime) -> None:
    async with transaction(counter.sessions) as session:
        await community.persona(session, now, name="Harbour")
        await community.persona(session, now, name="the harbour")
    await counter.learned(now)
    harbours = await suggested(counter, "Ada", "promote", "persona", "ＨＡＲ")
    assert [choice.value for choice in harbours] == ["Harbour", "the harbour"]
    assert await suggested(counter, "Ada", "promote", "adapter", "") == [Choice("1 echo (candidate)", "1")]
    of_other = {"persona": harbours[0].value}
    assert not await counter.desk.suggest(counter.call("Ada"), "promote", "adapter", "", of_other)
    assert await suggested(counter, "Ada", "rollback", "to", "ba") == [Choice("base", "base")]
    assert await suggested(counter, "Ada", "cancel", "run", "1") == [Choice("1 echo (succeeded)", "1")]
    assert await suggested(counter, "Ada", "close", "channel", "#gen") == [Choice("Harbour/general", "#1")]
    assert await suggested(counter, "Ada", "block", "member", "be") == [Choice("Ben (Harbour)", "#4")]
    assert await suggested(counter, "Ada", "language", "language", "j") == [Choice("ja", "ja")]


async def test_nothing_is_suggested_to_who_may_not_see_it_or_for_what_is_not_there(sqlite_counter: Counter) -> None:
    assert await suggested(sqlite_counter, "Ben", "block", "member", "") == []
    assert await suggested(sqlite_counter, "Ben", "abolished", "member", "") == []


async def test_at_most_twenty_five_are_suggested(
    sqlite_sessions: Sessions, sqlite_counter: Counter, now: datetime
) -> None:
    async with transaction(sqlite_sessions) as session:
        for number in range(30):
            await community.persona(session, now, name=f"p{number:02}")
        assert len(await personas.every(session)) == 31
    assert len(await suggested(sqlite_counter, "Ada", "promote", "persona", "")) == 25


async def test_members_learn_no_channels_name_from_what_they_may_not_do(sqlite_counter: Counter, now: datetime) -> None:
    async with transaction(sqlite_counter.sessions) as session:
        secret = await channels.ensure(session, sqlite_counter.here.workspace, "C9", "layoffs", now)
        secret.state = "context"
        await pauses.begin(session, secret.id, "shell:me", now)
    assert await suggested(sqlite_counter, "Ben", "use", "channel", "") == []
    assert [one.label for one in await suggested(sqlite_counter, "Ada", "use", "channel", "lay")] == ["Harbour/layoffs"]
    refused = {await sqlite_counter.reads("Ben", f"use echo {name}") for name in ("layoffs", "nothing", "<#C8|mine>")}
    assert refused == {"Only an admin may do this (use); you are a member. You can ask Ada, Ann."}
    assert "layoffs" not in await sqlite_counter.reads("Ben", "status")
    assert "Paused: #layoffs" in await sqlite_counter.reads("Cleo", "status")
    async with reading(sqlite_counter.sessions) as session:
        assert await session.scalar(select(Channel).where(Channel.platform_id == "C8")) is None
