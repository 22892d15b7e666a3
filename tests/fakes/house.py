"""A small community whose members open their own page.

Owns its rows and looking at the page as one of them. Knows no network.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.chat.cards import Card
from bot.chat.commands.asked import Around, Call
from bot.chat.desk import Desk
from bot.chat.events import MemberSeen, WorkspaceSeen
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
from db import channels, members, personas, runs
from db.members import RoleName
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.cards import rendered
from tests.fakes.engine import ScriptedEngine, weightless


class House:
    """Harbour, where Ann has written and asked, Ben has a role, and the persona echo learns from #general."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        async def open_engine(base: str) -> ScriptedEngine:
            return ScriptedEngine()

        self.sessions = sessions
        self.live = LiveAdapters(sessions, Engines(weightless, open_engine), folder)
        self.desk = Desk(Around(sessions, self.live))

    async def page(self, who: str = "Ann", **member) -> Card:
        return await self.desk.home(Call(WorkspaceSeen("slack", "T1", "Harbour"), MemberSeen(who, who, **member)))

    async def said(self, who: str = "Ann", **member) -> str:
        return rendered(await self.page(who, **member))

    async def makes(self, name: str, role: RoleName) -> None:
        async with transaction(self.sessions) as session:
            member = await members.named(session, name)
            await members.set_role(session, member.id, role, "test", datetime.now(UTC))

    async def trains(self, step: int = 0, phase: str = "training") -> int:
        """A run under way."""
        now = datetime.now(UTC)
        async with transaction(self.sessions) as session:
            persona = await personas.named(session, "echo")
            await runs.enqueue(session, persona, kind="train", by="member:1", note="", settings={}, now=now)
            run = await runs.claim(session, "trainer", now)
            assert run is not None
            await runs.renew(session, run, now, phase)
            facts = {"step": step, "steps": 200, "loss": 3.214, "tokens_per_second": 5.0, "seconds_left": 130.0}
            runs.add_point(session, run, facts, now)
        return run.id

    async def candidate(self, **changed) -> int:
        async with transaction(self.sessions) as session:
            persona = await personas.named(session, "echo")
            return (await community.candidate(session, persona, datetime.now(UTC), **changed)).number


async def furnished(sessions: Sessions, now: datetime) -> None:
    """The rows: Ann wrote two messages and asked twice, once without an answer yet; #board is open for context."""
    async with transaction(sessions) as session:
        place = await community.found(session, now, "Ann", "Ben")
        persona = await community.persona(session, now, place.channel)
        await place.says(session, now, ("Ann", "good morning"), ("Ann", "the ferry is late"))
        hidden = await channels.ensure(session, place.workspace, "C9", "board", now)
        hidden.state = "context"
        lately = datetime.now(UTC) - timedelta(minutes=3)
        for number, status in enumerate(("done", "queued"), 1):
            session.add(place.asked(persona, number, lately, status=status))
