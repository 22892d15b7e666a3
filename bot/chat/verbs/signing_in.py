"""Verbs for the panel's door and for the first owner: a link for whoever asks, and who stands behind a browser's token;
a code from the shell, and the member who types it.
"""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, verb
from db import audit, members, signins
from db.members import RoleName
from db.session import Sessions, reading, transaction
from db.signins import CodeRefused
from db.words import say

AT_THE_SHELL = Actor("shell:panel", "owner")  # signed in by a link that was made beside the database


@verb("curator")
async def panel_link(session: AsyncSession, actor: Actor) -> str:
    """A one-time token that lets one browser in, as the one who asked."""
    member_id = int(actor.name.removeprefix("member:")) if actor.name.startswith("member:") else None
    return await signins.offer(session, member_id, datetime.now(UTC))


async def actor_behind(sessions: Sessions, browser: str) -> Actor | None:
    """Who a browser's token stands for, with the role of this moment; None when it is not signed in.

    The panel is open to curators and above: who is none any more is not signed in any more either.
    """
    async with reading(sessions) as session:
        found = await signins.who(session, browser, datetime.now(UTC))
        if found is None:
            return None
        if found.member_id is None:
            return AT_THE_SHELL
        role = await members.role_of(session, found.member_id)
        return Actor(f"member:{found.member_id}", role) if role != "member" else None


@verb("owner")
async def claim_code(session: AsyncSession, actor: Actor) -> str:
    """A one-time code that makes the member who types it in chat an owner."""
    return await signins.offer_code(session, datetime.now(UTC))


async def claim(sessions: Sessions, actor: Actor, code: str) -> RoleName:
    """Make the member who typed this code an owner. Raises CodeRefused.

    Open to everyone: the code is the right to it. A wrong one is kept in mind, so the transaction ends before it is
    told.
    """
    if not actor.name.startswith("member:"):
        raise CodeRefused(say("Type this in chat, as the member who shall be an owner: {line}", line=claim_line(code)))
    async with transaction(sessions) as session:
        now = datetime.now(UTC)
        good = await signins.spend_code(session, code, actor.name, now)
        if good:
            await members.set_role(session, int(actor.name.removeprefix("member:")), "owner", actor.name, now)
            audit.record(session, actor.name, "claim", {}, now)
    if not good:
        raise CodeRefused(
            say("This code is wrong, was used already, or is too old; `yamabiko claim` at the shell gives a new one.")
        )
    return "owner"


def claim_line(code: str) -> str:
    """What is typed in chat."""
    return f"/yamabiko claim {code}"
