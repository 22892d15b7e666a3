"""How often Slack is called."""

import asyncio

import pytest

from bot.platforms.slack.pace import A_MINUTE, Pace, asked_to_wait
from bot.platforms.slack.streams import GROWING, STREAMS, Streams


class Time:
    """A clock that sleeping pushes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(asyncio, "sleep", self.sleep)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


async def test_no_method_is_called_more_often_within_any_minute_than_slack_allows(time: Time) -> None:
    pace, calls = Pace(clock=time), []
    for _ in range(100):
        await pace.turn("chat.startStream")
        calls.append(time())
    allowed = A_MINUTE["chat.startStream"]
    assert all(later - earlier >= 60 for earlier, later in zip(calls, calls[allowed:], strict=False))
    assert calls[allowed - 1] == 1000.0, "as many as are allowed go at once"


async def test_a_turn_is_taken_only_while_there_is_one(time: Time) -> None:
    pace = Pace(clock=time)
    assert [pace.take("chat.startStream") for _ in range(20)] == [True] * 18 + [False] * 2
    assert not pace.has_room("chat.startStream")
    time.now += 61
    assert pace.has_room("chat.startStream", spare=17)
    assert not pace.has_room("chat.startStream", spare=18)


async def test_a_channel_takes_a_post_a_second_and_others_do_not_wait_for_it(time: Time) -> None:
    pace = Pace(clock=time)
    for _ in range(4):
        await pace.post("C1")
    assert time() == 1003.0
    assert not pace.may_post("C1")
    assert pace.may_post("C2")
    await pace.post("C2")
    assert time() == 1003.0


async def test_a_method_that_slack_asks_to_spare_rests(time: Time) -> None:
    pace = Pace(clock=time)
    pace.hold("chat.update", 30)
    assert not pace.take("chat.update")
    assert pace.take("chat.delete")
    await pace.turn("chat.update")
    assert time() == 1030.0


def test_a_wait_is_read_whatever_stands_there() -> None:
    assert asked_to_wait({"Retry-After": "7"}) == 7
    assert asked_to_wait({"retry-after": "soon"}) == 1
    assert asked_to_wait({}) == 1


async def test_few_replies_are_streamed_and_many_wait_until_they_are_whole(time: Time) -> None:
    pace = Pace(clock=time)
    streams = Streams(pace, clock=time)
    shown = [streams.showing() for _ in range(GROWING + 1)]
    for number, one in enumerate(shown, 1):
        one.__enter__()
        assert streams.crowded == (number > GROWING)
        assert streams.may_start() == (number <= STREAMS)


async def test_streams_rest_after_slack_would_not_have_one(time: Time) -> None:
    streams = Streams(Pace(clock=time), clock=time)
    streams.turned_off()
    assert not streams.may_start()
    time.now += 601
    assert streams.may_start()


async def test_what_a_crash_left_is_adopted_by_one_reply_and_never_what_is_in_hand() -> None:
    streams = Streams(Pace())
    streams.hold("C1", "2")
    assert await streams.adopted("C1", "t", ["1", "2", "3"], "reply-1", {"1"}) == "3"
    assert await streams.adopted("C1", "t", ["1", "2", "3"], "reply-2", {"1"}) is None
    assert await streams.adopted("C1", "t", ["1", "2", "3"], "reply-1", {"1"}) == "3", "and it stays with that one"
    streams.let_go("C1", "2")
    assert await streams.adopted("C1", "t", ["1", "2", "3"], "reply-2", {"1"}) == "2"


async def test_a_stream_that_is_asked_for_is_known_before_any_is_adopted() -> None:
    streams = Streams(Pace())
    with streams.starting("C1", "t"):
        choosing = asyncio.create_task(streams.adopted("C1", "t", ["1"], "reply-2", ()))
        await asyncio.sleep(0)
        assert not choosing.done()
        streams.hold("C1", "1")
    assert await choosing is None
