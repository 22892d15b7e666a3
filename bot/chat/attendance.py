"""When we were last in a network, who talks to us in private there, and which of us takes what all are told.

A network that tells no new connection what happened before is looked through from then on; one that tells every
process of ours the same is heard by one of them. Owns what is asked of the rows for that. Knows no network.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError

from db import cursors, mentions, taken
from db.session import Sessions, reading, transaction

log = structlog.get_logger()

TAKEN_S = 0.8  # for the rows to say who takes something: networks wait for seconds only
DIRECTS = 50  # conversations in private that are looked through, the latest first
SLACK = timedelta(seconds=30)  # what was heard last is noted now and then, and may not have been kept


@dataclass(frozen=True, slots=True)
class Attendance:
    """`patience` is how old a question may be that is still answered, `reach` how old a conversation."""

    sessions: Sessions
    network: str
    patience: timedelta = timedelta(minutes=15)
    reach: timedelta = timedelta(days=30)

    async def since(self, heard: datetime | None = None) -> datetime:
        """From when on questions are to be looked for; `heard` is when we last listened, where that is known."""
        earliest = datetime.now(UTC) - self.patience
        if heard is None:
            heard = await self.noted()
        return earliest if heard is None else max(earliest, heard - SLACK)

    async def noted(self) -> datetime | None:
        """When we were last there, as far as that was noted."""
        async with reading(self.sessions) as session:
            noted = await cursors.position(session, f"heard:{self.network}")
        return datetime.fromisoformat(noted) if noted else None

    async def note(self) -> None:
        """We are there now."""
        now = datetime.now(UTC)
        async with transaction(self.sessions) as session:
            await cursors.advance(session, f"heard:{self.network}", now.isoformat(), now)

    async def directs(self) -> Sequence[str]:
        """The direct messages in which anyone asked lately, by the network's ids."""
        async with reading(self.sessions) as session:
            return await mentions.directs(session, self.network, datetime.now(UTC) - self.reach, DIRECTS)

    async def takes(self, event: str) -> bool:
        """Whether it is ours to answer, and no other process's with the same rows. Where the rows do not say it in
        time, it is: twice is better than never.
        """
        try:
            async with asyncio.timeout(TAKEN_S), transaction(self.sessions) as session:
                return await taken.take(session, self.network, event, datetime.now(UTC))
        except IntegrityError:
            return False
        except Exception as error:
            log.info("whether something is ours to answer is not known", why=repr(error))
            return True
