"""Who may do what: the decorators under every verb and query.

Owns roles at work and the audit of verbs. Knows no single verb.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.members import ROLES, RoleName
from db.session import Sessions, reading, transaction
from db.words import say

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `name` is what audit rows and notices keep: "shell:USER" or "member:ROW ID"."""

    name: str
    role: RoleName


class NotAllowed(Exception):
    """The actor's role does not reach for this verb; `needed` is the least that does, where roles decide."""

    def __init__(self, why: str, needed: RoleName | None = None) -> None:
        super().__init__(why)
        self.needed: RoleName | None = needed


Inside = Callable[Concatenate[AsyncSession, Actor, P], Awaitable[R]]
Outside = Callable[Concatenate[Sessions, Actor, P], Awaitable[R]]


def verb(role: RoleName, *subject: str) -> Callable[[Inside[P, R]], Outside[P, R]]:
    """A change, allowed from `role` up: one transaction, audited with the arguments named in `subject`."""

    def wrap(function: Inside[P, R]) -> Outside[P, R]:
        signature = inspect.signature(function)

        @wraps(function)
        async def authorised(sessions: Sessions, actor: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
            authorise(actor, role, function.__name__)
            async with transaction(sessions) as session:
                result = await function(session, actor, *args, **kwargs)
                if role != "member":
                    given: dict[str, Any] = signature.bind(session, actor, *args, **kwargs).arguments
                    about = {name: given[name] for name in subject if name in given}
                    audit.record(session, actor.name, function.__name__, about, datetime.now(UTC))
                return result

        return authorised  # type: ignore[return-value]  # wraps() hides the changed first parameter

    return wrap


def query(role: RoleName) -> Callable[[Inside[P, R]], Outside[P, R]]:
    """A look, allowed from `role` up, that cannot change anything."""

    def wrap(function: Inside[P, R]) -> Outside[P, R]:
        @wraps(function)
        async def authorised(sessions: Sessions, actor: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
            authorise(actor, role, function.__name__)
            async with reading(sessions) as session:
                return await function(session, actor, *args, **kwargs)

        return authorised  # type: ignore[return-value]  # as above

    return wrap


def authorise(actor: Actor, needed: RoleName, what: str) -> None:
    """Raises NotAllowed. For what is more than one transaction; the others are decorated."""
    if ROLES.index(actor.role) < ROLES.index(needed):
        what = what.replace("_", " ")
        raise NotAllowed(
            say(
                "Only {needed} may do this ({what}); you are {role}.",
                needed=a_role(needed),
                what=what,
                role=a_role(actor.role),
            ),
            needed,
        )


def a_role(role: RoleName) -> str:
    """Someone of this role."""
    match role:
        case "owner":
            return say("an owner")
        case "admin":
            return say("an admin")
        case "curator":
            return say("a curator")
        case "member":
            return say("a member")
