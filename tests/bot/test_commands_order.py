"""Members and their roles, blocking, pausing, the panel's link and the first owner, by commands."""

import re
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from bot.chat.cards import Menu, Row
from bot.chat.verbs import signing_in
from bot.chat.verbs.authority import Actor
from db import members, workspaces
from db.models import Audit, Block, Member
from db.session import Sessions, reading, transaction
from tests.fakes import counter as counters
from tests.fakes.cards import rendered
from tests.fakes.counter import Counter


async def role_of(counter: Counter, platform_id: str) -> str:
    async with reading(counter.sessions) as session:
        found = await session.scalar(select(Member.id).where(Member.platform_id == platform_id))
        assert found is not None
        return await members.role_of(session, found)


async def test_members_are_listed_with_roles_and_answers(counter: Counter) -> None:
    await counter.types("Ben", "consent no")
    assert (await counter.reads("Cleo", "members")).splitlines()[:5] == [
        "# Members",
        "• **Ann** (Harbour): owner, 0 messages",
        "• **Ada** (Harbour): admin, 0 messages",
        "• **Cleo** (Harbour): curator, 0 messages",
        "• **Ben** (Harbour): member, 0 messages, the community's voice: no",
    ]
    assert "Only a curator" in await counter.reads("Ben", "members")


async def test_the_owner_gives_roles_by_name_by_id_and_by_menu(counter: Counter) -> None:
    assert await counter.reads("Ann", "members Ben curator") == "Ben is now a curator."
    assert await counter.reads("Ann", "members <@U77|Gus> admin") == "Gus is now an admin."
    card = await counter.types("Ann", "members @Ben")
    assert "[Role: 4 member|4 curator|4 admin|4 owner = 4 curator → role]" in rendered(card)
    assert await counter.presses("Ann", "role", "4 member") == "Ben is now a member."
    assert [await role_of(counter, one) for one in ("Ben", "U77")] == ["member", "admin"]
    refused = await counter.reads("Ada", "members Ben owner")
    assert refused == "Only an owner may do this (set role); you are an admin. You can ask Ann."
    assert (await counter.presses("Ben", "role", "4 owner")).startswith("Only an owner")
    rows = getattr(await counter.types("Ada", "members Ben"), "parts", ())
    assert not [one for row in rows if isinstance(row, Row) for one in row.actions if isinstance(one, Menu)]


async def test_of_two_people_of_one_name_the_one_of_ones_own_workspace_is_meant(
    counter: Counter, now: datetime
) -> None:
    async with transaction(counter.sessions) as session:
        other = await workspaces.ensure(session, "slack", "T2", "Mountain", now)
        await members.ensure(session, other, [("U2", "Ben"), ("U3", "Zed"), ("U4", "Zed")], now)
    await counter.types("Ann", "members Ben curator")
    assert [await role_of(counter, one) for one in ("Ben", "U2")] == ["curator", "member"]
    assert "Several members are called 'Zed'; write one of #" in await counter.reads("Ann", "members Zed")
    listed = await counter.reads("Ann", "members")
    assert "**Ben** (Mountain): " in listed
    assert len(re.findall(r"\*\*Zed\*\* \(#\d+, Mountain\)", listed)) == 2


async def test_block_and_unblock_are_typed_and_pressed(counter: Counter) -> None:
    assert (await counter.reads("Ada", "block @Ben too much spam")).startswith("Ben is blocked")
    async with reading(counter.sessions) as session:
        assert list(await session.scalars(select(Block.why))) == ["too much spam"]
    assert "[Unblock → unblock 4]" in await counter.reads("Ada", "members Ben")
    assert await counter.presses("Ada", "unblock", "4") == "Ben is not blocked any more."
    assert await counter.presses("Ada", "unblock", "4") == "Ben is not blocked; `/yamabiko members` shows who is."
    assert await counter.presses("Ada", "block", "1") == (
        "Ann is an owner; `/yamabiko members` takes that away, and then blocking is open."
    )
    assert await counter.reads("Ada", "block nobody") == "There is no member 'nobody'; `/yamabiko members` shows them."
    assert (await counter.presses("Ben", "block", "5")).startswith("Only an admin may do this (block)")


async def test_a_channel_or_everything_is_paused_and_resumed(counter: Counter) -> None:
    paused = await counter.reads("Ada", "pause")
    assert paused.splitlines() == [
        "I answer nobody in #general until I am resumed; what was asked before is still answered.",
        "[Resume → resume 1]",
    ]
    assert "[Resume → resume 0]" in await counter.reads("Ada", "pause everything")
    assert await counter.presses("Ada", "resume", "1") == "Resumed; still paused: everything."
    assert await counter.presses("Ada", "resume", "0") == "I answer everywhere again."
    assert "Not everything is paused" in await counter.presses("Ada", "resume", "0")
    assert (await counter.presses("Ben", "resume", "0")).startswith("Only an admin may do this (resume)")
    async with reading(counter.sessions) as session:
        assert list(await session.scalars(select(Audit.verb))) == ["pause", "pause", "resume", "resume"]


async def test_the_panels_link_is_for_curators_and_above(
    sqlite_sessions: Sessions, tmp_path: Path, now: datetime
) -> None:
    async def link(actor: Actor) -> str:
        return f"http://127.0.0.1:1/enter?token={await signing_in.panel_link(sqlite_sessions, actor)}"

    async with counters.standing(sqlite_sessions, tmp_path, now, panel_link=link) as counter:
        shown = await counter.reads("Cleo", "panel")
        assert shown.startswith("http://127.0.0.1:1/enter?token=")
        assert "It lets one browser in, once" in shown
        assert "Only a curator" in await counter.reads("Ben", "panel")


async def test_without_a_panel_that_is_told(sqlite_counter: Counter) -> None:
    assert (await sqlite_counter.reads("Cleo", "panel")).startswith("There is no panel here")


async def test_the_shells_code_makes_an_owner_once(counter: Counter) -> None:
    code = await signing_in.claim_code(counter.sessions, Actor("shell:root", "owner"))
    assert (await counter.reads("Ben", f"claim {code}")).startswith("Welcome: you are an owner now.")
    assert await role_of(counter, "Ben") == "owner"
    refused = await counter.reads("Ema", f"claim {code}")
    assert "`yamabiko claim` at the shell gives a new one" in refused
    assert await role_of(counter, "Ema") == "member"
