"""A desk in a small community, and members who stand before it.

Owns who calls from where. Knows no network.
"""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.chat.cards import Answer, Card, Growing
from bot.chat.commands.asked import Around, Call
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, MemberSeen, Posted, WorkspaceSeen
from bot.chat.replying.blocklist import Blocklist
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
from db import members
from db.models import Adapter, Persona
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.cards import buttons, rendered
from tests.fakes.community import Community
from tests.fakes.engine import ScriptedEngine, weightless

GENERAL = ChannelSeen("C1", "general")
DIRECT = ChannelSeen("D1", "", direct=True)


class Counter:
    """A desk; Ann is the owner, Ada an admin, Cleo a curator, Ben and Ema are members."""

    def __init__(self, sessions: Sessions, folder: Path, here: Community, persona: Persona, **around: Any) -> None:
        self.sessions, self.folder, self.here, self.persona = sessions, folder, here, persona
        self.engine = ScriptedEngine(otherwise=lambda request: f"{request.adapter}: {request.turns[-1]['content']}")
        self.live = LiveAdapters(sessions, Engines(weightless, self._open), folder)
        self.desk = Desk(Around(sessions, self.live, **{"blocked": Blocklist(["grog"]), **around}))

    async def _open(self, base: str) -> ScriptedEngine:
        return self.engine

    async def types(self, who: str, line: str, channel: ChannelSeen | None = GENERAL, **seen: Any) -> Answer | None:
        return await self.desk.line(self.call(who, channel, **seen), line)

    async def reads(self, who: str, line: str, channel: ChannelSeen | None = GENERAL, **seen: Any) -> str:
        """What a typed command shows, all cards of one that grows one after another."""
        return await shown(await self.types(who, line, channel, **seen))

    async def presses(self, who: str, press: str, value: str = "", channel: ChannelSeen | None = GENERAL) -> str:
        return await shown(await self.desk.press(self.call(who, channel), press, value))

    async def fills(self, who: str, form: str, value: str = "", **given: str) -> str:
        return await shown(await self.desk.submit(self.call(who), form, value, given))

    def call(self, who: str, channel: ChannelSeen | None = GENERAL, **seen: Any) -> Call:
        message: Posted | None = seen.pop("message", None)
        call = Call(WorkspaceSeen("slack", "T1", "Harbour"), MemberSeen(who, who, **seen), channel)
        return replace(call, message=message)

    async def labels(self, who: str, line: str) -> list[str]:
        return [button.label for button in buttons(await self.types(who, line))]

    async def learned(self, now: datetime, **changed: Any) -> Adapter:
        """A candidate of the persona, with its files."""
        facts = {"sha256": hashlib.sha256(b"w").hexdigest(), "figures": FIGURES, **changed}
        async with transaction(self.sessions) as session:
            adapter = await community.candidate(session, self.persona, now, **facts)
        folder = self.folder / adapter.folder
        folder.mkdir(parents=True)
        (folder / "adapter_config.json").write_text("{}")
        (folder / "adapter_model.safetensors").write_bytes(b"w")
        return adapter


FIGURES = {"base": {"loss": 4.7}, "candidate": {"loss": 3.25}}


async def shown(answer: Answer | None) -> str:
    if isinstance(answer, Growing):
        return "\n==\n".join([rendered(card) async for card in answer.cards])
    assert answer is None or not isinstance(answer, Card) or answer.private, "what commands tell is private"
    return rendered(answer)


@asynccontextmanager
async def standing(sessions: Sessions, folder: Path, now: datetime, **around: Any) -> AsyncGenerator[Counter]:
    async with transaction(sessions) as session:
        here = await community.found(session, now, "Ann", "Ada", "Cleo", "Ben", "Ema")
        persona = await community.persona(session, now, here.channel)
        for name, role in (("Ann", "owner"), ("Ada", "admin"), ("Cleo", "curator")):
            await members.set_role(session, here.members[name].id, role, "test", now)
    counter = Counter(sessions, folder, here, persona, **around)
    try:
        yield counter
    finally:
        await counter.live.aclose()
