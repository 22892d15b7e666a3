"""A network that fails is tried again, ever more slowly; what is wrong is said once; and the rows tell how it does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot import doctor
from bot.chat import heartbeat, keeping
from bot.chat.heartbeat import Pulse, beating, standings
from bot.chat.keeping import Keeper, Pauses, Standing
from bot.chat.platform import NotAdmitted, NotReached
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.watching import list_networks
from db import heartbeats
from db.session import Sessions, reading, transaction
from tests.fakes.platform import mention

QUICK = Pauses(first=0.0, longest=0.0, refused=0.0)


class Network:
    """Does what a test wants at each try, and stays after the last."""

    name = "slack"
    sitting = None

    def __init__(self, *tries: Exception | Callable[[Any], Awaitable[object]]) -> None:
        self.tries, self.count, self.up = list(tries), 0, False

    def lacks(self) -> None:
        return None

    def connected(self) -> bool:
        return self.up

    async def run(self, on_event: Any) -> None:
        self.count += 1
        for what in self.tries[self.count - 1 : self.count]:
            if isinstance(what, Exception):
                raise what
            await what(on_event)
            return
        self.up = True
        await asyncio.Event().wait()


async def kept(network: Network, pauses: Pauses = QUICK, on_event: Any = None) -> SimpleNamespace:
    """What was told until the network stays."""
    told: list[str] = []
    keeper = Keeper(network, on_event, told.append, pauses)  # type: ignore[arg-type]
    task = asyncio.create_task(keeper.keep())
    async with asyncio.timeout(10):
        while not network.up:  # noqa: ASYNC110
            await asyncio.sleep(0)
    standing = keeper.standing()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return SimpleNamespace(told=told, standing=standing)


async def test_a_network_that_fails_is_tried_again_until_it_stays() -> None:
    network = Network(NotReached("away"), OSError("gone"), NotReached("away"))
    found = await kept(network)
    assert network.count == 4
    assert found.told == ["Slack: away", "Slack: it failed (OSError)", "Slack: away", "Slack: connected"]
    assert found.standing.trouble is None
    assert found.standing.since is not None


async def test_the_same_trouble_is_told_and_logged_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = await kept(Network(*[ValueError("x")] * 5))
    assert found.told == ["Slack: it failed (ValueError)", "Slack: connected"]
    printed = capsys.readouterr()
    assert (printed.out + printed.err).count("Traceback") == 1


async def test_pauses_grow_up_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = await pauses_of(monkeypatch, Network(*[NotReached("away")] * 8), Pauses(first=1, longest=10))
    assert [round(one) for one in slept[:3]] == [1, 2, 4]
    assert all(8 <= one <= 12 for one in slept[4:])


async def test_a_refusal_that_a_person_must_mend_is_not_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await pauses_of(monkeypatch, Network(*[NotAdmitted("revoked")] * 2), Pauses(refused=300)) == [300, 300]


async def pauses_of(monkeypatch: pytest.MonkeyPatch, network: Network, pauses: Pauses) -> list[float]:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noting(seconds: float) -> None:
        if seconds:
            slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("bot.chat.keeping.random", SimpleNamespace(uniform=lambda low, high: 1.0))
    monkeypatch.setattr(asyncio, "sleep", noting)
    await kept(network, pauses)
    return slept


async def test_a_network_that_ends_is_begun_anew() -> None:
    async def ends(on_event: Any) -> None:
        return None

    assert (await kept(Network(ends))).told[0] == "Slack: it ended by itself"


async def test_what_comes_is_handed_on_and_its_time_kept() -> None:
    events: list[object] = []

    async def on_event(event: object) -> None:
        events.append(event)

    async def mentioned(heard: Any) -> None:
        await heard(mention())

    found = await kept(Network(mentioned), on_event=on_event)
    assert len(events) == 1
    assert list(found.standing.heard) == ["mention"]


async def test_the_row_tells_how_networks_do_while_the_bot_lives(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    standing = Standing("slack", now, None, {"thumb": now})
    async with beating(sessions, "host:1", lambda: Pulse([standing], {"echo": "damaged"})):
        async with asyncio.timeout(10):
            while not (found := await list_networks(sessions, Actor("member:1", "member"))):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert found == [standing]
        async with reading(sessions) as session:
            assert (await heartbeats.alive(session, "bot", now))[0].state["errors"] == {"echo": "damaged"}
    assert await list_networks(sessions, Actor("member:1", "member")) == []
    async with reading(sessions) as session:
        assert await standings(session, now) is None


async def test_a_heartbeat_that_fails_is_not_the_end(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "EVERY_S", 0.0)
    broken = iter([True])

    def pulse() -> Pulse:
        if next(broken, False):
            raise RuntimeError
        return Pulse([], {})

    async with beating(sessions, "host:1", pulse):
        async with asyncio.timeout(10):
            found = None
            while found is None:
                async with reading(sessions) as session:
                    found = await standings(session, datetime.now(UTC))
    assert found == []


async def test_a_connection_that_is_gone_for_a_while_is_told_and_so_is_its_return(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "LOOK_S", 0.001)
    monkeypatch.setattr(keeping, "GONE_S", 0.003)
    network, told = Network(), []
    keeper = Keeper(network, None, told.append, QUICK)  # type: ignore[arg-type]
    watching = asyncio.create_task(keeper.watch())
    for up in (True, False, True):
        network.up, count = up, len(told)
        async with asyncio.timeout(10):
            while len(told) == count:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    watching.cancel()
    assert told == ["Slack: connected", "Slack: not connected; it is tried again", "Slack: connected"]


@pytest.mark.parametrize(
    ("standing", "ok", "told"),
    [
        (Standing("slack", trouble="The bot's token was revoked."), False, "revoked"),
        (Standing("slack"), True, "not connected"),
        (Standing("slack", datetime.now(UTC)), True, "connected since"),
        (Standing("slack", datetime.now(UTC), None, {"thumb": datetime.now(UTC)}), True, "came last: thumb"),
    ],
)
async def test_the_doctor_tells_what_a_living_bot_says(
    tmp_path, monkeypatch: pytest.MonkeyPatch, standing: Standing, ok: bool, told: str
) -> None:
    finding = doctor._network(standing)
    assert (finding.what, finding.ok) == ("bot in Slack", ok)
    assert told in finding.detail


async def test_a_bot_that_died_tells_nothing_any_more(sessions: Sessions) -> None:
    now = datetime.now(UTC)
    async with transaction(sessions) as session:
        state = {"networks": [{"network": "slack", "since": None, "trouble": None, "heard": {}}], "errors": {}}
        await heartbeats.beat(session, "bot", "host:1", state, now - timedelta(minutes=1))
    async with reading(sessions) as session:
        assert await standings(session, now) is None
