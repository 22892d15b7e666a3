"""A deleted reply goes from where it was shown, also when it was half shown, and when the network is away."""

import asyncio
from datetime import timedelta

import pytest

from bot.chat.platform import NotShown
from bot.chat.replying.removing import remove_deleted
from db import replies
from db.models import Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.platform import RecordingPlatform


@pytest.fixture
async def deleting(sqlite_sessions: Sessions, now) -> Sessions:
    """Reply 1 was shown, and its row says so; reply 2 died in the middle of it."""
    async with transaction(sqlite_sessions) as session:
        place = await community.found(session, now)
        persona = await community.persona(session, now)
        lease = now + timedelta(seconds=30)
        for number, (status, ref) in enumerate((("done", "shown:reply-1"), ("answering", None)), start=1):
            row = place.asked(persona, number, now, status=status, shown_ref=ref, lease_until=lease)
            session.add(row)
            await session.flush()
            await replies.erase(session, row)
    return sqlite_sessions


async def statuses(sessions: Sessions) -> list[str]:
    async with reading(sessions) as session:
        return [(await session.get_one(Reply, number)).status for number in (1, 2)]


@pytest.fixture
def platform() -> RecordingPlatform:
    platform = RecordingPlatform()
    platform.shown = {"reply-1": "hi", "reply-2": "half an", "reply-3": "another's"}
    return platform


async def test_what_was_shown_is_found_and_taken_away(deleting: Sessions, platform: RecordingPlatform) -> None:
    await remove_deleted(deleting, {"slack": platform}, 5)
    assert platform.shown == {"reply-3": "another's"}
    assert await statuses(deleting) == ["deleted", "deleted"]
    await remove_deleted(deleting, {"slack": platform}, 5)
    assert platform.removed == ["shown:reply-1", "shown:reply-2"]


async def test_a_network_that_fails_is_asked_again(deleting: Sessions, platform: RecordingPlatform) -> None:
    platform.fails = ConnectionError("the network is away")
    await remove_deleted(deleting, {"slack": platform}, 5)
    assert await statuses(deleting) == ["deleting", "deleted"]
    await remove_deleted(deleting, {"slack": platform}, 5)
    assert await statuses(deleting) == ["deleted", "deleted"]
    assert platform.shown == {"reply-3": "another's"}


async def test_a_network_that_is_not_connected_is_not_asked_every_second(
    deleting: Sessions, platform: RecordingPlatform
) -> None:
    platform.connected = lambda: False
    platform.fails = ConnectionError("the token was revoked")
    await remove_deleted(deleting, {"slack": platform}, 5)
    assert await statuses(deleting) == ["deleting", "deleting"]
    assert platform.fails is not None
    platform.fails, platform.connected = None, lambda: True
    await remove_deleted(deleting, {"slack": platform}, 5)
    assert await statuses(deleting) == ["deleted", "deleted"]


async def test_what_can_be_reached_no_more_counts_as_gone(deleting: Sessions, platform: RecordingPlatform) -> None:
    platform.fails = NotShown("The channel is gone.")
    await remove_deleted(deleting, {"slack": platform}, 5)
    assert await statuses(deleting) == ["deleted", "deleted"]


async def test_other_networks_are_left_alone(deleting: Sessions, platform: RecordingPlatform) -> None:
    await remove_deleted(deleting, {"discord": platform}, 5)
    assert await statuses(deleting) == ["deleting", "deleting"]
    assert platform.removed == []


async def test_one_that_hangs_keeps_no_other_waiting(deleting: Sessions) -> None:
    class Hanging(RecordingPlatform):
        async def remove(self, to, ref):
            if ref == "shown:reply-1":
                await asyncio.Event().wait()
            await super().remove(to, ref)

    platform = Hanging()
    platform.shown = {"reply-1": "hi", "reply-2": "half an"}
    await remove_deleted(deleting, {"slack": platform}, 0.2)
    assert await statuses(deleting) == ["deleting", "deleted"]
