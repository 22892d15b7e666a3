"""A small community's rows, for tests that need some."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db import adapters, channels, datasets, members, messages, personas, runs, workspaces
from db.messages import NewMessage
from db.models import Adapter, Channel, Member, Persona, Reply, Workspace
from db.models.text import Provenance


@dataclass
class Community:
    workspace: Workspace
    channel: Channel
    members: dict[str, Member]

    async def says(
        self,
        session: AsyncSession,
        now: datetime,
        *lines: tuple[str, str],
        provenance: Provenance = "slack_export",
    ) -> None:
        """`(name, text)` pairs, a minute apart."""
        batch = [
            NewMessage(
                platform_id=f"{now.timestamp() + 60 * place:.6f}",
                member_id=self.members[name].id,
                at=now + timedelta(minutes=place),
                text=text,
            )
            for place, (name, text) in enumerate(lines)
        ]
        await messages.store(session, self.channel, batch, provenance, now)

    def asked(self, persona: Persona, number: int, now: datetime, **changed: Any) -> Reply:
        """The row of Ann's question, the message `m<number>`, to be added."""
        values: dict[str, Any] = {
            "channel_id": self.channel.id,
            "persona_id": persona.id,
            "asker_id": self.members["Ann"].id,
            "platform_message_id": f"m{number}",
            "asked": "hello",
            "created_at": now,
        }
        return Reply(**{**values, **changed})


async def found(session: AsyncSession, now: datetime, *names: str) -> Community:
    """A workspace with one channel, open for training, and members who have agreed to nothing."""
    workspace = await workspaces.ensure(session, "slack", "T1", "Harbour", now)
    channel = await channels.ensure(session, workspace, "C1", "general", now)
    channel.state = "training"
    people = await members.ensure(session, workspace, [(name, name) for name in names or ("Ann", "Ben")], now)
    return Community(workspace, channel, people)


async def persona(session: AsyncSession, now: datetime, *sources: Channel, **changed: object) -> Persona:
    values: dict[str, object] = {
        "name": "echo",
        "base": "tiny",
        "shape": "chat",
        "system_prompt": "You are echo.",
        "sampling": {},
        "voice": "community",
        "preset": "chat",
        "recipe": {},
        "prompts": ["Hello?"],
        "created_at": now,
    }
    row = await personas.add(session, Persona(**{**values, **changed}))
    await personas.set_sources(session, row, [channel.id for channel in sources])
    return row


async def candidate(session: AsyncSession, persona: Persona, now: datetime, **changed: Any) -> Adapter:
    """A run of the persona that ended with a candidate, as the trainer leaves it but for the files."""
    await runs.enqueue(session, persona, kind="train", by="test", note="", settings={}, now=now)
    run = await runs.claim(session, "trainer", now)
    assert run is not None
    counts = {"by_provenance": {"slack_export": 40}}
    run.dataset_id = (await datasets.record(session, persona.id, persona.shape, [], counts, now)).id
    facts: dict[str, Any] = {
        "base": persona.base,
        "folder": f"{persona.id}/run-{run.id}",
        "sha256": "0",
        "figures": {},
    }
    adapter = await adapters.add(session, run, **{**facts, **changed}, now=now)
    await runs.end(session, run, "succeeded", "", now, dataset_id=run.dataset_id)
    return adapter
