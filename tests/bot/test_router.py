"""Who is answered, by whom, and only once: a mention becomes one row, or a sentence in private."""

import asyncio

import pytest
from sqlalchemy import func, select

from bot.chat.events import ChannelSeen
from bot.chat.replying.router import Router
from db import channels, members, personas, workspaces
from db.models import Block, Member, Persona, Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.platform import RecordingPlatform, mention


class Desk:
    """A router, and how often something waits to be answered."""

    def __init__(self, sessions: Sessions) -> None:
        self.calls = 0
        self.router = Router(sessions, self._wake)

    def _wake(self) -> None:
        self.calls += 1


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


@pytest.fixture
def router(desk: Desk) -> Router:
    return desk.router


async def found_personas(sessions: Sessions, now, *names: str) -> None:
    async with transaction(sessions) as session:
        for name in names:
            await community.persona(session, now, name=name)


async def replies(sessions: Sessions) -> list[Reply]:
    async with reading(sessions) as session:
        return list(await session.scalars(select(Reply).order_by(Reply.id)))


async def spoken_by(sessions: Sessions) -> list[str]:
    async with reading(sessions) as session:
        return [(await session.get_one(Persona, reply.persona_id)).name for reply in await replies(sessions)]


async def test_a_mention_is_kept_for_the_only_persona_and_the_worker_is_called(
    desk: Desk, sessions: Sessions, now
) -> None:
    await found_personas(sessions, now, "echo")
    platform = RecordingPlatform()
    taken = await desk.router.on_mention(platform, mention("my mail is ann@example.org"))
    (reply,) = await replies(sessions)
    assert (reply.id, reply.status, reply.attempt, desk.calls) == (taken, "queued", 0, 1)
    assert "example.org" not in reply.asked
    assert (platform.told, platform.shown) == ([], {})
    assert await spoken_by(sessions) == ["echo"]


async def test_a_redelivered_mention_is_kept_once(desk: Desk, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo")
    platform, asked = RecordingPlatform(), mention()
    taken = [await desk.router.on_mention(platform, asked) for _ in range(3)]
    assert len(await replies(sessions)) == desk.calls == 1
    assert taken[1:] == [None, None]
    assert platform.told == []


async def test_a_mention_that_comes_again_is_not_refused_after_it_was_taken(
    router: Router, sessions: Sessions, now
) -> None:
    await found_personas(sessions, now, "echo")
    platform, asked = RecordingPlatform(), mention(author="Ben")
    await router.on_mention(platform, asked)
    await blocked(sessions, now, "Ben")
    assert await router.on_mention(platform, asked) is None
    assert platform.told == []


async def test_deliveries_at_the_same_moment_are_kept_once(desk: Desk, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo")
    platform, asked = RecordingPlatform(), mention()
    await asyncio.gather(*(desk.router.on_mention(platform, asked) for _ in range(6)))
    assert len(await replies(sessions)) == desk.calls == 1
    assert platform.told == []


async def test_the_same_message_id_in_two_channels_is_two_mentions(router: Router, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo")
    platform = RecordingPlatform()
    await router.on_mention(platform, mention(id="m"))
    await router.on_mention(platform, mention(id="m", channel=ChannelSeen("C2", "random")))
    assert len(await replies(sessions)) == 2


async def blocked(sessions: Sessions, now, name: str) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now, name)
        session.add(Block(member_id=place.members[name].id, by="b", why="w", at=now))


async def test_a_blocked_member_is_told_and_nothing_is_kept(router: Router, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo")
    await blocked(sessions, now, "Ben")
    platform = RecordingPlatform()
    await router.on_mention(platform, mention(author="Ben"))
    assert platform.told == ["An admin has asked me not to answer you here."]
    assert await replies(sessions) == []
    await router.on_mention(platform, mention(author="Ann"))
    assert len(await replies(sessions)) == 1


async def test_without_a_persona_the_asker_is_told_what_an_admin_can_do(router: Router, sessions: Sessions) -> None:
    platform = RecordingPlatform()
    await router.on_mention(platform, mention())
    assert platform.told == [
        "No persona speaks here yet; an admin can make one with `yamabiko persona create` (at the shell)."
    ]
    async with reading(sessions) as session:
        assert await session.scalar(select(func.count()).select_from(Member)) == 0


async def test_of_several_personas_one_must_be_chosen(router: Router, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo", "other")
    platform = RecordingPlatform()
    await router.on_mention(platform, mention())
    assert platform.told == [
        "Several personas live here: echo, other. `/yamabiko ask persona=NAME …` asks one, "
        "`/yamabiko use NAME` lets one answer here."
    ]
    await router.on_mention(platform, mention(persona="other"))
    assert await spoken_by(sessions) == ["other"]


async def test_a_channels_own_persona_answers_there(router: Router, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo", "other")
    async with transaction(sessions) as session:
        workspace = await workspaces.ensure(session, "slack", "T1", "Harbour", now)
        channel = await channels.ensure(session, workspace, "C1", "general", now)
        channel.persona_id = (await personas.named(session, "other")).id
    platform = RecordingPlatform()
    await router.on_mention(platform, mention())
    await router.on_mention(platform, mention(persona="echo"))
    assert await spoken_by(sessions) == ["other", "echo"]


async def test_an_unknown_persona_is_told(router: Router, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo")
    platform = RecordingPlatform()
    await router.on_mention(platform, mention(persona="nobody"))
    assert platform.told == ["There is no persona 'nobody'; `/yamabiko personas` shows them."]
    assert await replies(sessions) == []


async def test_who_asks_becomes_a_member_without_any_consent(router: Router, sessions: Sessions, now) -> None:
    await found_personas(sessions, now, "echo")
    await router.on_mention(RecordingPlatform(), mention())
    async with reading(sessions) as session:
        assert (await members.named(session, "Ann")).platform_id == "Ann"
        assert await members.consenting(session, "community") == set()
        assert (await channels.named(session, "general")).state == "closed"


@pytest.mark.parametrize("said", ["help", "Help!", "？", " ヘルプ "])
async def test_who_asks_for_help_is_told_of_the_command_and_no_model_is_asked(
    desk: Desk, sessions: Sessions, now, said: str
) -> None:
    await found_personas(sessions, now, "echo")
    platform = RecordingPlatform()
    await desk.router.on_mention(platform, mention(said))
    assert platform.told == ["Ask me anything and I answer; `/yamabiko help` shows what else I can do."]
    assert (await replies(sessions), desk.calls) == ([], 0)
