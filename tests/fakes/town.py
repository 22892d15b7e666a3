"""A town that talks, and the datasets built from its talk.

Owns who says what to whom, and who agreed. Knows no model.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from db import members, personas
from db.models import Channel, Message, MessageRevision, Persona
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.community import Community
from trainer import dataset
from trainer.curate import Rules
from trainer.dataset import Built

RULES = Rules(min_characters=1)
LATER = timedelta(hours=2)  # another conversation


class Town:
    """Ann and Dan, who agreed, have talked twice; Ben has agreed to nothing and said nothing yet."""

    def __init__(self, sessions: Sessions, now: datetime, here: Community, persona: Persona) -> None:
        self.sessions, self.now, self.here, self.persona = sessions, now, here, persona

    @classmethod
    async def found(cls, sessions: Sessions, now: datetime) -> "Town":
        async with transaction(sessions) as session:
            here = await community.found(session, now, "Ann", "Ben", "Dan")
            persona = await community.persona(session, now, here.channel)
        town = cls(sessions, now, here, persona)
        await town.answers("Ann", True)
        await town.answers("Dan", True)
        await town.says(("Ann", "where is the boat?"), ("Dan", "in the harbour"))
        await town.says(("Ann", "is it raining?"), ("Dan", "since noon"))
        return town

    async def says(self, *lines: tuple[str, str], **options: Any) -> None:
        """In a conversation of its own, later than all before."""
        self.now += LATER
        async with transaction(self.sessions) as session:
            await self.here.says(session, self.now, *lines, **options)

    async def answers(self, name: str, yes: bool, purpose: members.Purpose = "community") -> None:
        async with transaction(self.sessions) as session:
            ids = [self.here.members[name].id]
            await members.answer(session, ids, purpose, yes, "asked", "test", self.now)

    async def changes(self, text: str, **values: Any) -> None:
        """The message that says `text`."""
        async with transaction(self.sessions) as session:
            found = select(MessageRevision.message_id).where(MessageRevision.text == text).scalar_subquery()
            await session.execute(update(Message).where(Message.id == found).values(**values))

    async def opens(self, **values: Any) -> None:
        async with transaction(self.sessions) as session:
            await session.execute(update(Channel).where(Channel.id == self.here.channel.id).values(**values))

    async def speaks_as(self, *names: str) -> None:
        async with transaction(self.sessions) as session:
            self.persona = await personas.named(session, "echo")
            await personas.set_voices(session, self.persona, [self.here.members[name].id for name in names])

    async def builds(self, newest: int | None = None, min_targets: int = 1) -> Built:
        return await dataset.build(self.sessions, self.persona, RULES, newest=newest, min_targets=min_targets)


def replies(built: Built) -> set[str]:
    """The last turn of each example, which the model learns to say."""
    return {example.content["turns"][-1]["content"] for example in built.examples}
