"""Verbs for the panel's door: a link for whoever asks, and who stands behind a browser's token."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, verb
from db import members, signins
from db.session import Sessions, reading

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
