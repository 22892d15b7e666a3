"""Signing in to the panel: one-time links, and the browsers they let in.

Owns tokens' hashes and lifetimes; a token itself is never kept. Knows no web.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import LoginLink, WebSession
from db.words import say

LINK = timedelta(hours=1)


class LinkSpent(Exception):
    """This link was used already or is too old; ask for a new one."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a browser belongs to: a member's row, or None for whoever sits at the shell."""

    member_id: int | None


async def offer(session: AsyncSession, member_id: int | None, now: datetime) -> str:
    """A new one-time token; links that have lapsed are swept away."""
    token = secrets.token_urlsafe(32)
    await session.execute(delete(LoginLink).where(LoginLink.expires_at < now))
    session.add(LoginLink(token_hash=_hash(token), member_id=member_id, expires_at=now + LINK))
    await session.flush()
    return token


async def enter(session: AsyncSession, token: str, lifetime: timedelta, now: datetime) -> str:
    """Spend a one-time token; the browser's own token, good for `lifetime`. Raises LinkSpent."""
    unspent = (LoginLink.token_hash == _hash(token)) & LoginLink.used_at.is_(None) & (LoginLink.expires_at >= now)
    # One statement: of two browsers that come with the same link, one gets in.
    taken = await session.scalars(update(LoginLink).where(unspent).values(used_at=now).returning(LoginLink))
    link = taken.first()
    if link is None:
        raise LinkSpent(say("This link was used already or is too old; `yamabiko panel-link` gives a new one."))
    browser = secrets.token_urlsafe(32)
    await session.execute(delete(WebSession).where(WebSession.expires_at < now))
    session.add(
        WebSession(token_hash=_hash(browser), member_id=link.member_id, created_at=now, expires_at=now + lifetime)
    )
    await session.flush()
    return browser


async def who(session: AsyncSession, browser: str, now: datetime) -> SignedIn | None:
    """Whose browser this is; None when it is not signed in (any more)."""
    found = await session.scalar(
        select(WebSession).where(WebSession.token_hash == _hash(browser), WebSession.expires_at >= now)
    )
    return SignedIn(found.member_id) if found is not None else None


async def leave(session: AsyncSession, browser: str) -> None:
    await session.execute(delete(WebSession).where(WebSession.token_hash == _hash(browser)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()  # of 256 random bits: no salt, nothing to guess
