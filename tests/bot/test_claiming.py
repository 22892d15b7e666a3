"""The first owner: a code from the shell, typed in chat, once."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.verbs.authority import Actor, NotAllowed
from bot.chat.verbs.signing_in import claim, claim_code, panel_link
from db import audit, members, signins
from db.session import Sessions, reading, transaction
from db.signins import CODE, WRONG_CODES, CodeRefused, LinkSpent
from tests.fakes import community
from tests.fakes.command_line import Run

NOW = datetime.now(UTC)
OWNER = Actor("shell:test", "owner")


async def ann(sessions: Sessions) -> Actor:
    async with transaction(sessions) as session:
        return Actor(f"member:{(await community.found(session, NOW)).members['Ann'].id}", "member")


async def role_of(sessions: Sessions, actor: Actor) -> str:
    async with reading(sessions) as session:
        return await members.role_of(session, int(actor.name.removeprefix("member:")))


async def test_who_types_the_code_is_an_owner_and_it_is_audited(sessions: Sessions) -> None:
    member = await ann(sessions)
    assert await claim(sessions, member, await claim_code(sessions, OWNER)) == "owner"
    assert await role_of(sessions, member) == "owner"
    async with reading(sessions) as session:
        assert [(row.actor, row.verb) for row in await audit.latest(session)] == [
            (member.name, "claim"),
            ("shell:test", "claim_code"),
        ]


async def test_a_code_is_good_once(sessions: Sessions) -> None:
    member, code = await ann(sessions), await claim_code(sessions, OWNER)
    await claim(sessions, member, code)
    with pytest.raises(CodeRefused, match="was used already"):
        await claim(sessions, member, code)


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: f" `{code}` "])
async def test_a_code_may_be_typed_as_people_type(sqlite_sessions: Sessions, typed) -> None:
    member, code = await ann(sqlite_sessions), await claim_code(sqlite_sessions, OWNER)
    assert await claim(sqlite_sessions, member, typed(code)) == "owner"


async def test_a_code_may_be_typed_in_full_width(sqlite_sessions: Sessions) -> None:
    member, code = await ann(sqlite_sessions), await claim_code(sqlite_sessions, OWNER)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    assert await claim(sqlite_sessions, member, wide) == "owner"


async def test_after_an_hour_a_code_is_worth_nothing(sessions: Sessions) -> None:
    member = await ann(sessions)
    async with transaction(sessions) as session:
        code = await signins.offer_code(session, NOW - CODE - timedelta(seconds=1))
    with pytest.raises(CodeRefused, match="too old"):
        await claim(sessions, member, code)
    assert await role_of(sessions, member) == "member"


async def test_after_a_few_wrong_codes_even_the_right_one_is_refused(sessions: Sessions) -> None:
    member = await ann(sessions)
    for _ in range(WRONG_CODES):
        with pytest.raises(CodeRefused, match="wrong"):
            await claim(sessions, member, "AAAA-AAAA")
    code = await claim_code(sessions, OWNER)
    with pytest.raises(CodeRefused, match="in an hour"):
        await claim(sessions, member, code)
    other = Actor(f"member:{int(member.name.removeprefix('member:')) + 1}", "member")
    assert await claim(sessions, other, code) == "owner", "nobody is shut out by another's guesses"


async def test_a_code_opens_no_panel_and_a_link_makes_no_owner(sessions: Sessions) -> None:
    member, code = await ann(sessions), await claim_code(sessions, OWNER)
    link = await panel_link(sessions, OWNER)
    for secret in (code, code.replace("-", "")):
        async with transaction(sessions) as session:
            with pytest.raises(LinkSpent):
                await signins.enter(session, secret, timedelta(days=1), NOW)
    with pytest.raises(CodeRefused):
        await claim(sessions, member, link)
    async with transaction(sessions) as session:
        assert await signins.enter(session, link, timedelta(days=1), NOW)
    assert await claim(sessions, member, code) == "owner"


async def test_codes_are_not_in_the_rows(sessions: Sessions) -> None:
    code = await claim_code(sessions, OWNER)
    async with reading(sessions) as session:
        connection = await session.connection()
        kept = (await connection.exec_driver_sql("select token_hash from login_link")).scalars().all()
    assert kept
    assert all(code.replace("-", "") not in row for row in kept)


async def test_only_an_owner_gets_codes_and_the_shell_needs_none(sqlite_sessions: Sessions) -> None:
    member = await ann(sqlite_sessions)
    with pytest.raises(NotAllowed):
        await claim_code(sqlite_sessions, member)
    with pytest.raises(CodeRefused, match="/yamabiko claim"):
        await claim(sqlite_sessions, OWNER, await claim_code(sqlite_sessions, OWNER))


def test_the_shell_says_what_to_type(yamabiko: Run) -> None:
    status, output, _ = yamabiko("claim")
    assert status == 0
    assert "/yamabiko claim " in output
    assert "within an hour" in output
