"""One-time secrets: links that let a browser into the panel, codes that make a member an owner.

Owns secrets' hashes and lifetimes; a secret itself is never kept, and each serves its own purpose alone. Knows no web
and no network.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.models import Audit, LoginLink, WebSession
from db.names import plain
from db.words import say

LINK = timedelta(hours=1)
CODE = timedelta(hours=1)
WRONG_CODES = 5  # that one member may type within the lifetime of a code
WRONG_CODE = "wrong_claim"  # as the audit calls it

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another, none that makes words
_LENGTH = 8  # 30 to the eighth: far more than can be tried within an hour


class LinkSpent(Exception):
    """This link was used already or is too old; ask for a new one."""


class CodeRefused(Exception):
    """This code makes nobody an owner; the message says why."""


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
    link = await _spent(session, token, "panel", now)
    if link is None:
        raise LinkSpent(say("This link was used already or is too old; `yamabiko panel-link` gives a new one."))
    browser = secrets.token_urlsafe(32)
    await session.execute(delete(WebSession).where(WebSession.expires_at < now))
    session.add(
        WebSession(token_hash=_hash(browser), member_id=link.member_id, created_at=now, expires_at=now + lifetime)
    )
    await session.flush()
    return browser


async def offer_code(session: AsyncSession, now: datetime) -> str:
    """A new code that makes who types it an owner, once, as it is shown to people."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    await session.execute(delete(LoginLink).where(LoginLink.expires_at < now))
    session.add(LoginLink(token_hash=_hash(code), purpose="claim", expires_at=now + CODE))
    await session.flush()
    return f"{code[:4]}-{code[4:]}"


async def spend_code(session: AsyncSession, code: str, by: str, now: datetime) -> bool:
    """Whether the code was good; it is spent then. One that was not is kept in mind. Raises CodeRefused after too many.

    `by` is the actor's name.
    """
    wrong = select(func.count()).where(Audit.actor == by, Audit.verb == WRONG_CODE, Audit.at > now - CODE)
    if (await session.scalar(wrong) or 0) >= WRONG_CODES:
        raise CodeRefused(say("You typed too many codes that were wrong; try again in an hour."))
    typed = "".join(letter for letter in plain(code).upper() if letter.isalnum())
    if await _spent(session, typed, "claim", now) is not None:
        return True
    audit.record(session, by, WRONG_CODE, {}, now)
    return False


async def _spent(session: AsyncSession, token: str, purpose: str, now: datetime) -> LoginLink | None:
    """One statement: of two who come with the same secret, one gets in."""
    fresh = LoginLink.used_at.is_(None) & (LoginLink.expires_at >= now)
    unspent = (LoginLink.token_hash == _hash(token)) & (LoginLink.purpose == purpose) & fresh
    taken = await session.scalars(update(LoginLink).where(unspent).values(used_at=now).returning(LoginLink))
    return taken.first()


async def who(session: AsyncSession, browser: str, now: datetime) -> SignedIn | None:
    """Whose browser this is; None when it is not signed in (any more)."""
    found = await session.scalar(
        select(WebSession).where(WebSession.token_hash == _hash(browser), WebSession.expires_at >= now)
    )
    return SignedIn(found.member_id) if found is not None else None


async def leave(session: AsyncSession, browser: str) -> None:
    await session.execute(delete(WebSession).where(WebSession.token_hash == _hash(browser)))


def _hash(token: str) -> str:
    # Of 256 random bits, or of a code that is worth nothing after an hour: no salt, nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()
